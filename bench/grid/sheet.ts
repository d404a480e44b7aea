/** A sheet that exists only as a formula, and answers as late as the real one. */
import type { GridColumn, GridModel, GridSource } from "../../src/features/grid/types";

export const rowCount = 1_000_000;
export const columnCount = 20;
/** How long the sheet takes to answer; what DuckDB needs for a page of a sorted view. */
export const answerAfterMs = 2;

const words = ["amber", "basalt", "cedar", "delta", "ember", "fjord", "grove", "harbour"];

/** The text of a cell. */
export function cellText(position: number, column: number): string {
  if (column % 3 === 0) return String((position * 7919 + column * 104_729) % 1_000_003);
  const word = words[(position + column) % words.length] ?? "";
  const other = words[(position * 3 + column * 5) % words.length] ?? "";
  return `${word} ${other} ${position} of ${column}`;
}

export const columns: GridColumn[] = Array.from({ length: columnCount }, (_, index) => ({
  id: index + 1,
  name: `Column ${index + 1}`,
  valueType: index % 3 === 0 ? "number" : "text",
  ai: index % 5 === 4,
  labels: null,
  widthPx: 140,
  frozen: index === 0,
  sort: null,
  filtered: false,
  chip: null,
}));

export const model: GridModel = { columns, rowCount, readOnly: false, rowHeightPx: 28 };

export const source: GridSource = {
  async window(ids, start, count) {
    await new Promise((resolve) => setTimeout(resolve, answerAfterMs));
    const rows = Array.from({ length: Math.min(count, rowCount - start) }, (_, offset) => ({
      row: start + offset,
      cells: ids.map((id) => ({
        value:
          (id - 1) % 3 === 0
            ? Number(cellText(start + offset, id - 1))
            : cellText(start + offset, id - 1),
        state: null,
        error: null,
        confidence: null,
      })),
    }));
    return { columns: ids, start, row_count: rowCount, rows };
  },
};
