import { describe, expect, it } from "vitest";
import type { Value } from "~/ipc";
import { ENTRIES_AT_ONCE, jsonLines, LIMIT_PATH, LONGEST_TEXT, MOST_LINES } from "./json-lines";

const FOLDED = { open: {}, more: {} };

function shown(value: Value, unfolded = FOLDED) {
  return jsonLines(value, unfolded).map((line) => {
    const key = line.key === null ? "" : `${line.key}: `;
    const text = line.kind === "more" ? `+${line.left}` : line.text;
    return `${" ".repeat(line.depth)}${key}${text}`;
  });
}

describe("the lines of a value", () => {
  it("are those of pretty JSON", () => {
    expect(shown({ a: [1, "x"], b: null, c: {}, d: true })).toEqual([
      "{",
      " a: [",
      "  0: 1",
      '  1: "x"',
      " ]",
      " b: null",
      " c: {}",
      " d: true",
      "}",
    ]);
  });

  it("fold what is deep or long, and unfold when asked", () => {
    const value = { a: { b: { c: 1 } } };
    expect(shown(value)).toEqual(["{", " a: {", "  b: {…}", " }", "}"]);
    expect(shown(value, { open: { '$/"a"/"b"': true }, more: {} })).toContain("   c: 1");
    expect(shown(value, { open: { $: false }, more: {} })).toEqual(["{…}"]);
  });

  it("show the entries of a long list in portions", () => {
    const list = Array.from({ length: 250 }, (_, at) => at);
    expect(shown(list)).toEqual(["[…]"]);
    const first = shown(list, { open: { $: true }, more: {} });
    expect(first).toHaveLength(ENTRIES_AT_ONCE + 3);
    expect(first.at(-2)).toBe(" +150");
    const all = shown(list, { open: { $: true }, more: { $: 2 } });
    expect(all).toHaveLength(252);
  });

  it("stay few whatever is unfolded", () => {
    const value = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => [1, 2, 3]));
    const open = Object.fromEntries(
      Array.from({ length: 2_500 }, (_, at) => [`$/${Math.floor(at / 50)}/${at % 50}`, true]),
    );
    const lines = jsonLines(value, { open, more: {} });
    expect(lines.length).toBeLessThanOrEqual(MOST_LINES + 1);
    expect(lines.at(-1)?.path).toBe(LIMIT_PATH);
  });

  it("cut long texts", () => {
    const [line] = jsonLines("x".repeat(1_000_000), FOLDED);
    expect(line?.text.length).toBeLessThan(LONGEST_TEXT + 10);
    expect(line?.text.endsWith("…")).toBe(true);
  });

  it("give every place a name of its own, whatever the keys are", () => {
    const value = { "a/b": { c: 1 }, a: { "b/c": 1 }, "": 1, __proto__: 1 };
    const paths = jsonLines(value, FOLDED)
      .filter((line) => line.kind !== "end")
      .map((line) => line.path);
    expect(new Set(paths).size).toBe(paths.length);
  });
});
