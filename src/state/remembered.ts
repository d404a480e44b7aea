/**
 * Small choices of this window that outlive it, such as an order or a width. Whatever cannot be
 * stored or read is as if it had never been chosen: nothing may depend on it.
 */

/** What was remembered under a key; null when nothing was. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // A web view without storage: the choice lasts as long as the window.
    return null;
  }
}

/** Remembers a choice for the next start. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above, and also when the storage is full.
  }
}
