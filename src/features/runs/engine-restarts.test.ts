import { expect, it } from "vitest";
import type { ToastState } from "~/state/toasts";
import { restartTeller } from "./engine-restarts";

function restarted(model: string, reason = "it was ended by signal 9") {
  return { event: "engine_restarted", model, reason } as const;
}

it("a process that ends again and again has one message, which counts", () => {
  const toasts: ToastState = { items: [], lastId: 0 };
  let now_ms = 0;
  const tell = restartTeller(toasts, () => now_ms);
  tell(restarted("small.gguf"));
  expect(toasts.items).toMatchObject([
    { kind: "warning", title: "small stopped and was started again" },
  ]);
  expect(toasts.items[0]?.detail).toContain("It was ended by signal 9");
  for (let at = 0; at < 19; at += 1) tell(restarted("small.gguf"));
  expect(toasts.items.map((toast) => toast.title)).toEqual([
    "small stopped and was started again 20 times",
  ]);
  tell(restarted("large.gguf"));
  expect(toasts.items).toHaveLength(2);
  now_ms = 120_000;
  tell(restarted("small.gguf"));
  expect(toasts.items.map((toast) => toast.title)).toContain("small stopped and was started again");
});
