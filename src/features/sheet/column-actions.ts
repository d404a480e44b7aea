import { $ } from "@builder.io/qwik";
import { type ColumnId, type DataType, ipc, type SplitProperty } from "~/ipc";
import { showToast } from "~/state/toasts";
import { perform } from "./actions";
import { columnsChanged } from "./changes";
import { freeColumnName, placeBefore, placeByOne } from "./column-order";
import { writePreferences } from "./preferences";
import { splitMessage } from "./split-plan";
import { text } from "./strings";
import { columnOf, type SheetTools, shownIds } from "./tools";
import { toastWithUndo } from "./undo-toast";

/** Between the last movement of a drag and storing the width. */
const storeWidthAfterMs = 300;

/** Adds an empty column and asks for its name. */
export async function addDataColumn(tools: SheetTools, dataType: DataType): Promise<void> {
  const { sheet, ui } = tools;
  const name = freeColumnName(sheet.columns, text.column.newName);
  const column = await ipc.addDataColumn(sheet.info.id, name, dataType);
  await columnsChanged(tools);
  ui.view?.goTo(Math.max(0, ui.selection?.active?.position ?? 0), column.id);
  ui.dialog = { kind: "rename", column: column.id };
}

/** Gives a column another name; prompts that name it follow. */
export async function renameColumn(
  tools: SheetTools,
  column: ColumnId,
  name: string,
): Promise<void> {
  await ipc.renameColumn(tools.sheet.info.id, column, name);
  await columnsChanged(tools);
}

/** Gives a data column another type; fails with "conflict" when that would lose values. */
export async function retypeColumn(
  tools: SheetTools,
  column: ColumnId,
  dataType: DataType,
  mayLose: boolean,
): Promise<void> {
  const lost = await ipc.retypeColumn(tools.sheet.info.id, column, dataType, mayLose);
  await columnsChanged(tools);
  if (lost > 0) await toastWithUndo(tools, text.toast.lostValues(text.cells(lost)));
}

/** Puts a column before another, or last; a drag into the frozen columns freezes it. */
export async function moveColumn(
  tools: SheetTools,
  column: ColumnId,
  before: ColumnId | null,
): Promise<void> {
  const { sheet, ui } = tools;
  if (column === before) return;
  const isFrozen = ui.frozen.includes(column);
  const willFreeze = before !== null && ui.frozen.includes(before);
  if (willFreeze !== isFrozen && !(isFrozen && isBehindFrozen(tools, before))) {
    freezeColumn(tools, column, willFreeze);
  }
  await ipc.moveColumn(sheet.info.id, column, placeBefore(sheet.columns, column, before));
  await columnsChanged(tools);
}

/** Whether a place is right behind the frozen columns, where a frozen one may stay frozen. */
function isBehindFrozen({ sheet, ui }: SheetTools, before: ColumnId | null): boolean {
  const shown = shownIds({ sheet, ui });
  const count = shown.filter((id) => ui.frozen.includes(id)).length;
  return (shown[count] ?? null) === before;
}

/** Moves a column by one among those that are shown. */
export async function moveByOne(tools: SheetTools, column: ColumnId, step: -1 | 1): Promise<void> {
  const { sheet, ui } = tools;
  const place = placeByOne(sheet.columns, ui.frozen, column, step);
  if (place === null) return;
  await ipc.moveColumn(sheet.info.id, column, place);
  await columnsChanged(tools);
}

/** Shows a width at once and stores it when the drag rests; null goes back to the default. */
export function resizeColumn(tools: SheetTools, column: ColumnId, widthPx: number | null): void {
  const { sheet, ui } = tools;
  const timers = ui.work?.resizeTimers;
  if (!timers) return;
  const px = widthPx === null ? null : Math.round(widthPx);
  const { [column]: _, ...others } = ui.widthsPx;
  ui.widthsPx = px === null ? others : { ...others, [column]: px };
  clearTimeout(timers.get(column));
  timers.set(
    column,
    window.setTimeout(() => {
      timers.delete(column);
      void perform(tools, { do: "store-width", column, widthPx: px });
    }, storeWidthAfterMs),
  );
  if (px === null) {
    sheet.columns = sheet.columns.map((c) => (c.id === column ? { ...c, width_px: null } : c));
  }
}

