import type { ColumnId, LiveRun, SheetId } from "~/ipc";
import { formatCount } from "~/lib/format";
import { text } from "./strings";

/** What the header of a column says about its runs. */
export interface ColumnChip {
  text: string;
  kind: "info" | "warning" | "error";
}

/**
 * The chips of a sheet's columns: the progress of a live run, or how many cells failed. Several
 * runs of one column show the one that works.
 */
export function chipsOf(
  sheet: SheetId,
  live: readonly LiveRun[],
  failed: Readonly<Record<ColumnId, number>>,
): Record<ColumnId, ColumnChip> {
  const chips: Record<ColumnId, ColumnChip> = {};
  for (const [column, count] of Object.entries(failed)) {
    if (count > 0) {
      chips[Number(column)] = { text: text.chips.failed(formatCount(count)), kind: "error" };
    }
  }
  // Backwards, so that the run that works, which is listed first, has the last word.
  for (const run of live.filter((run) => run.progress.sheet === sheet).reverse()) {
    chips[run.progress.column] = liveChip(run);
  }
  return chips;
}

function liveChip({ status, progress }: LiveRun): ColumnChip {
  if (status === "queued") return { text: text.chips.queued, kind: "info" };
  if (status === "paused") return { text: text.chips.paused, kind: "warning" };
  const done = progress.rows_done + progress.rows_failed;
  return {
    text: text.chips.progress(formatCount(done), formatCount(progress.rows_total)),
    kind: progress.rows_failed > 0 ? "warning" : "info",
  };
}
