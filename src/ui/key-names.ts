const onMac: Record<string, string> = { Ctrl: "⌘", Control: "⌃", Alt: "⌥", Shift: "⇧" };
const everywhere: Record<string, string> = {
  Control: "Ctrl",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** Whether this computer names its keys as a Mac does. */
export function isMac(): boolean {
  return typeof navigator !== "undefined" && /Mac/.test(navigator.platform);
}

/** The keys of a shortcut as they are written on the keyboard in front of the person. */
export function keyNames(keys: string, mac = isMac()): string[] {
  // The last "+" of "Ctrl++" is a key itself.
  const parts = keys.split(/(?<!^|\+)\+/);
  return parts.map((part) => (mac ? onMac[part] : undefined) ?? everywhere[part] ?? part);
}

/** A shortcut in one text, for menus: "Ctrl+D", or "⌘D" on a Mac. */
export function shortcutText(keys: string, mac = isMac()): string {
  return keyNames(keys, mac).join(mac ? "" : "+");
}
