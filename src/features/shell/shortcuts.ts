/** What the window itself does on a key, on whatever screen. */
export type Shortcut = "settings" | "palette" | "help" | "reload";

/** What a key press carries, as far as shortcuts care. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/**
 * The shortcut of a key press; null for all others. `busy` says that a dialog or a menu is open,
 * `typing` that the key would be text.
 */
export function shortcutOf(
  press: Press,
  { mac, typing, busy }: { mac: boolean; typing: boolean; busy: boolean },
): Shortcut | null {
  const command = mac ? press.metaKey && !press.ctrlKey : press.ctrlKey && !press.metaKey;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (key === "F5" || (command && press.shiftKey && key === "r")) return "reload";
  if (busy || press.altKey) return null;
  if (command && !press.shiftKey && key === "k") return "palette";
  if (command && key === ",") return "settings";
  if (key === "F1") return "help";
  const isPlain = !press.ctrlKey && !press.metaKey;
  return isPlain && key === "?" && !typing ? "help" : null;
}
