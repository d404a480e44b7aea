import { describe, expect, test } from "vitest";
import { formatTsv, parseTsv } from "./clipboard";

describe("there and back", () => {
  test.each([
    [
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      [
        ["a\tb", "c\nd", 'say "yes"'],
        ["", '"', "\r\n"],
      ],
    ],
    [[["👩‍👩‍👧", "日本語", "שלום"]]],
    [[[""]]],
    [
      [
        ["", ""],
        ["", ""],
      ],
    ],
    [[["x"], [""]]],
    [[[""], ["x"]]],
    [[['""""', 'a"b', '"a']]],
    [[["  lead and trail  "]]],
  ])("%j", (block) => {
    expect(parseTsv(formatTsv(block))).toEqual(block);
  });

  test("whatever characters meet", () => {
    const alphabet = ['"', "\t", "\n", "\r", "a", "", "é"];
    function cell(seed: number): string {
      const places = Array.from({ length: seed % 5 }, (_, index) => (seed * 31) >> index);
      return places.map((place) => alphabet[place % alphabet.length] ?? "").join("");
    }
    for (let seed = 0; seed < 2000; seed += 1) {
      const block = [
        [cell(seed), cell(seed * 3 + 1)],
        [cell(seed * 5 + 2), cell(seed * 7 + 3)],
      ];
      expect(parseTsv(formatTsv(block))).toEqual(block);
    }
  });
});

describe("what other programs write", () => {
  test("a line break at the end is no row", () => {
    expect(parseTsv("a\tb\nc\td\n")).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(parseTsv("a\r\n")).toEqual([["a"]]);
    expect(parseTsv("")).toEqual([]);
  });

  test("quotes inside a cell, and those never closed, are characters", () => {
    expect(parseTsv('5" pipe\tx')).toEqual([['5" pipe', "x"]]);
    expect(parseTsv('"open\tx')).toEqual([['"open', "x"]]);
    expect(parseTsv('"a"b\tc')).toEqual([['"a"b', "c"]]);
  });

  test("empty cells stay where they are", () => {
    expect(parseTsv("\t\n\tx")).toEqual([
      ["", ""],
      ["", "x"],
    ]);
    expect(parseTsv("a\t")).toEqual([["a", ""]]);
  });
});
