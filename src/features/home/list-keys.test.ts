import { expect, it } from "vitest";
import { listKey } from "./list-keys";

function press(key: string, changes: Partial<KeyboardEvent> = {}) {
  return {
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...changes,
  };
}

it("moves and stops at the ends", () => {
  const moves = { ArrowDown: 5, ArrowUp: 3, Home: 0, End: 11, PageDown: 11, PageUp: 0 };
  for (const [key, to] of Object.entries(moves)) {
    expect(listKey(press(key), 4, 12)).toEqual({ kind: "move", to });
  }
  expect(listKey(press("ArrowUp"), 0, 12)).toEqual({ kind: "move", to: 0 });
  expect(listKey(press("ArrowDown"), 11, 12)).toEqual({ kind: "move", to: 11 });
});

it("renames and deletes", () => {
  expect(listKey(press("F2"), 0, 1)).toEqual({ kind: "rename" });
  expect(listKey(press("Delete"), 0, 1)).toEqual({ kind: "delete" });
  expect(listKey(press("Backspace", { metaKey: true }), 0, 1)).toEqual({ kind: "delete" });
  expect(listKey(press("Backspace"), 0, 1)).toBeNull();
});

it("leaves other keys, and the window's own, alone", () => {
  expect(listKey(press("a"), 0, 1)).toBeNull();
  expect(listKey(press("Delete", { ctrlKey: true }), 0, 1)).toBeNull();
  expect(listKey(press("ArrowDown"), -1, 3)).toBeNull();
});
