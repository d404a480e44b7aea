import { expect, it } from "vitest";
import type { BackendInfo, KeySource } from "~/ipc";
import { keyHint } from "./key-hint";

function backend(key: KeySource | null): BackendInfo {
  return { key, key_variable: "HF_TOKEN", is_custom: false, needs_key: true } as BackendInfo;
}

it("a key of the environment is in use, and one that is saved counts until the next start", () => {
  const hint = keyHint(backend("environment"), true);
  expect(hint).toContain("The key in use is that of the variable HF_TOKEN");
  expect(hint).toContain("While HF_TOKEN is set, its key counts again at the next start");
  expect(keyHint(backend("environment"), false)).not.toContain("keyring");
});

it("a key that is saved is kept, and what would count before it is said", () => {
  for (const key of [null, "keyring"] as const) {
    const hint = keyHint(backend(key), true);
    expect(hint).toMatch(/^Kept in the system's keyring/);
    expect(hint).toContain("If HF_TOKEN is set when Braincells starts");
  }
  expect(keyHint(backend(null), false)).not.toContain("HF_TOKEN");
  const own = { ...backend(null), is_custom: true, needs_key: false };
  expect(keyHint(own, true)).toMatch(/^Only where the server asks for one\. Kept/);
});
