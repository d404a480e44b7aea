import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Settings } from "~/ipc";
import { Failure, ipc } from "~/ipc";
import type { AppState } from "~/state/app";
import { apply, follow, type Marks, withEngine } from "./apply";

vi.mock("~/ipc", async (original) => ({
  ...(await original<typeof import("~/ipc")>()),
  ipc: { settings: vi.fn(), setSettings: vi.fn() },
}));

const settings: Settings = {
  theme: "system",
  language: "en",
  model: "",
  backends: {},
  engine: { parallel_rows: 4 },
  unload_after_minutes: 15,
  local_only: false,
  notify_after_seconds: 60,
};

function newApp(): AppState {
  return { settings } as AppState;
}

/** What the Rust side has. */
let stored: Settings;
beforeEach(() => {
  stored = settings;
  vi.mocked(ipc.settings).mockImplementation(async () => structuredClone(stored));
  vi.mocked(ipc.setSettings).mockImplementation(async (changed) => {
    stored = changed;
    return changed;
  });
});

describe("a change of the settings", () => {
  it("counts at once and is marked at its field", async () => {
    const app = newApp();
    const marks: Marks = {};
    await apply(app, marks, "theme", (now) => ({ ...now, theme: "dark" }));
    expect(app.settings.theme).toBe("dark");
    expect(marks.theme).toEqual({ kind: "applied" });
  });

  it("never loses another one that was asked for meanwhile", async () => {
    const app = newApp();
    await Promise.all([
      apply(app, {}, "theme", (now) => ({ ...now, theme: "light" })),
      apply(app, {}, "lock", (now) => ({ ...now, local_only: true })),
      apply(app, {}, "threads", (now) => withEngine(now, { threads: 2 })),
    ]);
    expect(app.settings).toMatchObject({
      theme: "light",
      local_only: true,
      engine: { parallel_rows: 4, threads: 2 },
    });
  });

  it("is told at its field when it is refused, and later ones go on", async () => {
    const refusal = new Failure({ code: "bad_input", message: "too many", hint: "take fewer" });
    vi.mocked(ipc.setSettings).mockRejectedValueOnce(refusal);
    const app = newApp();
    const marks: Marks = {};
    await apply(app, marks, "threads", (now) => withEngine(now, { threads: 9_999 }));
    expect(marks.threads).toEqual({ kind: "failed", message: "Too many. Take fewer" });
    expect(app.settings.engine.threads).toBeUndefined();
    await apply(app, marks, "threads", (now) => withEngine(now, { threads: 2 }));
    expect(marks.threads).toEqual({ kind: "applied" });
  });

  it("never loses what another program stored meanwhile", async () => {
    const app = newApp();
    const endpoints = [{ id: "own", base_url: "http://localhost:1/v1", models: [] }];
    stored = { ...settings, backends: { endpoints } };
    await apply(app, {}, "theme", (now) => ({ ...now, theme: "dark" }));
    expect(stored).toMatchObject({ theme: "dark", backends: { endpoints } });
    expect(app.settings.backends.endpoints).toEqual(endpoints);
  });

  it("waits for what the Rust side changes by itself, and begins from that", async () => {
    const app = newApp();
    const following = follow(app, async () => {
      await Promise.resolve();
      stored = { ...stored, backends: { bill_to: "acme" } };
    });
    const applying = apply(app, {}, "theme", (now) => ({ ...now, theme: "light" }));
    await Promise.all([following, applying]);
    expect(app.settings).toMatchObject({ theme: "light", backends: { bill_to: "acme" } });
  });

  it("goes on after work that failed", async () => {
    const app = newApp();
    const failing = follow(app, () => Promise.reject(new Error("no")));
    const applying = apply(app, {}, "theme", (now) => ({ ...now, theme: "light" }));
    await expect(failing).rejects.toThrow("no");
    await applying;
    expect(app.settings.theme).toBe("light");
  });

  it("takes what the Rust side made of it", async () => {
    const app = newApp();
    await apply(app, {}, "model", async (now) => ({ ...now, model: "Small.gguf" }));
    expect(app.settings.model).toBe("Small.gguf");
  });
});
