import type { ColumnId } from "~/ipc";
import type { Rectangle } from "./selection";

/** Where a block of texts goes, and what of it has no place. */
export interface PastePlan {
  /** The columns that take it, in the order of the block. */
  columns: ColumnId[];
  /** Position of the first row. */
  start: number;
  /** Rows of the view that it covers. */
  coveredRows: number;
  /** Rows that are added at the end of the sheet. */
  addedRows: number;
  /** Columns of the block to the right of the last column. */
  lostColumns: number;
  /** The texts, every line as wide as the block. */
  block: string[][];
}

/** The block with every line equally wide, without the empty line that many programs end with. */
export function evenBlock(block: readonly (readonly string[])[]): string[][] {
  const width = block.reduce((most, line) => Math.max(most, line.length), 0);
  return block.map((line) => [...line, ...Array<string>(width - line.length).fill("")]);
}

/**
 * Plans a paste at a selection. A block that the selection is a multiple of is repeated to fill it,
 * so that one copied cell fills all that is selected, as in every spreadsheet.
 */
export function planPaste(
  texts: readonly (readonly string[])[],
  at: Rectangle,
  displayed: readonly ColumnId[],
  rowCount: number,
): PastePlan {
  const block = tiled(evenBlock(texts), at);
  const width = block[0]?.length ?? 0;
  const first = at.columns[0];
  const from = first === undefined ? 0 : Math.max(0, displayed.indexOf(first));
  const columns = displayed.slice(from, from + width);
  const start = Math.min(at.top, rowCount);
  const coveredRows = Math.min(block.length, rowCount - start);
  return {
    columns,
    start,
    coveredRows,
    addedRows: block.length - coveredRows,
    lostColumns: width - columns.length,
    block,
  };
}

/** The same plan for the part of the block that has a column. */
export function onlyWhatFits(plan: PastePlan): PastePlan {
  const width = plan.columns.length;
  return { ...plan, lostColumns: 0, block: plan.block.map((line) => line.slice(0, width)) };
}

function tiled(block: string[][], at: Rectangle): string[][] {
  const [height, width] = [block.length, block[0]?.length ?? 0];
  if (height === 0 || width === 0) return [];
  const [rows, columns] = [at.bottom - at.top + 1, at.columns.length];
  if (rows < 1 || columns < 1 || rows % height !== 0 || columns % width !== 0) return block;
  const wide = block.map((line) => repeat(line, columns / width));
  return repeat(wide, rows / height);
}

function repeat<T>(items: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => items).flat();
}
