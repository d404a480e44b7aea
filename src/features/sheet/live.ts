import type { GridView } from "~/features/grid";
import {
  type ColumnId,
  type Event,
  ipc,
  onEvent,
  type RowId,
  type RunId,
  type RunRequest,
} from "~/ipc";
import { formatCount } from "~/lib/format";
import { columnsRead } from "./conditions";
import { text } from "./strings";
import { columnOf, type SheetTools } from "./tools";
import { noteViewMoved } from "./views";

/** How often progress is said to screen readers. */
const announceEveryMs = 5000;
/** After the last change of the rows on screen, before live runs are told. */
const lookAfterMs = 300;

/** Hears the runs of the open sheet and shows in its grid what they do. */
export interface LiveRuns {
  /** The grid is there: shows the runs that are alive already. */
  begin(): void;
  /** Other rows are on screen: live runs fill them first. */
  look(rows: RowId[]): void;
  stop(): void;
}

/** Whether a run fills whatever is empty in its column, so that empty cells are waiting cells. */
export function fillsEverything(request: RunRequest): boolean {
  return (
    (request.only ?? null) === null &&
    (request.rows === "empty" || request.rows === "pending" || request.rows === "all")
  );
}

/** Starts hearing; the runs that are alive already count too. */
export function hearRuns(tools: SheetTools, now: () => number = Date.now): LiveRuns {
  const { sheet, ui, runs } = tools;
  const id = sheet.info.id;
  const alive = new Map<RunId, ColumnId>();
  let announcedAt = 0;
  let rows: RowId[] = [];
  let lookTimer: number | undefined;

  function begin(run: RunId, column: ColumnId): void {
    if (alive.has(run)) return;
    alive.set(run, column);
    tellLook();
    void markWaiting(tools, run, column, () => alive.has(run));
  }

  function end(run: RunId, column: ColumnId): void {
    alive.delete(run);
    if (![...alive.values()].includes(column)) ui.view?.setQueued(column, false);
    ui.view?.reload();
    ui.statesChanged += 1;
    if (readsColumn(tools, column)) noteViewMoved(tools);
  }

  function tellLook(): void {
    clearTimeout(lookTimer);
    lookTimer = window.setTimeout(() => {
      if (rows.length === 0) return;
      for (const column of new Set(alive.values())) {
        void ipc.lookAt(id, column, rows).catch(() => {
          // The run ended meanwhile.
        });
      }
    }, lookAfterMs);
  }

  function announce(words: string, isLast: boolean): void {
    if (!isLast && now() - announcedAt < announceEveryMs) return;
    announcedAt = now();
    ui.view?.announce(words);
  }

  function hear(event: Event): void {
    switch (event.event) {
      case "cell_delta":
        if (event.sheet === id) ui.view?.appendText(event.row, event.column, event.text);
        return;
      case "cell_done":
        if (event.sheet === id) patch(ui.view, event);
        return;
      case "run_progress": {
        if (event.sheet !== id) return;
        begin(event.run, event.column);
        const name = columnOf(tools, event.column)?.name ?? "";
        const done = formatCount(event.rows_done + event.rows_failed);
        announce(text.status.announce(name, done, formatCount(event.rows_total)), false);
        return;
      }
      case "run_ended": {
        if (event.sheet !== id) return;
        const { column, rows_done, rows_failed } = event.progress;
        end(event.run, column);
        const failed = rows_failed > 0 ? formatCount(rows_failed) : null;
        const name = columnOf(tools, column)?.name ?? "";
        announce(text.status.announceEnd(name, formatCount(rows_done), failed), true);
      }
    }
  }

  const deafen = onEvent(hear);
  return {
    begin() {
      for (const { progress } of runs.live) {
        if (progress.sheet === id) begin(progress.run, progress.column);
      }
    },
    look(inView) {
      rows = inView;
      if (alive.size > 0) tellLook();
    },
    stop() {
      deafen();
      clearTimeout(lookTimer);
    },
  };
}

function patch(view: GridView | undefined, event: Extract<Event, { event: "cell_done" }>): void {
  view?.patchCell(event.row, event.column, {
    value: event.value,
    state: event.state,
    error: event.error?.message ?? null,
    confidence: event.confidence,
  });
}

/** Shows empty cells as waiting, if the run is going to fill them all. */
async function markWaiting(
  tools: SheetTools,
  run: RunId,
  column: ColumnId,
  isAlive: () => boolean,
): Promise<void> {
  try {
    const known = await ipc.runs(tools.sheet.info.id);
    const request = known.find((info) => info.id === run)?.request;
    if (request && isAlive() && fillsEverything(request)) tools.ui.view?.setQueued(column, true);
  } catch {
    // Only the look of cells that wait: the run itself goes on.
  }
}

function readsColumn({ sheet }: SheetTools, column: ColumnId): boolean {
  return (
    columnsRead(sheet.filter).includes(column) || sheet.sort.some((key) => key.column === column)
  );
}
