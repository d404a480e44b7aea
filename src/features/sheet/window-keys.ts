/** What a key does in the sheet when the grid has not the focus. */
export type WindowKey =
  | { do: "find"; withReplace: boolean }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "find-next"; back: boolean };

type Keys = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/**
 * The meaning of a key outside of the grid; null for every other key. Where text is typed, undo
 * belongs to the text.
 */
export function windowKey(event: Keys, isTyping: boolean): WindowKey | null {
  if (event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "f3") return { do: "find-next", back: event.shiftKey };
  if (!event.ctrlKey && !event.metaKey) return null;
  if (key === "g" && event.metaKey) return { do: "find-next", back: event.shiftKey };
  if (key === "f" && !event.shiftKey) return { do: "find", withReplace: false };
  if (key === "h" && !event.shiftKey && event.ctrlKey) return { do: "find", withReplace: true };
  if (isTyping) return null;
  if (key === "z") return event.shiftKey ? { do: "redo" } : { do: "undo" };
  if (key === "y" && !event.shiftKey) return { do: "redo" };
  return null;
}
