import { describe, expect, test } from "vitest";
import { editorAction, headerAction, type Key, type KeyAction, keyAction } from "./keymap";

/** "Ctrl+Shift+ArrowUp" as an event. `Mod` is Command on a Mac and Ctrl elsewhere. */
function key(text: string, mac = false): Key {
  const parts = text.split(/\+(?=.)/);
  const last = parts.pop() ?? "";
  function has(name: string): boolean {
    return parts.includes(name);
  }
  return {
    key: last === "Space" ? " " : last,
    ctrlKey: has("Ctrl") || (has("Mod") && !mac),
    metaKey: has("Meta") || (has("Mod") && mac),
    shiftKey: has("Shift"),
    altKey: has("Alt"),
  };
}

function intent(kind: string, rest = {}): unknown {
  return { do: "intent", intent: { kind, ...rest } };
}
function move(by: string, direction?: string, extend = false): unknown {
  return { do: "move", step: direction === undefined ? { by } : { by, direction }, extend };
}

/** The key map of the product, line by line. */
const table: [string, unknown][] = [
  ["ArrowUp", move("cell", "up")],
  ["ArrowDown", move("cell", "down")],
  ["ArrowLeft", move("cell", "left")],
  ["ArrowRight", move("cell", "right")],
  ["Shift+ArrowDown", move("cell", "down", true)],
  ["Mod+ArrowUp", move("edge", "up")],
  ["Mod+ArrowRight", move("edge", "right")],
  ["Mod+Shift+ArrowDown", move("edge", "down", true)],
  ["Mod+Shift+ArrowLeft", move("edge", "left", true)],
  ["Tab", { do: "tab", back: false }],
  ["Shift+Tab", { do: "tab", back: true }],
  ["Home", move("row-start")],
  ["End", move("row-end")],
  ["Shift+Home", move("row-start", undefined, true)],
  ["Shift+End", move("row-end", undefined, true)],
  ["Mod+Home", move("sheet-start")],
  ["Mod+End", move("sheet-end")],
  ["Mod+Shift+End", move("sheet-end", undefined, true)],
  ["PageUp", move("page", "up")],
  ["PageDown", move("page", "down")],
  ["Shift+PageDown", move("page", "down", true)],
  ["Alt+PageUp", move("page", "left")],
  ["Alt+PageDown", move("page", "right")],
  ["Ctrl+Space", { do: "select", what: "column" }],
  ["Shift+Space", { do: "select", what: "row" }],
  ["Ctrl+Shift+Space", { do: "select", what: "all" }],
  ["Mod+a", { do: "select", what: "all" }],
  ["F2", { do: "edit", text: null, compose: false }],
  ["Enter", { do: "edit", text: null, compose: false }],
  ["Shift+Enter", move("cell", "up")],
  ["x", { do: "edit", text: "x", compose: false }],
  ["Shift+X", { do: "edit", text: "X", compose: false }],
  ["=", { do: "edit", text: "=", compose: false }],
  ["ß", { do: "edit", text: "ß", compose: false }],
  ["日", { do: "edit", text: "日", compose: false }],
  ["Dead", { do: "edit", text: "", compose: true }],
  ["Process", { do: "edit", text: "", compose: true }],
  ["Delete", intent("clear")],
  ["Backspace", intent("clear")],
  ["Mod+c", intent("copy")],
  ["Mod+x", intent("cut")],
  ["Mod+v", { do: "paste" }],
  ["Mod+z", intent("undo")],
  ["Mod+y", intent("redo")],
  ["Mod+Shift+Z", intent("redo")],
  ["Mod+d", intent("fill-down")],
  ["Mod+r", intent("fill-right")],
  ["Mod+f", intent("find")],
  ["Mod+g", intent("find-next", { back: false })],
  ["Mod+Shift+G", intent("find-next", { back: true })],
  ["F3", intent("find-next", { back: false })],
  ["Shift+F3", intent("find-next", { back: true })],
  ["Space", intent("open-cell")],
  ["Mod+Enter", intent("generate")],
  ["Mod+Shift+U", intent("validate")],
  ["Mod+Shift++", intent("add-row")],
  ["Shift+F10", { do: "menu" }],
  ["ContextMenu", { do: "menu" }],
  ["Escape", { do: "leave" }],
  // Not the grid's: they are the system's or the window's.
  ["F5", null],
  ["Shift", null],
  ["Mod+s", null],
  ["Mod+Shift+P", null],
  ["Mod+Tab", null],
  ["Alt+F4", null],
];

