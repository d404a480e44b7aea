import { noSerialize, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { type Event, failureOf, ipc, onEvent } from "~/ipc";
import { RunsContext } from "~/state/runs";
import { SheetContext, type SheetState } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { latestFirst } from "./history-items";
import { loadCell } from "./load-cell";
import {
  endEdit,
  forgetCell,
  hasUnsaved,
  newPanel,
  openColumn,
  openLoaded,
  type PanelState,
  type PanelTools,
  saveBehind,
} from "./panel";
import { text } from "./strings";

/** The state of the open cell panel: reads the cell, follows the grid, hears of what is made. */
export function usePanel(): PanelTools {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const panel = useStore<PanelState>(newPanel, { deep: true });

  // Not awaited anywhere below: a task that waits would keep the panel from being drawn.
  useTask$(({ track, cleanup }) => {
    const cell = track(() => sheet.cell);
    const view = track(() => sheet.view?.id ?? null);
    track(() => sheet.changed);
    track(() => runs.ended);
    track(() => panel.reload);
    const wantsHistory = track(() => panel.tab !== "value") || isAi(sheet);
    if (!cell) return;
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    void read();

    async function read() {
      if (!cell) return;
      panel.isLoading = true;
      try {
        const { row, column } = cell;
        const id = sheet.info.id;
        const [loaded, history] = await Promise.all([
          loadCell(id, view, column, row),
          wantsHistory ? ipc.cellHistory(id, column, row) : undefined,
        ]);
        if (!isCurrent) return;
        panel.loaded = loaded ? noSerialize(loaded) : undefined;
        panel.isGone = loaded === null;
        panel.history = history && noSerialize(latestFirst(history));
      } catch (thrown) {
        if (!isCurrent) return;
        panel.loaded = undefined;
        panel.failure = noSerialize(failureOf(thrown));
      } finally {
        if (isCurrent) panel.isLoading = false;
      }
    }
  });

  // Another cell: what is known of the last one must not be taken for this one's.
  useTask$(({ track }) => {
    const cell = track(() => sheet.cell);
    if (!cell) return;
    const edit = panel.edit;
    if (edit && (edit.row !== cell.row || edit.column !== cell.column)) {
      if (hasUnsaved(panel)) {
        sheet.cell = { row: edit.row, column: edit.column };
        panel.editProblem = text.unsaved;
        return;
      }
      endEdit(panel);
    }
    if (openLoaded(panel, sheet)) return;
    forgetCell(panel);
    if (panel.tab === "prompt" && !isAi(sheet)) panel.tab = "value";
  });

  // Moving through the grid moves through the cells.
  useTask$(({ track }) => {
    const row = track(() => sheet.selected.row);
    const column = track(() => sheet.selected.column);
    const cell = sheet.cell;
    if (row === null || column === null || !cell || hasUnsaved(panel)) return;
    if (cell.row !== row || cell.column !== column) sheet.cell = { row, column };
  });

  useTask$(({ cleanup }) => {
    const unlisten = onEvent((event) => hear(event, panel, sheet));
    cleanup(() => {
      unlisten();
      void saveBehind({ panel, sheet, toasts });
    });
  });

  return { panel, sheet, toasts };
}

function isAi(sheet: SheetState): boolean {
  return openColumn(sheet)?.kind.kind === "ai";
}

function hear(event: Event, panel: PanelState, sheet: SheetState): void {
  const cell = sheet.cell;
  if (!cell || !("sheet" in event) || event.sheet !== sheet.info.id) return;
  switch (event.event) {
    case "cell_delta":
      if (event.row !== cell.row || event.column !== cell.column) return;
      // An attempt begins with an empty piece: what an earlier one said no longer counts.
      if (event.text === "") panel.stream = noSerialize({ text: "" });
      // The text grows within one object: a signal for every token would draw for every token.
      else if (panel.stream) panel.stream.text += event.text;
      else panel.stream = noSerialize({ text: event.text });
      break;
    case "cell_done": {
      if (event.row !== cell.row || event.column !== cell.column) return;
      panel.isGenerating = false;
      panel.stream = undefined;
      const loaded = openLoaded(panel, sheet);
      if (loaded) {
        const { state, value, error, confidence } = event;
        // A failed attempt leaves the value that was there.
        const kept = state === "failed" ? loaded.cell.value : value;
        const view = { value: kept, state, error: error?.message ?? null, confidence };
        panel.loaded = noSerialize({ ...loaded, cell: view });
      }
      panel.reload += 1;
      break;
    }
    case "run_ended": {
      const isOurs = panel.run === null || panel.run === event.run;
      if (!panel.isGenerating || event.progress.column !== cell.column || !isOurs) return;
      panel.isGenerating = false;
      panel.stream = undefined;
      if (event.status === "failed" && event.error) {
        panel.failure = noSerialize(failureOf(event.error));
      }
      break;
    }
  }
}
