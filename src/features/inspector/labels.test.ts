import { describe, expect, it } from "vitest";
import { labelProblem, parseChoices, parseLabels, withLabels, withMoved } from "./labels";

describe("pasted labels", () => {
  const cases: [string, string[]][] = [
    ["a, b, c", ["a", "b", "c"]],
    ["one\r\ntwo, three\n\n", ["one", "two, three"]],
    ["a\tb", ["a", "b"]],
    ["x; y, z", ["x", "y, z"]],
    ["- delivery\n* payment\n3. other\n4) rest", ["delivery", "payment", "other", "rest"]],
    ["\"a b\", 'c', “d”", ["a b", "c", "d"]],
    ["Yes, yes, no", ["Yes", "no"]],
    ["  ", []],
    ["-5\n-3", ["-5", "-3"]],
    ["single", ["single"]],
  ];
  for (const [text, labels] of cases) {
    it(JSON.stringify(text), () => expect(parseLabels(text)).toEqual(labels));
  }

  it("are told apart by letter case where they are the choices of a field", () => {
    expect(parseChoices("Yes, yes, no")).toEqual(["Yes", "yes", "no"]);
  });
});

describe("the list of labels", () => {
  it("adds only what is new", () => {
    expect(withLabels(["a"], ["A", "b", "b"])).toEqual(["a", "b"]);
  });

  it("moves a label and keeps the rest in order", () => {
    expect(withMoved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(withMoved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(withMoved(["a"], 0, -1)).toEqual(["a"]);
    expect(withMoved(["a"], 0, 1)).toEqual(["a"]);
  });

  it("names the first problem", () => {
    expect(labelProblem(["a"])).toEqual({ kind: "too_few" });
    expect(labelProblem(["a", " "])).toEqual({ kind: "empty", position: 2 });
    expect(labelProblem(["a", "b", "a "])).toEqual({ kind: "repeated", label: "a" });
    expect(labelProblem(["a", "A"])).toBeNull();
  });
});
