import { ipc, type RowId, type RowPlace } from "~/ipc";
import { showToast } from "~/state/toasts";
import { busyWith, cellsChanged, countRows } from "./changes";
import { rowsAt } from "./reading";
import { rowsIn, spansOf } from "./selection";
import { text } from "./strings";
import { type SheetTools, selectionOf } from "./tools";
import { toastWithUndo } from "./undo-toast";
import { refreshRows } from "./views";

/** Inserts empty rows above or below the selection; at the end of a sheet without rows. */
export async function insertRows(
  tools: SheetTools,
  place: "above" | "below",
  count: number,
): Promise<void> {
  const spans = spansOf(selectionOf(tools).ranges);
  const [first, last] = [spans[0], spans.at(-1)];
  const position = place === "above" ? first?.start : last && last.start + last.count - 1;
  const [row] = position === undefined ? [] : await rowsAt(tools, [{ start: position, count: 1 }]);
  const at: RowPlace =
    row === undefined ? "last" : place === "above" ? { before: row } : { behind: row };
  await insertAt(tools, at, count);
}

/** Adds one row at the end and makes its first cell the active one. */
export async function addRow(tools: SheetTools): Promise<void> {
  await insertAt(tools, "last", 1);
}

async function insertAt(tools: SheetTools, place: RowPlace, count: number): Promise<void> {
  const { sheet, ui } = tools;
  const rows = await ipc.insertRows(sheet.info.id, place, count);
  await countRows(tools);
  cellsChanged(tools);
  if (sheet.view !== null) await refreshRows(tools);
  const position = await positionOfFirst(tools, rows);
  if (position === null) {
    showToast(tools.toasts, { kind: "info", title: text.toast.rowsNotShown(rows.length) });
    return;
  }
  const column = ui.selection?.active?.column ?? sheet.columns.find((c) => !c.hidden)?.id;
  if (column !== undefined) ui.view?.goTo(position, column);
}

async function positionOfFirst(tools: SheetTools, rows: RowId[]): Promise<number | null> {
  const [row] = rows;
  if (row === undefined) return null;
  // Not in the view when the filter does not hold for empty cells.
  return await ipc.positionOf(tools.sheet.info.id, tools.sheet.view?.id ?? null, row);
}

/** Deletes the selected rows; the message offers to take it back. */
export async function deleteSelectedRows(tools: SheetTools): Promise<void> {
  const spans = spansOf(selectionOf(tools).ranges);
  const count = rowsIn(spans);
  if (count === 0) return;
  await busyWith(tools, "change", async () => {
    const rows = await rowsAt(tools, spans);
    await ipc.deleteRows(tools.sheet.info.id, rows);
    if (tools.sheet.cell && rows.includes(tools.sheet.cell.row)) tools.sheet.cell = null;
    await countRows(tools);
    cellsChanged(tools);
  });
  await toastWithUndo(tools, text.toast.deletedRows(text.rows(count)));
}
