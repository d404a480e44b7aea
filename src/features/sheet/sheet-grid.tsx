import { $, component$, noSerialize, useTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { Grid, type GridOptions, type GridView } from "~/features/grid";
import { isLayerOpen, isTyping } from "~/ui";
import { perform } from "./actions";
import { findStep } from "./find";
import { handleIntent } from "./intents";
import { hearRuns } from "./live";
import { gridModel } from "./model";
import { rowsAt } from "./reading";
import { selectedCells, spansOf } from "./selection";
import { gridSource } from "./source";
import { type SheetTools, selectionOf, shownIds, useSheetTools } from "./tools";
import { windowKey } from "./window-keys";

/** The grid of the open sheet. */
export const SheetGrid = component$(() => {
  const tools = useSheetTools();

  useTask$(({ cleanup }) => {
    const live = hearRuns(tools);
    if (tools.ui.work) tools.ui.work.live = live;
    const stopKeys = hearKeys(tools);
    cleanup(() => {
      stopKeys();
      live.stop();
    });
  });

  const options = $(() => gridOptions(tools));
  const onView = $((view: GridView | null) => mounted(tools, view));
  return (
    <div class="relative flex min-h-0 min-w-0 flex-1" data-testid="sheet-grid">
      <Grid options$={options} onView$={onView} class="min-w-0 flex-1" />
    </div>
  );
});

function gridOptions(tools: SheetTools): GridOptions {
  const { sheet, ui } = tools;
  return {
    source: gridSource(tools),
    onIntent: (intent) => void handleIntent(tools, intent),
    onSelection: (snapshot) => {
      ui.selection = noSerialize(snapshot);
      sheet.selected = selectedCells(snapshot, shownIds(tools));
    },
    onRowsInView: (rows) => ui.work?.live?.look(rows),
  };
}

function mounted(tools: SheetTools, view: GridView | null): void {
  const { sheet, ui } = tools;
  if (view === null) {
    ui.view = undefined;
    sheet.grid = undefined;
    return;
  }
  view.setModel(gridModel(sheet, ui));
  ui.view = noSerialize(view);
  sheet.grid = noSerialize({
    reload: () => view.reload(),
    focus: () => view.focus(),
    goTo: (position: number, column: number) => view.goTo(position, column),
    rowsInView: () => view.rowsInView(),
    selectedRows: (limit: number) => rowsAt(tools, spansOf(selectionOf(tools).ranges), limit),
  });
  ui.work?.live?.begin();
  view.focus();
}

/** Keys of the sheet that count wherever the focus is, except where text is typed. */
function hearKeys(tools: SheetTools): () => void {
  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || isLayerOpen()) return;
    const key = windowKey(event, isTyping(event.target));
    if (key === null) return;
    event.preventDefault();
    if (key.do === "find-next") {
      findStep(tools, key.back).catch((thrown) => showFailure(tools.toasts, thrown));
    } else {
      void perform(tools, key);
    }
  }
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
