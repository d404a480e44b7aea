import { type ColumnId, ipc, type RowId, type Value, type ViewId } from "~/ipc";
import type { Span } from "./selection";
import type { SheetTools } from "./tools";

/** Cells that are read at a time for a fill: large values must not pile up in one answer. */
const cellsAtATime = 20_000;

/** The view that is shown; null while the sheet is in its own order, unfiltered. */
export function viewId({ sheet }: Pick<SheetTools, "sheet">): ViewId | null {
  return sheet.view?.id ?? null;
}

/** The rows at some positions, at most `limit`. */
export async function rowsAt(
  tools: Pick<SheetTools, "sheet">,
  spans: readonly Span[],
  limit = Number.POSITIVE_INFINITY,
): Promise<RowId[]> {
  const view = viewId(tools);
  const rows: RowId[] = [];
  for (const { start, count } of spans) {
    const wanted = Math.min(count, limit - rows.length);
    if (wanted <= 0) break;
    const found = await ipc.rowsAt(tools.sheet.info.id, view, start, wanted);
    for (const row of found) rows.push(row);
  }
  return rows;
}

/** The values of a rectangle, row by row. */
export async function valuesAt(
  tools: Pick<SheetTools, "sheet">,
  columns: readonly ColumnId[],
  { start, count }: Span,
): Promise<Value[][]> {
  const view = viewId(tools);
  const atATime = Math.max(1, Math.floor(cellsAtATime / Math.max(1, columns.length)));
  const values: Value[][] = [];
  for (let at = start; at < start + count; at += atATime) {
    const page = await ipc.window(
      tools.sheet.info.id,
      view,
      [...columns],
      at,
      Math.min(atATime, start + count - at),
    );
    for (const row of page.rows) values.push(row.cells.map((cell) => cell.value));
  }
  return values;
}
