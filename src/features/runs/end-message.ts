/** What is said when a run ends: whether anything, how urgent, and what can be done about it. */
import { failureKind, sentence } from "~/errors";
import { type AppError, failureOf, type RunProgress, type RunStatus } from "~/ipc";
import { formatUsd } from "~/lib/money";
import { text } from "./strings";

/** A run of fewer rows is over before a message about it is read. */
export const TINY_RUN_ROWS = 20;

/** What was heard when a run ended. */
export interface EndedRun {
  status: RunStatus;
  progress: RunProgress;
  error: AppError | null;
}

/**
 * What the message offers: to see what failed, to go to the sheet, to choose a model, to put a key
 * right, to go on with a higher limit.
 */
export type EndAction =
  | "show-failed"
  | "open-sheet"
  | "choose-model"
  | "open-backends"
  | "raise-limit";

/** A message about the end of a run. */
export interface EndMessage {
  kind: "success" | "warning" | "error";
  title: string;
  detail: string;
  action: EndAction | null;
}

/** Whether the end of a run is worth a message at all. */
export function isWorthTelling(ended: EndedRun, isInOpenSheet: boolean): boolean {
  switch (ended.status) {
    case "failed":
      return ended.error?.code !== "cancelled";
    case "done":
      return !isInOpenSheet || ended.progress.rows_total >= TINY_RUN_ROWS;
    case "paused":
      // Not by the person, but by a limit that they set, or by a lock.
      return ended.error !== null && ended.error.code !== "cancelled";
    default:
      // Ended or cut short by the person who looks at this window.
      return false;
  }
}

/** The message about the end of a run. */
export function endMessage(
  ended: EndedRun,
  sheetName: string,
  columnName: string,
  isInOpenSheet: boolean,
): EndMessage {
  const { progress, error } = ended;
  const column = columnName || text.aRun;
  const { cost_usd = null } = progress;
  const cost = cost_usd === null ? null : formatUsd(cost_usd);
  const where = text.endedIn(sheetName, progress.elapsed_ms, cost);
  const toSheet = isInOpenSheet ? null : "open-sheet";
  if (ended.status === "paused") {
    const isAtLimit = error?.code === "limit_reached";
    return {
      kind: "warning",
      title: isAtLimit ? text.endedAtLimit(column) : text.endedPaused(column),
      detail: reason(error) || where,
      action: isAtLimit ? "raise-limit" : toSheet,
    };
  }
  if (ended.status === "failed") {
    const isAboutModel = error?.code === "model_missing" || error?.code === "model_broken";
    const isAboutBackend = error !== null && failureKind(error.code).wayOut !== undefined;
    return {
      kind: "error",
      title: text.endedFailed(column),
      detail: reason(error) || sheetName,
      action: isAboutModel ? "choose-model" : isAboutBackend ? "open-backends" : toSheet,
    };
  }
  const { rows_done: done, rows_failed: failed } = progress;
  const remarks = [
    where,
    ...(progress.rows_cut_off > 0 ? [text.cutOff(progress.rows_cut_off)] : []),
    ...(progress.rows_waiting ? [text.waiting(progress.rows_waiting)] : []),
  ];
  const detail = remarks.join(". ");
  if (failed > 0) {
    const title =
      done === 0 ? text.endedAllFailed(column, failed) : text.endedSome(column, done, failed);
    return { kind: "warning", title, detail, action: "show-failed" };
  }
  const isCutShort = progress.rows_cut_off > 0 || (progress.rows_waiting ?? 0) > 0;
  const kind = isCutShort ? "warning" : "success";
  return { kind, title: text.endedDone(column, done), detail, action: toSheet };
}

/** An error's message and hint, a line each. */
function reason(error: AppError | null): string {
  if (error === null) return "";
  const { message, hint } = failureOf(error);
  return [message, hint ?? ""]
    .filter((part) => part !== "")
    .map(sentence)
    .join("\n");
}
