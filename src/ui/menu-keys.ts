/** Where focus goes in a menu for a key; null when the key is not the menu's. */
export function nextInMenu(key: string, current: number, labels: string[]): number | null {
  const count = labels.length;
  if (count === 0) return null;
  switch (key) {
    case "ArrowDown":
      return (current + 1) % count;
    case "ArrowUp":
      return (current <= 0 ? count : current) - 1;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

/**
 * Type-ahead: the next item that begins with the typed text, from the current one on. One letter
 * pressed again and again goes through all that begin with it.
 */
export function typedInMenu(typed: string, current: number, labels: string[]): number | null {
  const all = [...typed.toLocaleLowerCase()];
  const first = all[0];
  if (first === undefined) return null;
  const repeated = all.every((letter) => letter === first);
  const wanted = repeated ? first : all.join("");
  const start = repeated ? current + 1 : Math.max(current, 0);
  for (let step = 0; step < labels.length; step += 1) {
    const at = (start + step) % labels.length;
    if (labels[at]?.toLocaleLowerCase().startsWith(wanted)) return at;
  }
  return null;
}