for (const mac of [false, true]) {
  describe(mac ? "on a Mac" : "elsewhere", () => {
    test.each(table)("%s", (keys, action) => {
      expect(keyAction(key(keys, mac), mac)).toEqual(action);
    });
  });
}

describe("differences", () => {
  test("replace is Ctrl+H; on a Mac Command+H hides the program", () => {
    expect(keyAction(key("Ctrl+h"), false)).toEqual(intent("replace"));
    expect(keyAction(key("Ctrl+h"), true)).toEqual(intent("replace"));
    expect(keyAction(key("Meta+Alt+f"), true)).toEqual(intent("replace"));
    expect(keyAction(key("Meta+h"), true)).toBe(null);
  });

  test("the other system's command key does nothing", () => {
    expect(keyAction(key("Meta+c"), false)).toBe(null);
    expect(keyAction(key("Ctrl+c"), true)).toBe(null);
    expect(keyAction(key("Meta+ArrowUp"), false)).toBe(null);
  });

  test("AltGr and Option type characters", () => {
    const altGr = { ...key("€"), ctrlKey: true, altKey: true };
    expect(keyAction(altGr, false)).toEqual({ do: "edit", text: "€", compose: false });
    const at = { ...key("@"), ctrlKey: true, altKey: true };
    expect(keyAction(at, false)).toEqual({ do: "edit", text: "@", compose: false });
    const option = { ...key("@"), altKey: true };
    expect(keyAction(option, true)).toEqual({ do: "edit", text: "@", compose: false });
    expect(keyAction(key("Alt+f"), false)).toBe(null);
    expect(keyAction(key("Ctrl+Alt+f"), false)).toBe(null);
  });

  test("Enter while an input method composes begins an edit and commits nothing", () => {
    const composing: Key = { ...key("Enter"), isComposing: true };
    const action: KeyAction = { do: "edit", text: "", compose: true };
    expect(keyAction(composing, false)).toEqual(action);
    expect(editorAction(composing, false)).toBe(null);
  });
});

describe("in the editor", () => {
  test.each([
    ["Enter", { do: "commit", move: "down" }],
    ["Shift+Enter", { do: "commit", move: "up" }],
    ["Ctrl+Enter", { do: "commit", move: null }],
    ["Tab", { do: "commit", move: "tab" }],
    ["Shift+Tab", { do: "commit", move: "tab-back" }],
    ["Alt+Enter", { do: "newline" }],
    ["Escape", { do: "cancel" }],
    ["ArrowLeft", null],
    ["a", null],
    ["Ctrl+z", null],
  ])("%s", (keys, action) => {
    expect(editorAction(key(keys), false)).toEqual(action);
  });

  test("arrows end an edit that began by typing", () => {
    expect(editorAction(key("ArrowLeft"), true)).toEqual({ do: "commit", move: "left" });
    expect(editorAction(key("Shift+ArrowLeft"), true)).toBe(null);
  });
});

describe("on a header", () => {
  test.each([
    ["ArrowLeft", { do: "go", direction: "left" }],
    ["ArrowDown", { do: "go", direction: "down" }],
    ["Home", { do: "end", last: false }],
    ["End", { do: "end", last: true }],
    ["Enter", { do: "open" }],
    ["Space", { do: "select" }],
    ["s", { do: "sort", add: false }],
    ["Shift+S", { do: "sort", add: true }],
    ["Alt+ArrowDown", { do: "menu" }],
    ["Shift+F10", { do: "menu" }],
    ["Alt+ArrowLeft", { do: "shift", by: -1 }],
    ["Alt+ArrowRight", { do: "shift", by: 1 }],
    ["Alt+Shift+ArrowRight", { do: "resize", byPx: 16 }],
    ["Tab", null],
    ["Ctrl+f", null],
  ])("%s", (keys, action) => {
    expect(headerAction(key(keys))).toEqual(action);
  });
});
