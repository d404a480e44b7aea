import { useTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { focusRaiseCap } from "~/features/inspector";
import { registerCommands } from "~/features/shell";
import { ipc } from "~/ipc";
import { countRows } from "./changes";
import { chipsOf } from "./chips";
import { gridModel } from "./model";
import { paletteCommands } from "./palette-commands";
import { columnOf, type SheetTools, selectionOf } from "./tools";
import { applyView, filterByState, noteViewMoved } from "./views";

/** Several changes in a row are looked at once. */
const restMs = 120;
/** Counting states reads the log: it waits until nothing changed for a while. */
const countStatesAfterMs = 800;

/** From this width of the window on, the cell and the inspector have room side by side. */
const bothPanelsFromPx = 1280;

/** Keeps what is derived from the sheet up to date: the view, the grid, the steps, the chips. */
export function useSheetEffects(tools: SheetTools): void {
  const { sheet, ui, runs, toasts } = tools;

  useTask$(({ track }) => {
    track(() => [sheet.sort, sheet.filter]);
    // Not awaited: nothing is painted while a task is waited for. It rejects never.
    void applyView(tools);
  });

  useTask$(({ track }) => {
    track(() => [sheet.columns, sheet.sort, sheet.filter, sheet.rowCount, sheet.readOnly]);
    track(() => [ui.frozen, ui.widthsPx, ui.chips, ui.rowHeightPx]);
    track(() => ui.view)?.setModel(gridModel(sheet, ui));
  });

  useTask$(({ track, cleanup }) => {
    const changed = track(() => sheet.changed);
    track(() => runs.ended);
    const timer = setTimeout(async () => {
      try {
        if (changed > 0) await countRows(tools);
        const steps = await ipc.steps(sheet.info.id);
        if (ui.work?.left === false) ui.steps = steps;
      } catch (thrown) {
        showFailure(toasts, thrown);
      }
    }, restMs);
    if (changed !== (ui.work?.viewAtChange ?? changed)) noteViewMoved(tools);
    cleanup(() => clearTimeout(timer));
  });

  useTask$(({ track }) => {
    track(() => [runs.live, ui.failed]);
    const chips = chipsOf(sheet.info.id, runs.live, ui.failed);
    if (JSON.stringify(chips) !== JSON.stringify(ui.chips)) ui.chips = chips;
  });

  useTask$(({ track }) => {
    const target = track(() => tools.app.columnToShow);
    const view = track(() => ui.view);
    if (!target || !view || target.sheet !== sheet.info.id) return;
    tools.app.columnToShow = null;
    if (columnOf(tools, target.column) === null) return;
    if (target.onlyFailed) filterByState(tools, target.column, "failed");
    if (target.inspect) sheet.inspector = target.column;
    const position = target.onlyFailed ? 0 : (selectionOf(tools).active?.position ?? 0);
    view.goTo(position, target.column);
    // Where the panel is open already, nothing else would show that the button did something.
    if (target.inspect) requestAnimationFrame(focusRaiseCap);
  });

  useTask$(({ track }) => {
    const hasCell = track(() => sheet.cell !== null);
    const hasInspector = track(() => sheet.inspector !== null);
    const opened = ui.work?.openPanel ?? null;
    if (ui.work) ui.work.openPanel = hasInspector ? "inspector" : hasCell ? "cell" : null;
    if (!hasCell || !hasInspector || window.innerWidth >= bothPanelsFromPx) return;
    // There is room for one panel beside the grid: the one that was open makes room.
    if (opened === "cell") sheet.cell = null;
    else sheet.inspector = null;
    if (ui.work) ui.work.openPanel = opened === "cell" ? "inspector" : "cell";
  });

  useTask$(({ track, cleanup }) => {
    track(() => sheet.info.local_only);
    cleanup(registerCommands(paletteCommands(tools)));
  });

  useTask$(({ track, cleanup }) => {
    track(() => [sheet.changed, ui.statesChanged, runs.ended]);
    const timer = setTimeout(() => void countFailed(tools), countStatesAfterMs);
    cleanup(() => clearTimeout(timer));
  });
}

/** Counts the failed cells of the columns that had failures, for their chips. */
async function countFailed({ sheet, ui, toasts }: SheetTools): Promise<void> {
  try {
    const runs = await ipc.runs(sheet.info.id);
    const suspects = sheet.columns.filter(
      (column) =>
        column.kind.kind === "ai" &&
        runs.some((run) => run.column === column.id && run.rows_failed > 0),
    );
    const failed: Record<number, number> = {};
    for (const column of suspects) {
      const stats = await ipc.columnStats(sheet.info.id, column.id, { rows: "all" }, 0, 0);
      failed[column.id] = stats.states.failed ?? 0;
    }
    if (ui.work?.left === false) ui.failed = failed;
  } catch (thrown) {
    if (ui.work?.left === false) showFailure(toasts, thrown);
  }
}
