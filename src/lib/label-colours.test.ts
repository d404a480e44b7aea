import { describe, expect, it } from "vitest";
import type { Output } from "~/ipc";
import { LABEL_COLOURS, labelColours, labelsIn, labelsOfColumn } from "./label-colours";

describe("the colours of labels", () => {
  it("differ for as many labels as there are colours", () => {
    const labels = Array.from({ length: LABEL_COLOURS.length }, (_, at) => `label ${at}`);
    expect(new Set(labelColours(labels).values()).size).toBe(LABEL_COLOURS.length);
  });

  it("do not depend on the order of the list", () => {
    const labels = ["positive", "neutral", "negative", "mixed", "spam"];
    expect(labelColours([...labels].reverse())).toEqual(labelColours(labels));
  });

  it("are used again, evenly, when there are more labels", () => {
    const labels = Array.from({ length: 3 * LABEL_COLOURS.length }, (_, at) => `label ${at}`);
    const counts = new Map<string, number>();
    for (const colour of labelColours(labels).values()) {
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(LABEL_COLOURS.map(() => 3));
  });

  it("are those that people expect of some words, where they are free", () => {
    const colours = labelColours(["Negative", "neutral", "positive", "bad"]);
    expect(colours.get("positive")).toBe("green");
    expect(colours.get("neutral")).toBe("blue");
    const reds = ["Negative", "bad"].filter((label) => colours.get(label) === "red");
    expect(reds).toHaveLength(1);
    expect(new Set(colours.values()).size).toBe(4);
  });

  it("are there for a label that is listed twice while it is typed", () => {
    expect(labelColours(["a", "a", ""]).size).toBe(2);
  });
});

it("a column has the labels of its recipe as its cells have them", () => {
  const labelsOf = (output: Output) =>
    labelsOfColumn({
      kind: { kind: "ai", recipe: { prompt: "", model: "", output }, recipe_version: 1 },
    });
  expect(labelsOf({ type: "label", labels: ["a", " b "] })).toEqual(["a", "b"]);
  expect(labelsOf({ type: "labels", labels: ["a"] })).toEqual(["a"]);
  expect(labelsOf({ type: "date" })).toBeNull();
  expect(labelsOfColumn({ kind: { kind: "data" } })).toBeNull();
});

it("a value is labels, several of them, none of them, or something else", () => {
  const labels = ["a", "b"];
  expect(labelsIn("a", labels)).toEqual(["a"]);
  expect(labelsIn("c", labels)).toBeNull();
  expect(labelsIn(["b", "c"], labels)).toEqual(["b", "c"]);
  expect(labelsIn([], labels)).toEqual([]);
  for (const value of [null, 1, true, {}, ["a", 1]]) expect(labelsIn(value, labels)).toBeNull();
});
