/** Which key does what. Pure: an event goes in, what to do comes out. */
import type { Direction } from "./selection";
import type { GridIntent } from "./types";

/** The part of a keyboard event that decides. */
export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing?: boolean;
}

/** How far a move goes. */
export type Step =
  | { by: "cell"; direction: Direction }
  | { by: "edge"; direction: Direction }
  | { by: "page"; direction: Direction }
  | { by: "row-start" | "row-end" | "sheet-start" | "sheet-end" };

/** An intent that needs nothing but the selection. */
export type PlainIntent = Extract<
  GridIntent,
  {
    kind:
      | "clear"
      | "copy"
      | "cut"
      | "fill-down"
      | "fill-right"
      | "undo"
      | "redo"
      | "find"
      | "replace"
      | "find-next"
      | "open-cell"
      | "validate"
      | "generate"
      | "add-row";
  }
>;

export type KeyAction =
  | { do: "move"; step: Step; extend: boolean }
  | { do: "tab"; back: boolean }
  | { do: "select"; what: "row" | "column" | "all" }
  /** `text` replaces the cell's content; null keeps it. `compose` lets an input method begin. */
  | { do: "edit"; text: string | null; compose: boolean }
  | { do: "intent"; intent: PlainIntent }
  /** The browser's own paste must follow: only it may read the clipboard. */
  | { do: "paste" }
  | { do: "menu" }
  | { do: "leave" };

const arrows: { [key: string]: Direction } = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

function intent(plain: PlainIntent): KeyAction {
  return { do: "intent", intent: plain };
}

/** What a key means on a cell; null when the grid has no use for it. */
export function keyAction(event: Key, mac: boolean): KeyAction | null {
  const { key, shiftKey: shift, altKey: alt } = event;
  const command = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  const plain = !command && !other && !alt;

  if (event.isComposing || key === "Process" || key === "Dead" || key === "Unidentified") {
    return command || other ? null : { do: "edit", text: "", compose: true };
  }
  const direction = arrows[key];
  if (direction !== undefined) {
    if (alt || other) return null;
    return { do: "move", step: { by: command ? "edge" : "cell", direction }, extend: shift };
  }
  switch (key) {
    case "Home":
    case "End": {
      if (alt || other) return null;
      const start = key === "Home";
      const by = command ? (start ? "sheet-start" : "sheet-end") : start ? "row-start" : "row-end";
      return { do: "move", step: { by }, extend: shift };
    }
    case "PageUp":
    case "PageDown": {
      if (command || other) return null;
      const back = key === "PageUp";
      const towards: Direction = alt ? (back ? "left" : "right") : back ? "up" : "down";
      return { do: "move", step: { by: "page", direction: towards }, extend: shift };
    }
    case "Tab":
      return plain ? { do: "tab", back: shift } : null;
    case "Enter":
      if (command && !shift && !alt) return intent({ kind: "generate" });
      if (!plain) return null;
      return shift
        ? { do: "move", step: { by: "cell", direction: "up" }, extend: false }
        : { do: "edit", text: null, compose: false };
    case "F2":
      return plain && !shift ? { do: "edit", text: null, compose: false } : null;
    case "F3":
      return plain ? intent({ kind: "find-next", back: shift }) : null;
    case "F10":
      return plain && shift ? { do: "menu" } : null;
    case "ContextMenu":
      return { do: "menu" };
    case "Escape":
      return { do: "leave" };
    case "Delete":
    case "Backspace":
      return plain ? intent({ kind: "clear" }) : null;
    case " ":
      // Ctrl is the key for columns on a Mac too: Command+Space belongs to the system.
      if (event.ctrlKey && !alt) return { do: "select", what: shift ? "all" : "column" };
      if (!plain) return null;
      return shift ? { do: "select", what: "row" } : intent({ kind: "open-cell" });
  }
  // AltGr arrives as Ctrl+Alt where it makes a character that has no key of its own.
  const isAltGr = !mac && event.ctrlKey && alt && !/^[a-z0-9]$/i.test(key);
  if (command && !other && !isAltGr) return commandKey(key.toLowerCase(), shift, alt, mac);
  // Ctrl+H is free on a Mac, where Command+H hides the program.
  if (mac && event.ctrlKey && key.toLowerCase() === "h") return intent({ kind: "replace" });
  // Option on a Mac types characters; Alt elsewhere opens menus.
  const types = mac ? !command && !other : isAltGr || plain;
  return types && isCharacter(key) ? { do: "edit", text: key, compose: false } : null;
}

