/** What is said when the process of a model ended while it worked and was started again. */
import { sentence } from "~/errors";
import type { Event } from "~/ipc";
import { bareName } from "~/lib/model-names";
import { closeToast, showToast, type ToastState } from "~/state/toasts";
import { text } from "./strings";

type Restarted = Extract<Event, { event: "engine_restarted" }>;

/** Restarts are counted together until there was none for so long. */
const TOGETHER_MS = 60_000;

/**
 * Hears restarts: each model has one message, which counts them, so that a process that ends again
 * and again does not fill the window. `now_ms` is a clock that never goes back.
 */
export function restartTeller(
  toasts: ToastState,
  now_ms: () => number,
): (event: Restarted) => void {
  const told = new Map<string, { toast: number; count: number; at_ms: number }>();
  return ({ model, reason }) => {
    const before = told.get(model);
    const isSame = before !== undefined && now_ms() - before.at_ms < TOGETHER_MS;
    const count = isSame ? before.count + 1 : 1;
    if (before !== undefined) closeToast(toasts, before.toast);
    const toast = showToast(toasts, {
      kind: "warning",
      title: text.restarted(bareName(model), count),
      detail: [sentence(reason), text.restartedDetail].join("\n"),
    });
    told.set(model, { toast, count, at_ms: now_ms() });
  };
}
