import type { CellState, ColumnStats, NumberSummary } from "~/ipc";
import { formatCount, formatNumber } from "~/lib/format";
import { text } from "./strings";

/** "40 of 1,000 rows" while a filter holds, "1,000 rows" otherwise. */
export function rowsText(shown: number, total: number, isFiltered: boolean): string {
  return isFiltered ? text.status.rows(formatCount(shown), formatCount(total)) : text.rows(total);
}

/** The figures of selected numbers, by name. */
export function numberFigures(numbers: NumberSummary | null): { name: string; value: string }[] {
  if (numbers === null || numbers.count === 0) return [];
  return [
    { name: text.status.sum, value: formatNumber(numbers.sum) },
    { name: text.status.mean, value: formatNumber(numbers.mean) },
    { name: text.status.least, value: formatNumber(numbers.least) },
    { name: text.status.greatest, value: formatNumber(numbers.greatest) },
  ];
}

const shownStates: CellState[] = ["done", "edited", "validated", "failed", "stale", "empty"];

/** The states of an AI column that at least one cell has, in a fixed order. */
export function stateCounts(states: ColumnStats["states"]): { state: CellState; count: number }[] {
  return shownStates
    .map((state) => ({ state, count: states[state] ?? 0 }))
    .filter(({ count }) => count > 0);
}
