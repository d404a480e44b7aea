/** Reads one cell by its row, wherever that is in the view. */
import type { CellView, ColumnId, RowId, SheetId, ViewId } from "~/ipc";
import { ipc } from "~/ipc";

/** A cell as it was read. */
export interface LoadedCell {
  row: RowId;
  column: ColumnId;
  /** Where the row is in the view; null when the view does not have it. */
  position: number | null;
  cell: CellView;
}

/** Rows may move between the two questions that a read takes; then it is asked again. */
const ATTEMPTS = 3;

/** The cell; null when its row is no longer there. */
export async function loadCell(
  sheet: SheetId,
  view: ViewId | null,
  column: ColumnId,
  row: RowId,
): Promise<LoadedCell | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const position = await ipc.positionOf(sheet, view, row);
    // A row that the filter hides is still a row of the sheet.
    const place = position ?? (view === null ? null : await ipc.positionOf(sheet, null, row));
    if (place === null) return null;
    const from = position === null ? null : view;
    const { rows } = await ipc.window(sheet, from, [column], place, 1);
    const cell = rows[0]?.row === row ? rows[0].cells[0] : undefined;
    if (cell) return { row, column, position, cell };
  }
  return null;
}
