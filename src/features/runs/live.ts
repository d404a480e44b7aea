/** What is known of the runs, as pure steps from one state of the list to the next. */
import type { Code, LiveRun, RunInfo, RunProgress, SheetId, UnfinishedRun } from "~/ipc";
import { fractionDone, rowsEnded } from "./rates";

/** Names a run among those of all sheets: run numbers are those of a sheet. */
export function runKey(run: { sheet: SheetId; run: number }): string {
  return `${run.sheet}:${run.run}`;
}

/**
 * The list with newer figures of its runs; a queued run that makes progress is running. Figures of
 * runs that are not in the list are left out: `unknownRuns` names them.
 */
export function withProgress(
  live: readonly LiveRun[],
  newest: ReadonlyMap<string, RunProgress>,
): LiveRun[] {
  return live.map((run) => {
    const progress = newest.get(runKey(run.progress));
    if (!progress) return run;
    const hasBegun = progress.elapsed_ms > 0 || rowsEnded(progress) > progress.rows_before;
    const status = run.status === "queued" && hasBegun ? "running" : run.status;
    return { ...run, progress, status };
  });
}

/** Whether figures came for a run that the list does not have yet. */
export function hasUnknown(
  live: readonly LiveRun[],
  newest: ReadonlyMap<string, RunProgress>,
): boolean {
  const known = new Set(live.map((run) => runKey(run.progress)));
  return [...newest.keys()].some((key) => !known.has(key));
}

/** The list without one run. */
export function without(live: readonly LiveRun[], ended: RunProgress): LiveRun[] {
  return live.filter((run) => runKey(run.progress) !== runKey(ended));
}

/** The unfinished runs that are not alive again: a resumed one is in the list of live runs. */
export function resting(
  unfinished: readonly UnfinishedRun[],
  live: readonly LiveRun[],
): UnfinishedRun[] {
  const alive = new Set(live.map((run) => runKey(run.progress)));
  return unfinished.filter(
    (item) => !alive.has(runKey({ sheet: item.sheet.id, run: item.run.id })),
  );
}

/** What the strip and its list show. */
export interface RunsShown {
  /** The run that the strip is about: the first that works, else the first in line. */
  current: LiveRun | null;
  /** Alive, but not the current one, in their order. */
  others: LiveRun[];
  queued: number;
  /** Paused or interrupted, to be resumed. */
  paused: UnfinishedRun[];
}

/** Sorts the runs for the strip. */
export function runsShown(
  live: readonly LiveRun[],
  unfinished: readonly UnfinishedRun[],
): RunsShown {
  const working = live.filter((run) => run.status !== "queued");
  const queued = live.filter((run) => run.status === "queued");
  const inOrder = [...working, ...queued];
  const current = inOrder[0] ?? null;
  return {
    current,
    others: inOrder.slice(1),
    queued: queued.length - (current?.status === "queued" ? 1 : 0),
    paused: resting(unfinished, live),
  };
}

/** The share of a run at rest that is over; null while its number of rows is not known. */
export function fractionOf(run: RunInfo): number | null {
  if (run.rows_total <= 0) return null;
  return Math.min(1, (run.rows_done + run.rows_failed) / run.rows_total);
}

/**
 * Whether a run stopped because a limit of it is reached. The code is known in this session only;
 * of an earlier one there are the words.
 */
export function isLimitReached(run: RunInfo, code: Code | null): boolean {
  if (run.status !== "paused") return false;
  if (code !== null) return code === "limit_reached";
  return run.error?.includes("the limit of") ?? false;
}

export { fractionDone, rowsEnded };
