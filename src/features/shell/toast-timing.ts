import type { Toast } from "~/state/toasts";

/** How many messages are in sight; older ones wait behind them. */
export const shownToasts = 4;

/** After how long a message closes by itself; null for errors, which a person has to see. */
export function closesAfter_ms(toast: Pick<Toast, "kind" | "action">): number | null {
  if (toast.kind === "error") return null;
  return toast.action ? 10_000 : 6_000;
}
