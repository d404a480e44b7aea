import { showFailure } from "~/errors";
import { type ColumnId, type CopyFormat, type DataType, ipc, type SortKey } from "~/ipc";
import { copySelection, cutSelection, pasteFromClipboard } from "./clipboard-actions";
import {
  addDataColumn,
  autofit,
  deleteColumns,
  duplicateColumn,
  freezeColumn,
  hideColumn,
  moveByOne,
  showAllColumns,
  storeWidth,
} from "./column-actions";
import { clearSelection, fillDown, fillRight, validateSelection } from "./edits";
import { openFind } from "./find";
import { generateSelection, retrySelection, runAll, runColumn, stopRuns } from "./generating";
import { deleteSelectedRows, insertRows } from "./row-actions";
import { redo, undo } from "./steps";
import type { SheetDialog, SheetTools } from "./tools";
import { filterByActive, filterUnsure, refreshRows, sortBy } from "./views";

/** Everything that menus, buttons and keys can do to the open sheet. */
export type SheetAction =
  | { do: "open-cell" }
  | { do: "copy"; format: CopyFormat; header: boolean }
  | { do: "cut" }
  | { do: "paste-from-clipboard" }
  | { do: "clear" }
  | { do: "fill-down" }
  | { do: "fill-right" }
  | { do: "generate"; fresh: boolean }
  | { do: "retry" }
  | { do: "validate" }
  | { do: "filter-value"; negated: boolean }
  | { do: "insert-rows"; place: "above" | "below"; count: number }
  | { do: "delete-rows" }
  | { do: "inspect"; column: ColumnId }
  | { do: "run-column"; column: ColumnId; scope: "pending" | "failed" }
  | { do: "run-all" }
  | { do: "stop-runs"; column: ColumnId | null }
  | { do: "ask"; dialog: SheetDialog }
  | { do: "sort-by"; key: SortKey; add: boolean }
  | { do: "filter-unsure"; column: ColumnId }
  | { do: "edit-condition"; index: number | null; column: ColumnId }
  | { do: "refresh-view" }
  | { do: "freeze"; column: ColumnId; frozen: boolean }
  | { do: "move-by-one"; column: ColumnId; step: -1 | 1 }
  | { do: "autofit"; column: ColumnId }
  | { do: "store-width"; column: ColumnId; widthPx: number | null }
  | { do: "hide"; column: ColumnId; hidden: boolean }
  | { do: "show-all-columns" }
  | { do: "duplicate"; column: ColumnId }
  | { do: "delete-columns"; columns: ColumnId[] }
  | { do: "add-data-column"; dataType: DataType }
  | { do: "add-ai-column" }
  | { do: "lock"; locked: boolean }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "find"; withReplace: boolean };

/** Does an action; whatever goes wrong is shown as a toast. */
export async function perform(tools: SheetTools, action: SheetAction): Promise<void> {
  try {
    await act(tools, action);
  } catch (thrown) {
    showFailure(tools.toasts, thrown);
  }
}

async function act(tools: SheetTools, action: SheetAction): Promise<void> {
  const { sheet, ui } = tools;
  switch (action.do) {
    case "open-cell":
      return openCell(tools);
    case "copy":
      return copySelection(tools, action.format, action.header);
    case "cut":
      return cutSelection(tools);
    case "paste-from-clipboard":
      return pasteFromClipboard(tools);
    case "clear":
      return clearSelection(tools);
    case "fill-down":
      return fillDown(tools);
    case "fill-right":
      return fillRight(tools);
    case "generate":
      return generateSelection(tools, action.fresh);
    case "retry":
      return retrySelection(tools);
    case "validate":
      return validateSelection(tools);
    case "filter-value":
      return filterByActive(tools, action.negated);
    case "insert-rows":
      return insertRows(tools, action.place, action.count);
    case "delete-rows":
      return deleteSelectedRows(tools);
    case "inspect":
      sheet.inspector = action.column;
      return;
    case "run-column":
      return runColumn(tools, action.column, action.scope);
    case "run-all":
      return runAll(tools);
    case "stop-runs":
      return stopRuns(tools, action.column);
    case "ask":
      ui.dialog = action.dialog;
      return;
    case "sort-by":
      return sortBy(tools, action.key, action.add);
    case "filter-unsure":
      return filterUnsure(tools, action.column);
    case "edit-condition":
      ui.condition = { index: action.index, column: action.column };
      return;
    case "refresh-view":
      return refreshRows(tools);
    case "freeze":
      return freezeColumn(tools, action.column, action.frozen);
    case "move-by-one":
      return moveByOne(tools, action.column, action.step);
    case "autofit":
      return autofit(tools, action.column);
    case "store-width":
      return storeWidth(tools, action.column, action.widthPx);
    case "hide":
      return hideColumn(tools, action.column, action.hidden);
    case "show-all-columns":
      return showAllColumns(tools);
    case "duplicate":
      return duplicateColumn(tools, action.column);
    case "delete-columns":
      return deleteColumns(tools, action.columns);
    case "add-data-column":
      return addDataColumn(tools, action.dataType);
    case "add-ai-column":
      sheet.newPrompt = "";
      sheet.inspectorTab = "prompt";
      sheet.inspector = "new";
      return;
    case "lock":
      return lock(tools, action.locked);
    case "undo":
      return undo(tools);
    case "redo":
      return redo(tools);
    case "find":
      openFind(tools, action.withReplace);
      return;
  }
}

/** Keeps everything of the sheet on this computer, or allows backends again. */
async function lock({ sheet, app }: SheetTools, locked: boolean): Promise<void> {
  await ipc.setLocalOnly(sheet.info.id, locked);
  sheet.info.local_only = locked;
  app.sheetsChanged += 1;
}

function openCell(tools: SheetTools): void {
  const { row, column } = tools.sheet.selected;
  if (row !== null && column !== null) tools.sheet.cell = { row, column };
}