function commandKey(key: string, shift: boolean, alt: boolean, mac: boolean): KeyAction | null {
  if (alt) return mac && key === "f" && !shift ? intent({ kind: "replace" }) : null;
  if (shift) {
    switch (key) {
      case "z":
        return intent({ kind: "redo" });
      case "u":
        return intent({ kind: "validate" });
      case "g":
        return intent({ kind: "find-next", back: true });
      case "+":
      case "=":
        return intent({ kind: "add-row" });
    }
    return null;
  }
  switch (key) {
    case "a":
      return { do: "select", what: "all" };
    case "c":
      return intent({ kind: "copy" });
    case "x":
      return intent({ kind: "cut" });
    case "v":
      return { do: "paste" };
    case "z":
      return intent({ kind: "undo" });
    case "y":
      return intent({ kind: "redo" });
    case "d":
      return intent({ kind: "fill-down" });
    case "r":
      return intent({ kind: "fill-right" });
    case "f":
      return intent({ kind: "find" });
    case "h":
      return mac ? null : intent({ kind: "replace" });
    case "g":
      return intent({ kind: "find-next", back: false });
  }
  return null;
}

function isCharacter(key: string): boolean {
  return [...key].length === 1;
}

/** What a key means on a column's header. */
export type HeaderAction =
  | { do: "go"; direction: Direction }
  | { do: "end"; last: boolean }
  | { do: "open" }
  | { do: "menu" }
  | { do: "select" }
  | { do: "sort"; add: boolean }
  | { do: "shift"; by: -1 | 1 }
  | { do: "resize"; byPx: number };

/** What a key means on a header; null when headers have no use for it. */
export function headerAction(event: Key): HeaderAction | null {
  const { key, shiftKey: shift, altKey: alt } = event;
  if (event.ctrlKey || event.metaKey) return null;
  const direction = arrows[key];
  if (direction !== undefined) {
    if (!alt) return shift ? null : { do: "go", direction };
    if (direction === "down") return { do: "menu" };
    if (direction === "up") return null;
    const sign = direction === "left" ? -1 : 1;
    return shift ? { do: "resize", byPx: sign * 16 } : { do: "shift", by: sign };
  }
  if (alt) return null;
  switch (key) {
    case "Home":
      return { do: "end", last: false };
    case "End":
      return { do: "end", last: true };
    case "Enter":
      return { do: "open" };
    case "ContextMenu":
      return { do: "menu" };
    case "F10":
      return shift ? { do: "menu" } : null;
    case " ":
      return { do: "select" };
    case "s":
    case "S":
      return { do: "sort", add: shift };
  }
  return null;
}

/** What a key means while a cell is edited. `quick` edits began by typing: arrows end them. */
export type EditorAction =
  | { do: "commit"; move: Direction | "tab" | "tab-back" | null }
  | { do: "cancel" }
  | { do: "newline" };

/** What a key means in the editor; null leaves it to the text field. */
export function editorAction(event: Key, quick: boolean): EditorAction | null {
  // Enter and Escape belong to the input method while it composes.
  if (event.isComposing) return null;
  const { key, shiftKey: shift, altKey: alt } = event;
  const command = event.ctrlKey || event.metaKey;
  switch (key) {
    case "Enter":
      if (alt) return { do: "newline" };
      if (command) return { do: "commit", move: null };
      return { do: "commit", move: shift ? "up" : "down" };
    case "Tab":
      return { do: "commit", move: shift ? "tab-back" : "tab" };
    case "Escape":
      return { do: "cancel" };
  }
  const direction = arrows[key];
  if (direction !== undefined && quick && !shift && !alt && !command) {
    return { do: "commit", move: direction };
  }
  return null;
}
