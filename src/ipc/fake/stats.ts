import type {
  Bin,
  CellState,
  ColumnStats,
  NumberStats,
  RowId,
  Selection,
  Value,
  ValueCount,
} from "../bindings";
import type { Part } from "./commands";
import { testOf } from "./filter";
import type { FakeSheet } from "./sheet";
import { compareValues, isEmpty, textOf } from "./values";
import { rowsAt } from "./views";
import type { World } from "./world";

/** The rows that figures are about. */
function selected(sheet: FakeSheet, selection: Selection): RowId[] {
  switch (selection.rows) {
    case "all":
      return sheet.allRows();
    case "where":
      return sheet.allRows().filter(testOf(sheet, selection.filter));
    case "range":
      return rowsAt(sheet, selection.view ?? null, selection.start, selection.count);
  }
}

const total = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0);

function counted(values: Value[]): ValueCount[] {
  const counts = new Map<string, ValueCount>();
  for (const value of values) {
    const key = textOf(value);
    const count = counts.get(key);
    if (count) count.count += 1;
    else counts.set(key, { value, count: 1 });
  }
  return [...counts.values()].sort((left, right) => compareValues(left.value, right.value));
}

function figuresOf(numbers: number[]): NumberStats | null {
  if (numbers.length === 0) return null;
  const sorted = [...numbers].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const at = (place: number): number => sorted[Math.floor(place)] ?? 0;
  const mean = total(numbers) / numbers.length;
  const squares = total(numbers.map((each) => (each - mean) ** 2));
  return {
    sum: total(numbers),
    mean,
    median: (at(middle - 0.5) + at(middle)) / 2,
    deviation: numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : null,
  };
}

function binsOf(numbers: number[], bins: number, from: number, to: number): Bin[] {
  if (numbers.length === 0 || bins === 0) return [];
  const count = from === to ? 1 : bins;
  const width = (to - from) / count;
  const result = Array.from({ length: count }, (_, at): Bin & { count: number } => ({
    from: from + at * width,
    to: at === count - 1 ? to : from + (at + 1) * width,
    count: 0,
  }));
  for (const each of numbers) {
    const bin = result[Math.min(count - 1, width === 0 ? 0 : Math.floor((each - from) / width))];
    if (bin) bin.count += 1;
  }
  return result;
}

function edges(numbers: number[]): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const each of numbers) {
    least = Math.min(least, each);
    most = Math.max(most, each);
  }
  return [least, most];
}

function histogramOf(values: Value[], bins: number): Bin[] {
  if (values.every((value) => typeof value === "number")) {
    const numbers = values.filter((value) => typeof value === "number");
    return binsOf(numbers, bins, ...edges(numbers));
  }
  const times = values.map((value) => Date.parse(`${textOf(value).replace(" ", "T")}`));
  if (times.some(Number.isNaN)) return [];
  const day = (at: Value): Value => new Date(Number(at)).toISOString().slice(0, 10);
  return binsOf(times, bins, ...edges(times)).map((bin) => ({
    from: day(bin.from),
    to: day(bin.to),
    count: bin.count,
  }));
}

export function statsCommands(world: World): Part<"columnStats" | "distinctValues" | "summarise"> {
  return {
    columnStats: (id, columnId, selection, bins, top): ColumnStats => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      const cells = selected(sheet, selection).map((row) => sheet.cell(row, column));
      const values = cells.map((cell) => cell.value).filter((value) => !isEmpty(value));
      const numbers = values.filter((value) => typeof value === "number");
      const counts = counted(values);
      const lengths = values.map((value) => [...textOf(value)].length);
      const states: { [state in CellState]?: number } = {};
      for (const { state } of cells) if (state) states[state] = (states[state] ?? 0) + 1;
      const confidences = cells.flatMap((cell) => cell.confidence ?? []);
      const isText = column.value_type === "text" && values.length > 0;
      const [least, greatest] = edges(lengths);
      return {
        rows: cells.length,
        empty: cells.length - values.length,
        distinct: counts.length,
        least: counts[0]?.value ?? null,
        greatest: counts.at(-1)?.value ?? null,
        numbers: column.value_type === "number" ? figuresOf(numbers) : null,
        lengths: isText ? { least, greatest, mean: total(lengths) / lengths.length } : null,
        top: [...counts].sort((left, right) => right.count - left.count).slice(0, top),
        histogram:
          column.value_type === "number" || column.value_type === "time"
            ? histogramOf(values, bins)
            : [],
        states,
        confidences: binsOf(confidences, bins, 0, 1),
      };
    },
    distinctValues: (id, columnId, selection, search, limit) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      const all = selected(sheet, selection).map((row) => sheet.cell(row, column).value);
      const filled = all.filter((value) => !isEmpty(value));
      const wanted = (search ?? "").toLowerCase();
      const counts = counted(filled).filter((each) =>
        textOf(each.value).toLowerCase().includes(wanted),
      );
      return {
        values: counts.slice(0, limit),
        total: counts.length,
        empty: all.length - filled.length,
      };
    },
    summarise: (id, columnIds, selection) => {
      const sheet = world.sheet(id);
      const columns = columnIds.map((column) => sheet.column(column));
      const rows = selected(sheet, selection);
      const values = rows.flatMap((row) => columns.map((column) => sheet.cell(row, column).value));
      const filled = values.filter((value) => !isEmpty(value));
      const numbers = filled.filter((value) => typeof value === "number");
      const [least, greatest] = edges(numbers);
      const sum = total(numbers);
      const count = numbers.length;
      return {
        rows: rows.length,
        filled: filled.length,
        numbers: count > 0 ? { count, sum, mean: sum / count, least, greatest } : null,
      };
    },
  };
}
