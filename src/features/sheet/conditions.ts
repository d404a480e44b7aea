import type { CellState, CellTest, Column, ColumnId, Filter, Value } from "~/ipc";

/** Cells with less confidence than this are worth a look; the condition can be changed then. */
export const UNSURE_BELOW = 0.7;

/** One condition of the filter bar. */
export interface Condition {
  column: ColumnId;
  test: CellTest;
  negated: boolean;
}

/** What the filter bar can show: conditions, of which all or any must hold. */
export interface FilterParts {
  match: "all" | "any";
  conditions: Condition[];
}

/** The filter that some conditions make; null without any. */
export function filterOf(parts: FilterParts): Filter | null {
  const filters = parts.conditions.map(({ column, test, negated }): Filter => {
    const cell: Filter = { kind: "cell", column, test };
    return negated ? { kind: "not", of: cell } : cell;
  });
  const [only, ...more] = filters;
  if (!only) return null;
  return more.length === 0 ? only : { kind: parts.match, of: filters };
}

/** The conditions of a filter; null for one that is nested deeper than the filter bar shows. */
export function partsOf(filter: Filter | null): FilterParts | null {
  if (filter === null) return { match: "all", conditions: [] };
  const single = conditionOf(filter);
  if (single) return { match: "all", conditions: [single] };
  if (filter.kind !== "all" && filter.kind !== "any") return null;
  const conditions: Condition[] = [];
  for (const part of filter.of) {
    const condition = conditionOf(part);
    if (!condition) return null;
    conditions.push(condition);
  }
  return { match: filter.kind, conditions };
}

function conditionOf(filter: Filter): Condition | null {
  if (filter.kind === "cell") return { column: filter.column, test: filter.test, negated: false };
  if (filter.kind === "not" && filter.of.kind === "cell") {
    return { column: filter.of.column, test: filter.of.test, negated: true };
  }
  return null;
}

/** A filter with one more condition, which must hold too. */
export function withCondition(filter: Filter | null, condition: Condition): Filter {
  const parts = partsOf(filter);
  const added = filterOf({ match: "all", conditions: [condition] });
  if (filter === null || added === null) return added ?? { kind: "all", of: [] };
  if (parts && (parts.match === "all" || parts.conditions.length < 2)) {
    const conditions = [...parts.conditions, condition];
    return filterOf({ match: "all", conditions }) ?? added;
  }
  return { kind: "all", of: [filter, added] };
}

/** Every column that a filter reads. */
export function columnsRead(filter: Filter | null): ColumnId[] {
  if (filter === null) return [];
  if (filter.kind === "cell") return [filter.column];
  if (filter.kind === "not") return columnsRead(filter.of);
  return [...new Set(filter.of.flatMap(columnsRead))];
}

/** A filter without the conditions on columns that are gone; null when nothing is left. */
export function withoutLostColumns(
  filter: Filter | null,
  columns: readonly Column[],
): Filter | null {
  if (filter === null) return null;
  const known = new Set(columns.map((column) => column.id));
  if (columnsRead(filter).every((column) => known.has(column))) return filter;
  const parts = partsOf(filter);
  if (!parts) return null;
  return filterOf({
    match: parts.match,
    conditions: parts.conditions.filter((condition) => known.has(condition.column)),
  });
}

/** The ways in which the filter bar can test a cell. */
export type TestKind =
  | "values"
  | "contains"
  | "starts"
  | "ends"
  | "is"
  | "matches"
  | "between"
  | "empty"
  | "state"
  | "confidence";

/** The tests that make sense for a column, the most useful first. */
export function testsFor(column: Column): TestKind[] {
  const ai: TestKind[] = column.kind.kind === "ai" ? ["state", "confidence"] : [];
  switch (column.value_type) {
    case "text":
      return ["values", "contains", "starts", "ends", "is", "matches", "between", "empty", ...ai];
    case "number":
      return ["between", "values", "empty", ...ai];
    case "time":
      return ["between", "values", "contains", "empty", ...ai];
    case "boolean":
      return ["values", "empty", ...ai];
    case "nested":
      return ["contains", "matches", "empty", ...ai];
    case "binary":
      return ["empty", ...ai];
  }
}

/** A condition while it is being written: every field as the person left it. */
export interface ConditionDraft {
  column: ColumnId;
  kind: TestKind;
  negated: boolean;
  values: Value[];
  text: string;
  matchCase: boolean;
  least: string;
  most: string;
  states: CellState[];
}

