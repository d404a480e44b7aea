import type { LiveRun, SheetId, SheetInfo } from "~/ipc";

/** How many sheets the sidebar lists; the home screen has all. */
export const recentCount = 12;

/** The sheets changed last, newest first. The open sheet is among them however old it is. */
export function recentSheets(
  sheets: readonly SheetInfo[],
  open: SheetId | null,
  count = recentCount,
): SheetInfo[] {
  const newest = [...sheets].sort((one, other) => other.changed_at_ms - one.changed_at_ms);
  const shown = newest.slice(0, count);
  const opened = newest.slice(count).find((sheet) => sheet.id === open);
  if (opened) shown.splice(count - 1, 1, opened);
  return shown;
}

/** What the runs of a sheet are doing; null when it has none. */
export function sheetActivity(
  live: readonly LiveRun[],
  sheet: SheetId,
): "running" | "waiting" | null {
  const mine = live.filter((run) => run.progress.sheet === sheet);
  if (mine.length === 0) return null;
  return mine.some((run) => run.status === "running") ? "running" : "waiting";
}
