import { describe, expect, it } from "vitest";
import { jsonProblem } from "./json-problem";

const good = [
  '{"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": []}',
  '[1, -0.5e+10, true, null, "a\\u00e9\\n\\"", {}]',
  ' "x" ',
  "0",
];

describe("where a text stops being JSON", () => {
  it.each(good)("is nowhere in %s", (text) => {
    expect(jsonProblem(text)).toBeNull();
  });

  it.each([
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "comma_or_brace"],
    ['{\n  "a": 1,\n}', 3, 1, "name"],
    ['{"a" 1}', 1, 6, "colon"],
    ["[1, 2", 1, 6, "comma_or_bracket"],
    ['{"a": }', 1, 7, "value"],
    ["", 1, 1, "value"],
    ['"abc', 1, 5, "quote"],
    ['"a\nb"', 1, 3, "quote"],
    ['"a\\x"', 1, 3, "escape"],
    ["-", 1, 2, "digit"],
    ["1.", 1, 2, "digit"],
    ["{} {}", 1, 4, "end"],
    ["{'a': 1}", 1, 2, "name"],
    ["True", 1, 1, "value"],
    ["01", 1, 2, "end"],
  ] as const)("of %j is line %i, column %i", (text, line, column, expected) => {
    expect(jsonProblem(text)).toMatchObject({ line, column, expected });
    expect(() => JSON.parse(text)).toThrow();
  });

  it("agrees with the engine about every text that lacks, doubles or changes a character", () => {
    let checked = 0;
    for (const text of good) {
      for (let at = 0; at <= text.length; at += 1) {
        const others = [
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + (text[at] ?? "") + text.slice(at),
          ...[...'{}[],:"0e.-\\ \n'].map((one) => text.slice(0, at) + one + text.slice(at + 1)),
        ];
        for (const other of others) {
          checked += 1;
          expect([other, jsonProblem(other) === null]).toEqual([other, parses(other)]);
        }
      }
    }
    expect(checked).toBeGreaterThan(1000);
  });

  it("is the depth of a text that is nested beyond use", () => {
    expect(jsonProblem("[".repeat(100_000))).toMatchObject({ expected: "less_depth" });
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
