import type { LiveRun, SheetId } from "~/ipc";
import { text } from "./strings";

/** What happens in a sheet now, as its line in the list says it. */
export interface SheetRuns {
  label: string;
  detail: string;
  /** From 0 to 1; null while it is not known how much there is to do. */
  fraction: number | null;
  isPaused: boolean;
}

/** The live runs of a sheet in one line, or null when nothing runs in it. */
export function sheetRuns(sheet: SheetId, live: readonly LiveRun[]): SheetRuns | null {
  const runs = live.filter((run) => run.progress.sheet === sheet);
  const [first] = runs;
  if (!first) return null;
  const total = runs.reduce((sum, run) => sum + run.progress.rows_total, 0);
  const done = runs.reduce((sum, run) => sum + ended(run), 0);
  const isPaused = runs.every((run) => run.status === "paused");
  const isWaiting = runs.every((run) => run.status === "queued");
  return {
    label: isPaused
      ? text.paused
      : isWaiting
        ? text.waiting
        : runs.length === 1
          ? text.filling(first.column_name)
          : text.fillingSeveral(runs.length),
    detail: text.progress(Math.min(done, total), total),
    fraction: total > 0 ? Math.min(1, done / total) : null,
    isPaused,
  };
}

/** Rows of a run that need no more work, those of an earlier start included. */
function ended(run: LiveRun): number {
  return run.progress.rows_done + run.progress.rows_failed;
}