/** Stores the width of a column. */
export async function storeWidth(
  tools: SheetTools,
  column: ColumnId,
  widthPx: number | null,
): Promise<void> {
  const { sheet, ui } = tools;
  if (sheet.readOnly !== null) return;
  await ipc.resizeColumn(sheet.info.id, column, widthPx);
  sheet.columns = sheet.columns.map((c) => (c.id === column ? { ...c, width_px: widthPx } : c));
  if (ui.widthsPx[column] === widthPx) {
    const { [column]: _, ...others } = ui.widthsPx;
    ui.widthsPx = others;
  }
}

/** Makes a column as wide as what it shows. */
export function autofit(tools: SheetTools, column: ColumnId): void {
  const width = tools.ui.view?.autofitWidth(column);
  if (width !== undefined) resizeColumn(tools, column, width);
}

/** Hides a column, or shows it again. */
export async function hideColumn(
  tools: SheetTools,
  column: ColumnId,
  hidden: boolean,
): Promise<void> {
  const { sheet, toasts } = tools;
  const name = columnOf(tools, column)?.name ?? "";
  await ipc.hideColumn(sheet.info.id, column, hidden);
  await columnsChanged(tools);
  if (!hidden) return;
  showToast(toasts, {
    kind: "info",
    title: text.toast.hiddenColumn(name),
    action: {
      label: text.toast.show,
      run$: $(async () => {
        if (tools.ui.work?.left === false) {
          await perform(tools, { do: "hide", column, hidden: false });
        }
      }),
    },
  });
}

/** Shows every hidden column. */
export async function showAllColumns(tools: SheetTools): Promise<void> {
  const { sheet } = tools;
  const hidden = sheet.columns.filter((column) => column.hidden);
  try {
    for (const column of hidden) await ipc.hideColumn(sheet.info.id, column.id, false);
  } finally {
    await columnsChanged(tools);
  }
}

/** Keeps a column at the left while the others scroll; remembered on this computer. */
export function freezeColumn(tools: SheetTools, column: ColumnId, frozen: boolean): void {
  const { sheet, ui } = tools;
  const others = ui.frozen.filter((id) => id !== column);
  ui.frozen = frozen ? [...others, column] : others;
  writePreferences(sheet.info.id, { rowHeightPx: ui.rowHeightPx, frozen: ui.frozen });
}

/** Copies a column with its values and, for an AI column, its recipe. */
export async function duplicateColumn(tools: SheetTools, column: ColumnId): Promise<void> {
  const { sheet, ui } = tools;
  const copy = await ipc.duplicateColumn(sheet.info.id, column, null);
  await columnsChanged(tools);
  ui.view?.goTo(ui.selection?.active?.position ?? 0, copy.id);
}

/** Makes columns of properties of a JSON column; the message offers to take it back. */
export async function splitColumn(
  tools: SheetTools,
  column: ColumnId,
  properties: SplitProperty[],
): Promise<void> {
  const { sheet, ui } = tools;
  const made = await ipc.splitJsonColumn(sheet.info.id, column, properties);
  await columnsChanged(tools);
  const [first] = made.columns;
  if (first) ui.view?.goTo(ui.selection?.active?.position ?? 0, first.column.id);
  const { title, detail } = splitMessage(made);
  await toastWithUndo(tools, title, detail);
}

/** Deletes columns; the message offers to take it back. */
export async function deleteColumns(tools: SheetTools, columns: ColumnId[]): Promise<void> {
  if (columns.length === 0) return;
  await ipc.deleteColumns(tools.sheet.info.id, columns);
  await columnsChanged(tools);
  await toastWithUndo(tools, text.toast.deletedColumns(text.columns(columns.length)));
}
