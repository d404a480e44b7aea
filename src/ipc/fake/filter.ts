import type { CellState, CellTest, ColumnId, Filter, RowId, SortKey, Value } from "../bindings";
import { refuse } from "./failure";
import type { FakeSheet } from "./sheet";
import { compareValues, isEmpty, textOf } from "./values";

type RowTest = (row: RowId) => boolean;

const STATES: CellState[] = [
  "empty",
  "queued",
  "running",
  "done",
  "failed",
  "edited",
  "validated",
  "stale",
];

/** A regular expression; one that cannot be read is refused. */
export function patternOf(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(
      "bad_input",
      `the pattern \`${pattern}\` cannot be used: ${reason}`,
      "put a backslash before characters that are meant as they are",
    );
  }
}

/** What a filter says about a row. */
export function testOf(sheet: FakeSheet, filter: Filter): RowTest {
  switch (filter.kind) {
    case "all": {
      const tests = filter.of.map((part) => testOf(sheet, part));
      return (row) => tests.every((test) => test(row));
    }
    case "any": {
      const tests = filter.of.map((part) => testOf(sheet, part));
      return (row) => tests.some((test) => test(row));
    }
    case "not": {
      const test = testOf(sheet, filter.of);
      return (row) => !test(row);
    }
    case "cell":
      return cellTestOf(sheet, filter.column, filter.test);
  }
}

function cellTestOf(sheet: FakeSheet, id: ColumnId, test: CellTest): RowTest {
  const column = sheet.column(id);
  const view = (row: RowId) => sheet.cell(row, column);
  switch (test.test) {
    case "empty":
      return (row) => isEmpty(view(row).value);
    case "one_of": {
      const wanted = new Set(test.values.map(textOf));
      return (row) => wanted.has(textOf(view(row).value));
    }
    case "between":
      return (row) => isBetween(view(row).value, test.least ?? null, test.most ?? null);
    case "text": {
      const fold = (text: string) => (test.match_case ? text : text.toLowerCase());
      const wanted = fold(test.text);
      return (row) => isAt(fold(textOf(view(row).value)), wanted, test.place);
    }
    case "matches": {
      const pattern = patternOf(test.pattern, "u");
      return (row) => pattern.test(textOf(view(row).value));
    }
    case "state":
      return (row) => test.states.includes(view(row).state ?? "empty");
    case "confidence":
      return (row) => {
        const confidence = view(row).confidence;
        if (confidence === null) return false;
        return confidence >= (test.least ?? 0) && confidence <= (test.most ?? 1);
      };
  }
}

function isBetween(value: Value, least: Value, most: Value): boolean {
  if (isEmpty(value)) return false;
  const bound = (wanted: Value): Value =>
    typeof value === "number" && typeof wanted === "string" ? Number(wanted) : wanted;
  if (least !== null && compareValues(value, bound(least)) < 0) return false;
  return most === null || compareValues(value, bound(most)) <= 0;
}

function isAt(
  text: string,
  wanted: string,
  place: "anywhere" | "start" | "end" | "whole",
): boolean {
  if (place === "start") return text.startsWith(wanted);
  if (place === "end") return text.endsWith(wanted);
  return place === "whole" ? text === wanted : text.includes(wanted);
}

/** Sorts rows; equal ones stay in their order and empty cells come last either way. */
export function sorted(sheet: FakeSheet, rows: RowId[], sort: SortKey[]): RowId[] {
  const keys = sort.map((key) => {
    const column = sheet.column(key.column);
    const by = key.by ?? "value";
    const read = (row: RowId): Value => {
      const cell = sheet.cell(row, column);
      if (by === "state") return STATES.indexOf(cell.state ?? "empty");
      if (by === "confidence") return cell.confidence;
      return isEmpty(cell.value) ? null : cell.value;
    };
    const values = new Map(rows.map((row) => [row, read(row)]));
    return { values, turn: key.descending ? -1 : 1 };
  });
  return [...rows].sort((left, right) => {
    for (const { values, turn } of keys) {
      const one = values.get(left) ?? null;
      const other = values.get(right) ?? null;
      if (one === null && other === null) continue;
      if (one === null) return 1;
      if (other === null) return -1;
      const order = compareValues(one, other);
      if (order !== 0) return order * turn;
    }
    return 0;
  });
}
