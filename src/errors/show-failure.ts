import { failureOf } from "~/ipc";
import { showToast, type ToastState } from "~/state/toasts";
import { sentence } from "./sentence";
import { failureKind } from "./table";

/**
 * Tells about anything that was thrown, as a toast: the kind by its code, the message, the hint.
 * What the person stopped themselves is not told. The same failure twice is shown once.
 */
export function showFailure(toasts: ToastState, thrown: unknown): void {
  const failure = failureOf(thrown);
  const kind = failureKind(failure.code);
  if (kind.severity === "silent") return;
  const detail = [failure.message, failure.hint]
    .filter((part): part is string => part !== null && part.trim() !== "")
    .map(sentence)
    .join("\n");
  const shown = toasts.items.some((toast) => toast.title === kind.title && toast.detail === detail);
  if (shown) return;
  if (failure.code === "internal") console.error(thrown);
  const wayOut = kind.wayOut ? { wayOut: kind.wayOut } : {};
  showToast(toasts, { kind: kind.severity, title: kind.title, detail, ...wayOut });
}
