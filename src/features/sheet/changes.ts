import { ipc } from "~/ipc";
import { withoutLostColumns } from "./conditions";
import { gridModel } from "./model";
import { viewId } from "./reading";
import type { Busy, SheetTools } from "./tools";

/** Says what the sheet is busy with, when it takes longer than a glance. */
const busyAfterMs = 150;

/** Tells the whole screen that cells changed, and shows them as they are now. */
export function cellsChanged(tools: SheetTools): void {
  tools.sheet.changed += 1;
  tools.ui.view?.reload();
}

/** Reads the columns again, after one was added, deleted, renamed or moved. */
export async function columnsChanged(tools: SheetTools): Promise<void> {
  const { sheet } = tools;
  const columns = await ipc.columns(sheet.info.id);
  sheet.columns = columns;
  sheet.info.column_count = columns.length;
  const known = new Set(columns.map((column) => column.id));
  if (typeof sheet.inspector === "number" && !known.has(sheet.inspector)) sheet.inspector = null;
  if (sheet.cell && !known.has(sheet.cell.column)) sheet.cell = null;
  if (sheet.sort.some((key) => !known.has(key.column))) {
    sheet.sort = sheet.sort.filter((key) => known.has(key.column));
  }
  const filter = withoutLostColumns(sheet.filter, columns);
  if (filter !== sheet.filter) sheet.filter = filter;
  tools.app.sheetsChanged += 1;
  showModel(tools);
  cellsChanged(tools);
}

/** Shows the columns and rows in the grid at once, for who goes to one of them next. */
function showModel({ sheet, ui }: SheetTools): void {
  ui.view?.setModel(gridModel(sheet, ui));
}

/** Counts the rows again, of the sheet and of the view, after rows were added or deleted. */
export async function countRows(tools: SheetTools): Promise<void> {
  const { sheet } = tools;
  const columns = sheet.columns.slice(0, 1).map((column) => column.id);
  const all = await ipc.window(sheet.info.id, null, columns, 0, 1);
  if (sheet.info.row_count !== all.row_count) sheet.info.row_count = all.row_count;
  const view = viewId(tools);
  if (view === null) {
    sheet.rowCount = all.row_count;
    showModel(tools);
    return;
  }
  const shown = await ipc.window(sheet.info.id, view, columns, 0, 1);
  if (sheet.view?.id === view && sheet.rowCount !== shown.row_count) {
    sheet.view = { id: view, row_count: shown.row_count };
    sheet.rowCount = shown.row_count;
    showModel(tools);
  }
}

/** Does something that may take long, and says so when it does. */
export async function busyWith<T>(
  tools: SheetTools,
  busy: Busy,
  work: () => Promise<T>,
): Promise<T> {
  const { ui } = tools;
  const timer = setTimeout(() => {
    ui.busy = busy;
  }, busyAfterMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (ui.busy === busy) ui.busy = null;
  }
}
