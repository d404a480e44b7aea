import { describe, expect, it } from "vitest";
import type { Column, RecipeOutline } from "~/ipc";
import {
  firstMapping,
  fitOf,
  isFitted,
  modelText,
  outputText,
  takenNames,
  wrongNames,
} from "./recipe-fit";

function column(name: string): Column {
  return {
    id: 1,
    name,
    value_type: "text",
    sql_type: "VARCHAR",
    kind: { kind: "data" },
  };
}
function planned(name: string) {
  return {
    name,
    prompt: "…",
    output: { type: "text" as const },
    model: "",
    inputs: [],
  };
}
function plan(made: string[], missing: string[] = []): RecipeOutline {
  return {
    columns: made.map(planned),
    missing,
    warnings: [],
  };
}

describe("a recipe that fits", () => {
  it("asks nothing", () => {
    const columns = [column("message")];
    expect(firstMapping(plan(["topic"]), columns)).toEqual({});
    expect(isFitted(plan(["topic"]), columns, {})).toBe(true);
    expect(fitOf({}, null)).toEqual({ mapping: [], model: null });
  });
});

describe("a column that is missing", () => {
  const wanting = plan(["topic"], ["message"]);
  const columns = [column("text")];

  it("has to be chosen", () => {
    const mapping = firstMapping(wanting, columns);
    expect(mapping).toEqual({ message: "" });
    expect(isFitted(wanting, columns, mapping)).toBe(false);
    expect(isFitted(wanting, columns, { message: "text" })).toBe(true);
  });

  it("is told only once it is chosen", () => {
    expect(fitOf({ message: "" }, "m.gguf")).toEqual({ mapping: [], model: "m.gguf" });
    expect(fitOf({ message: " text " }, null)).toEqual({
      mapping: [["message", "text"]],
      model: null,
    });
  });
});

describe("a name that is taken", () => {
  const twice = plan(["Topic", "tone"]);
  const columns = [column("topic"), column("topic 2")];

  it("is found whatever the letter case, and gets a free one", () => {
    expect(takenNames(twice, columns)).toEqual(["Topic"]);
    expect(firstMapping(twice, columns)).toEqual({ Topic: "Topic 3" });
  });

  it("must not become another name that is taken", () => {
    function wrong(name: string) {
      return wrongNames(twice, columns, { Topic: name });
    }
    expect(wrong("Topic 3")).toEqual([]);
    for (const name of ["TOPIC 2", "tone", "", "topic"]) expect(wrong(name)).toEqual(["Topic"]);
    expect(isFitted(twice, columns, { Topic: "tone" })).toBe(false);
  });

  it("gets names that differ from each other", () => {
    const both = plan(["a", "a 2"]);
    expect(firstMapping(both, [column("a"), column("a 2")])).toEqual({ a: "a 3", "a 2": "a 2 2" });
  });
});

it("says what a column answers with, and by which model", () => {
  expect(outputText({ type: "number" })).toBe("Number");
  expect(outputText({ type: "number", integer: true, min: 1, max: 5 })).toBe(
    "Whole number from 1 to 5",
  );
  expect(outputText({ type: "number", min: 0.5 })).toBe("Number from 0.5");
  expect(outputText({ type: "number", max: 0 })).toBe("Number up to 0");
  expect(outputText({ type: "label", labels: ["good", "bad"] })).toBe("One of: good, bad");
  expect(outputText({ type: "labels", labels: ["good", "bad"] })).toBe("Any of: good, bad");
  expect(modelText(planned("a"))).toBe("Default model");
  expect(modelText({ ...planned("a"), model: "m.gguf" })).toBe("m.gguf");
});