/** A draft to begin with. */
export function newDraft(column: Column): ConditionDraft {
  return {
    column: column.id,
    kind: testsFor(column)[0] ?? "empty",
    negated: false,
    values: [],
    text: "",
    matchCase: false,
    least: "",
    most: "",
    states: [],
  };
}

const textPlaces = {
  contains: "anywhere",
  starts: "start",
  ends: "end",
  is: "whole",
} as const;

/** A condition as a draft to change. */
export function draftOf(condition: Condition, column: Column): ConditionDraft {
  const draft = { ...newDraft(column), negated: condition.negated };
  const { test } = condition;
  switch (test.test) {
    case "empty":
      return { ...draft, kind: "empty" };
    case "one_of":
      return { ...draft, kind: "values", values: test.values };
    case "between":
      return {
        ...draft,
        kind: "between",
        least: limitText(test.least),
        most: limitText(test.most),
      };
    case "text": {
      const { text, match_case } = test;
      const found = Object.entries(textPlaces).find(([, place]) => place === test.place);
      const kind = (found?.[0] ?? "contains") as keyof typeof textPlaces;
      return { ...draft, kind, text, matchCase: match_case ?? false };
    }
    case "matches":
      return { ...draft, kind: "matches", text: test.pattern };
    case "state":
      return { ...draft, kind: "state", states: test.states };
    case "confidence":
      return {
        ...draft,
        kind: "confidence",
        least: percentText(test.least),
        most: percentText(test.most),
      };
  }
}

function limitText(limit: Value | undefined): string {
  return limit === null || limit === undefined ? "" : String(limit);
}

function percentText(share: number | null | undefined): string {
  return share === null || share === undefined ? "" : String(Math.round(share * 1000) / 10);
}

/** Why a draft is not a condition yet; the names are those of `strings.ts`. */
export type DraftProblem = "choose" | "text" | "limit" | "number" | "percent" | "order";

/** The condition that a draft makes, or why it makes none. */
export function conditionOfDraft(
  draft: ConditionDraft,
  column: Column,
): { condition: Condition } | { problem: DraftProblem } {
  const test = testOfDraft(draft, column);
  if (typeof test === "string") return { problem: test };
  return { condition: { column: draft.column, test, negated: draft.negated } };
}

function testOfDraft(draft: ConditionDraft, column: Column): CellTest | DraftProblem {
  switch (draft.kind) {
    case "empty":
      return { test: "empty" };
    case "values":
      return draft.values.length === 0 ? "choose" : { test: "one_of", values: draft.values };
    case "contains":
    case "starts":
    case "ends":
    case "is": {
      if (draft.text === "") return "text";
      const place = textPlaces[draft.kind];
      return { test: "text", place, text: draft.text, match_case: draft.matchCase };
    }
    case "matches":
      return draft.text === "" ? "text" : { test: "matches", pattern: draft.text };
    case "state":
      return draft.states.length === 0 ? "choose" : { test: "state", states: draft.states };
    case "between":
      return between(draft, column);
    case "confidence":
      return confidence(draft);
  }
}

function between(draft: ConditionDraft, column: Column): CellTest | DraftProblem {
  const [least, most] = [draft.least.trim(), draft.most.trim()];
  if (least === "" && most === "") return "limit";
  const limits: { least?: Value; most?: Value } = {};
  if (column.value_type === "number") {
    const [from, to] = [Number(least), Number(most)];
    if (Number.isNaN(from) || Number.isNaN(to)) return "number";
    if (least !== "" && most !== "" && from > to) return "order";
    // Digits that a double cannot hold travel as text: the Rust side reads them by the column.
    if (least !== "") limits.least = exact(least, from);
    if (most !== "") limits.most = exact(most, to);
  } else {
    if (least !== "") limits.least = least;
    if (most !== "") limits.most = most;
  }
  return { test: "between", ...limits };
}

function exact(text: string, number: number): Value {
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}

function confidence(draft: ConditionDraft): CellTest | DraftProblem {
  const [least, most] = [draft.least.trim(), draft.most.trim()];
  if (least === "" && most === "") return "limit";
  const [from, to] = [Number(least), Number(most)];
  if (!isPercent(from) || !isPercent(to)) return "percent";
  if (least !== "" && most !== "" && from > to) return "order";
  return {
    test: "confidence",
    least: least === "" ? null : from / 100,
    most: most === "" ? null : to / 100,
  };
}

function isPercent(share: number): boolean {
  return share >= 0 && share <= 100;
}
