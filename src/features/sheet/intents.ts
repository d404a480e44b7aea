import { showFailure } from "~/errors";
import type { GridIntent } from "~/features/grid";
import { showToast } from "~/state/toasts";
import { perform } from "./actions";
import { paste } from "./clipboard-actions";
import { moveColumn, resizeColumn } from "./column-actions";
import { editCell, fillDrag } from "./edits";
import { findStep } from "./find";
import { openAddColumnMenu, openMenu } from "./open-menu";
import { addRow } from "./row-actions";
import { cellsIn } from "./selection";
import { text } from "./strings";
import { type SheetTools, selectionOf, shownIds } from "./tools";
import { cycleSortOf } from "./views";

/** Does what somebody wants of the grid; whatever goes wrong is shown as a toast. */
export async function handleIntent(tools: SheetTools, intent: GridIntent): Promise<void> {
  try {
    await handle(tools, intent);
  } catch (thrown) {
    showFailure(tools.toasts, thrown);
  }
}

/** What cannot be done to a sheet that another process has. */
const CHANGES: ReadonlySet<GridIntent["kind"]> = new Set([
  "edit",
  "paste",
  "fill-drag",
  "clear",
  "cut",
  "fill-down",
  "fill-right",
  "undo",
  "redo",
  "validate",
  "retry",
  "generate",
  "replace",
  "move-column",
  "add-column",
  "add-row",
]);

async function handle(tools: SheetTools, intent: GridIntent): Promise<void> {
  if (tools.sheet.readOnly !== null && CHANGES.has(intent.kind)) {
    showToast(tools.toasts, { kind: "info", title: text.screen.readOnlyTitle });
    return;
  }
  switch (intent.kind) {
    case "edit":
      return editCell(tools, intent, intent.text);
    case "paste":
      return paste(tools, intent.text, intent.html);
    case "fill-drag":
      return fillDrag(tools, intent.from, intent.to);
    case "copy":
      return perform(tools, { do: "copy", format: "tsv", header: false });
    case "clear":
    case "cut":
    case "fill-down":
    case "fill-right":
    case "undo":
    case "redo":
    case "open-cell":
    case "validate":
    case "retry":
      return perform(tools, { do: intent.kind });
    case "generate":
      return perform(tools, { do: "generate", fresh: isOneDoneCell(tools) });
    case "find":
    case "replace":
      return perform(tools, { do: "find", withReplace: intent.kind === "replace" });
    case "find-next":
      return findStep(tools, intent.back);
    case "menu":
      return openMenu(tools, intent);
    case "sort":
      return cycleSortOf(tools, intent.column, intent.add);
    case "resize":
      return resizeColumn(tools, intent.column, intent.widthPx);
    case "move-column":
      return moveColumn(tools, intent.column, intent.before);
    case "open-column":
      return perform(tools, { do: "inspect", column: intent.column });
    case "add-column":
      return openAddColumnMenu(tools, intent.x, intent.y);
    case "add-row":
      return addRow(tools);
  }
}

/** A cell that is done already: asking again must not give the answer that is kept. */
function isOneDoneCell(tools: SheetTools): boolean {
  const { active, ranges } = selectionOf(tools);
  if (!active || cellsIn(ranges, shownIds(tools)) !== 1) return false;
  return tools.ui.view?.cellAt(active.position, active.column)?.state === "done";
}
