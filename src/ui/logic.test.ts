import { describe, expect, it } from "vitest";
import { place } from "./floating";
import { keyNames, shortcutText } from "./key-names";
import { nextInMenu, typedInMenu } from "./menu-keys";
import { numberOfText, stepped } from "./number-text";
import { matchingOptions } from "./option-search";

describe("place", () => {
  const room = { width: 1000, height: 600 };
  const button = { left: 100, right: 160, top: 40, bottom: 68 };
  const panel = { width: 200, height: 300 };

  it("stands under its anchor, at the edge that was asked for", () => {
    expect(place(button, panel, room, "start", 4)).toMatchObject({ left: 100, top: 72 });
    const right = { ...button, left: 500, right: 560 };
    expect(place(right, panel, room, "end", 4)).toMatchObject({ left: 360, top: 72 });
  });
  it("goes above where there is more room", () => {
    const low = { ...button, top: 520, bottom: 548 };
    expect(place(low, panel, room, "start", 4)).toMatchObject({ top: 216, above: true });
  });
  it("never leaves the window", () => {
    const edge = { left: 980, right: 1000, top: 40, bottom: 68 };
    expect(place(edge, panel, room, "start", 4).left).toBe(792);
    expect(place(button, panel, room, "end", 4).left).toBe(8);
    expect(place(edge, { width: 2000, height: 10 }, room, "end", 4).left).toBe(8);
  });
  it("scrolls inside when it is taller than the window", () => {
    const at = place(button, { width: 200, height: 5000 }, room, "start", 4);
    expect(at).toMatchObject({ top: 72, maxHeightPx: 520 });
  });
});

describe("menu keys", () => {
  const labels = ["Copy", "Cut", "Paste", "Copy as Markdown"];
  it("goes round with the arrows", () => {
    expect(nextInMenu("ArrowDown", 3, labels)).toBe(0);
    expect(nextInMenu("ArrowUp", 0, labels)).toBe(3);
    expect(nextInMenu("ArrowUp", -1, labels)).toBe(3);
    expect(nextInMenu("ArrowDown", -1, labels)).toBe(0);
    expect(nextInMenu("Home", 2, labels)).toBe(0);
    expect(nextInMenu("End", 0, labels)).toBe(3);
    expect(nextInMenu("x", 0, labels)).toBeNull();
    expect(nextInMenu("End", 0, [])).toBeNull();
  });
  it("finds what is typed, and goes on with the same letter", () => {
    expect(typedInMenu("pa", 0, labels)).toBe(2);
    expect(typedInMenu("c", 0, labels)).toBe(1);
    expect(typedInMenu("cc", 1, labels)).toBe(3);
    expect(typedInMenu("copy", 0, labels)).toBe(0);
    expect(typedInMenu("z", 0, labels)).toBeNull();
    expect(typedInMenu("", 0, labels)).toBeNull();
  });
});

describe("numbers in a field", () => {
  it.each([
    ["", null],
    ["  ", null],
    ["12", 12],
    ["1 000", 1000],
    ["0,5", 0.5],
    ["-3", -3],
    ["1e3", 1000],
    ["abc", undefined],
    ["1,000,000", undefined],
  ])("reads '%s'", (text, value) => {
    expect(numberOfText(text, {})).toBe(value);
  });
  it("keeps the limits and whole steps", () => {
    expect(numberOfText("50", { max: 32 })).toBe(32);
    expect(numberOfText("-1", { min: 0 })).toBe(0);
    expect(numberOfText("2.6", { step: 1 })).toBe(3);
    expect(numberOfText("2.6", { step: 0.1 })).toBe(2.6);
  });
  it("steps without the tails of binary fractions", () => {
    expect(stepped(0.2, 1, { step: 0.1 })).toBe(0.3);
    expect(stepped(1, 1, { max: 1 })).toBe(1);
    expect(stepped(null, 1, { min: 4 })).toBe(5);
    expect(stepped(null, -1, {})).toBe(-1);
  });
});

describe("matchingOptions", () => {
  const options = [
    { label: "My Qwen" },
    { label: "Qwen 3" },
    { label: "Gemma", hint: "by Google" },
  ];
  it("puts those that begin with the text first", () => {
    expect(matchingOptions(options, "qwen").map((one) => one.label)).toEqual(["Qwen 3", "My Qwen"]);
  });
  it("looks for every word, in the hint too", () => {
    expect(matchingOptions(options, "google gem")).toHaveLength(1);
    expect(matchingOptions(options, "  ")).toHaveLength(3);
    expect(matchingOptions(options, "llama")).toEqual([]);
  });
});

describe("key names", () => {
  it("writes them as the keyboard does", () => {
    expect(keyNames("Ctrl+Shift+ArrowDown", false)).toEqual(["Ctrl", "Shift", "↓"]);
    expect(keyNames("Ctrl+K", true)).toEqual(["⌘", "K"]);
    expect(keyNames("Ctrl++", false)).toEqual(["Ctrl", "+"]);
    expect(keyNames("+", false)).toEqual(["+"]);
    expect(keyNames("Ctrl+Shift++", false)).toEqual(["Ctrl", "Shift", "+"]);
    expect(keyNames("Control+Space", false)).toEqual(["Ctrl", "Space"]);
    expect(keyNames("Control+Space", true)).toEqual(["⌃", "Space"]);
    expect(shortcutText("Ctrl+,", false)).toBe("Ctrl+,");
    expect(shortcutText("Ctrl+Shift+Z", true)).toBe("⌘⇧Z");
  });
});
