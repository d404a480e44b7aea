/**
 * Remembers what has focus, so that what opens now can give it back; nothing happens when that is
 * gone meanwhile.
 */
export function rememberFocus(near: Element): () => void {
  const before = near.ownerDocument.activeElement as HTMLElement | null;
  return () => {
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
}

/** Whether focus is inside an element. */
export function hasFocus(element: Element): boolean {
  return element.contains(element.ownerDocument.activeElement);
}
