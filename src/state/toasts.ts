import type { QRL } from "@builder.io/qwik";
import { createContextId } from "@builder.io/qwik";

export type ToastKind = "info" | "success" | "warning" | "error";

/** A short message at the edge of the window. Errors stay until they are closed. */
export interface Toast {
  id: number;
  kind: ToastKind;
  title: string;
  /** A second line: what to try. */
  detail?: string;
  /** One thing to do about it, such as "Undo". */
  action?: { label: string; run$: QRL<() => void> };
  /** The section of the settings where it can be put right. */
  wayOut?: { label: string; section: string };
}

export interface ToastState {
  items: Toast[];
  lastId: number;
}

export const ToastContext = createContextId<ToastState>("braincells.toasts");

/** Shows a message and returns its id. */
export function showToast(toasts: ToastState, toast: Omit<Toast, "id">): number {
  toasts.lastId += 1;
  const id = toasts.lastId;
  toasts.items = [...toasts.items, { ...toast, id }];
  return id;
}

export function closeToast(toasts: ToastState, id: number): void {
  toasts.items = toasts.items.filter((toast) => toast.id !== id);
}
