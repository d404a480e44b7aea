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

/** Cells that are summed up in one turn; between two turns the page goes on. */
const CELLS_AT_ONCE = 50_000;

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

/** The same rows, some at a time: a range of a million is never a list. */
function* selectedInPieces(
  sheet: FakeSheet,
  selection: Selection,
  atOnce: number,
): Generator<RowId[]> {
  if (selection.rows === "range") {
    const { view, start, count } = selection;
    for (let at = start; at < start + count; at += atOnce) {
      const rows = rowsAt(sheet, view ?? null, at, Math.min(atOnce, start + count - at));
      if (rows.length === 0) return;
      yield rows;
    }
    return;
  }
  const rows = selected(sheet, selection);
  for (let at = 0; at < rows.length; at += atOnce) yield rows.slice(at, at + atOnce);
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
    summarise: async (id, columnIds, selection) => {
      const sheet = world.sheet(id);
      const columns = columnIds.map((column) => sheet.column(column));
      const atOnce = Math.ceil(CELLS_AT_ONCE / Math.max(1, columns.length));
      let [rows, filled, count, sum] = [0, 0, 0, 0];
      let [least, greatest] = edges([]);
      for (const piece of selectedInPieces(sheet, selection, atOnce)) {
        if (rows > 0) await new Promise((resolve) => setTimeout(resolve));
        rows += piece.length;
        for (const row of piece) {
          for (const column of columns) {
            const { value } = sheet.cell(row, column);
            if (isEmpty(value)) continue;
            filled += 1;
            if (typeof value !== "number") continue;
            count += 1;
            sum += value;
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
          }
        }
      }
      return {
        rows,
        filled,
        numbers: count > 0 ? { count, sum, mean: sum / count, least, greatest } : null,
      };
    },
  };
}
