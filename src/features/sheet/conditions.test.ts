import { describe, expect, it } from "vitest";
import type { CellTest, Column, Filter } from "~/ipc";
import { conditionText } from "./condition-text";
import {
  type Condition,
  type ConditionDraft,
  columnsRead,
  conditionOfDraft,
  draftOf,
  filterOf,
  newDraft,
  partsOf,
  testsFor,
  withCondition,
  withoutLostColumns,
} from "./conditions";

function column(id: number, value_type: Column["value_type"], ai = false): Column {
  return {
    id,
    name: `c${id}`,
    value_type,
    sql_type: "VARCHAR",
    kind: ai
      ? { kind: "ai", recipe: { prompt: "", model: "" }, recipe_version: 1 }
      : { kind: "data" },
  };
}

function condition(id: number, test: CellTest, negated = false): Condition {
  return { column: id, test, negated };
}

const empty: CellTest = { test: "empty" };
const failed: CellTest = { test: "state", states: ["failed"] };

describe("filters and conditions", () => {
  const cases: [string, Condition[], "all" | "any"][] = [
    ["nothing", [], "all"],
    ["one condition", [condition(1, empty)], "all"],
    ["one negated condition", [condition(1, empty, true)], "all"],
    ["several that all hold", [condition(1, empty), condition(2, failed, true)], "all"],
    ["several of which any holds", [condition(1, empty), condition(2, failed)], "any"],
  ];
  it.each(cases)("go both ways: %s", (_, conditions, match) => {
    expect(partsOf(filterOf({ match, conditions }))).toEqual({ match, conditions });
  });

  it("say that a deeper filter is not theirs", () => {
    const inner: Filter = { kind: "all", of: [{ kind: "cell", column: 1, test: empty }] };
    expect(partsOf({ kind: "any", of: [inner] })).toBeNull();
    expect(partsOf({ kind: "not", of: inner })).toBeNull();
  });

  it("keep an any-filter whole when a condition is added", () => {
    const any = filterOf({ match: "any", conditions: [condition(1, empty), condition(2, empty)] });
    const more = withCondition(any, condition(3, failed));
    expect(more).toEqual({ kind: "all", of: [any, { kind: "cell", column: 3, test: failed }] });
    expect(columnsRead(more).sort()).toEqual([1, 2, 3]);
  });

  it("lose the conditions on columns that are gone", () => {
    const both = filterOf({ match: "all", conditions: [condition(1, empty), condition(2, empty)] });
    expect(withoutLostColumns(both, [column(1, "text"), column(2, "text")])).toBe(both);
    expect(withoutLostColumns(both, [column(2, "text")])).toEqual({
      kind: "cell",
      column: 2,
      test: empty,
    });
    expect(withoutLostColumns(both, [])).toBeNull();
  });
});

describe("drafts", () => {
  function made(of: Column, part: Partial<ConditionDraft>) {
    return conditionOfDraft({ ...newDraft(of), ...part }, of);
  }

  it("read the limits of numbers as numbers", () => {
    const of = column(1, "number");
    expect(made(of, { kind: "between", least: " 2.5 ", most: "" })).toEqual({
      condition: condition(1, { test: "between", least: 2.5 }),
    });
    expect(made(of, { kind: "between", least: "two" })).toEqual({ problem: "number" });
    expect(made(of, { kind: "between", least: "3", most: "2" })).toEqual({ problem: "order" });
    expect(made(of, { kind: "between" })).toEqual({ problem: "limit" });
  });

  it("keep digits that a double cannot hold", () => {
    const of = column(1, "number");
    const least = "9007199254740993";
    expect(made(of, { kind: "between", least })).toEqual({
      condition: condition(1, { test: "between", least }),
    });
  });

  it("read confidences as percent", () => {
    const of = column(1, "text", true);
    expect(made(of, { kind: "confidence", most: "50" })).toEqual({
      condition: condition(1, { test: "confidence", least: null, most: 0.5 }),
    });
    expect(made(of, { kind: "confidence", most: "150" })).toEqual({ problem: "percent" });
  });

  it("say what is missing", () => {
    const of = column(1, "text");
    expect(made(of, { kind: "values" })).toEqual({ problem: "choose" });
    expect(made(of, { kind: "contains" })).toEqual({ problem: "text" });
  });

  const tests: CellTest[] = [
    empty,
    failed,
    { test: "one_of", values: ["a", null] },
    { test: "between", least: "a", most: "m" },
    { test: "text", place: "end", text: "x", match_case: true },
    { test: "matches", pattern: "a.c" },
    { test: "confidence", least: 0.25, most: null },
  ];
  it.each(tests)("come back from a condition: $test", (test) => {
    const of = column(1, "text", true);
    const written = condition(1, test, true);
    expect(conditionOfDraft(draftOf(written, of), of)).toEqual({ condition: written });
  });

  it("offer states and confidence in AI columns only", () => {
    expect(testsFor(column(1, "text"))).not.toContain("state");
    expect(testsFor(column(1, "text", true))).toContain("state");
    expect(testsFor(column(1, "binary"))).toEqual(["empty"]);
  });
});

describe("chips", () => {
  const cases: [Condition, string][] = [
    [condition(1, empty), "is empty"],
    [condition(1, empty, true), "is not empty"],
    [condition(1, { test: "one_of", values: ["a", "b"] }), "is a or b"],
    [condition(1, { test: "one_of", values: [null] }, true), "is not (empty)"],
    [condition(1, { test: "one_of", values: [1, 2, 3, 4] }), "is one of 4 values"],
    [condition(1, { test: "between", least: 3, most: 5 }), "from 3 to 5"],
    [condition(1, { test: "between", most: 5 }), "up to 5"],
    [condition(1, { test: "text", place: "start", text: "ab" }), "begins with “ab”"],
    [condition(1, { test: "state", states: ["validated"] }), "is approved"],
    [condition(1, { test: "confidence", least: null, most: 0.5 }), "confidence up to 50%"],
    [condition(1, { test: "matches", pattern: "^a" }, true), "not: matches ^a"],
  ];
  it.each(cases)("say %j", (written, words) => {
    expect(conditionText(written)).toBe(words);
  });

  it("shorten long values and show line breaks as spaces", () => {
    const value = `one\ntwo ${"x".repeat(100)}`;
    const words = conditionText(condition(1, { test: "one_of", values: [value] }));
    expect(words).toMatch(/^is one two x+…$/);
    expect(words.length).toBeLessThan(50);
  });
});
