/** What is known of the downloads, as pure steps from one list to the next. */
import { type Download, type DownloadId, type DownloadState, windowError } from "~/ipc";

/** Whether a download goes on by itself. */
export function isActive({ state }: Pick<Download, "state">): boolean {
  return state === "queued" || state === "running" || state === "verifying" || state === "waiting";
}

/** Whether nothing can happen to it any more. */
export function isOver({ state }: Pick<Download, "state">): boolean {
  return state === "done" || state === "cancelled";
}

/** A download as it is told here: events and lists have hints for the command line, too. */
export function inWindow(download: Download): Download {
  return download.error === null ? download : { ...download, error: windowError(download.error) };
}

/**
 * The list with newer figures of its downloads; one that it does not have yet is added. What is
 * over stays over, whatever is heard late.
 */
export function withHeard(
  list: readonly Download[],
  heard: ReadonlyMap<DownloadId, Download>,
): Download[] {
  const known = new Set(list.map(({ id }) => id));
  const updated = list.map((download) => {
    const newer = heard.get(download.id);
    return newer === undefined || (isOver(download) && !isOver(newer)) ? download : newer;
  });
  const added = [...heard.values()].filter(({ id }) => !known.has(id));
  return added.length === 0 ? updated : newestFirst([...updated, ...added]);
}

function newestFirst(list: Download[]): Download[] {
  return list.sort((one, other) => other.added_at_ms - one.added_at_ms || other.id - one.id);
}

/** The end of a download that a person is told of; null for anything else. */
export function endOf(
  before: Download | undefined,
  heard: Download,
): Extract<DownloadState, "done" | "failed"> | null {
  if (heard.state !== "done" && heard.state !== "failed") return null;
  const isNews = before === undefined || (before.state !== heard.state && !isOver(before));
  return isNews ? heard.state : null;
}

/** Those that are not over: what works first, then what waits, then what a person must see to. */
export function underWay(list: readonly Download[]): Download[] {
  const order: DownloadState[] = ["running", "verifying", "waiting", "queued", "failed", "paused"];
  const rank = ({ state }: Download): number => order.indexOf(state);
  return list
    .filter((download) => !isOver(download))
    .sort((one, other) => rank(one) - rank(other) || one.added_at_ms - other.added_at_ms);
}

/** The one that the focus goes to when one is gone: the next one, else the one before. */
export function neighbourIn(shown: readonly Download[], gone: DownloadId): DownloadId | null {
  const at = shown.findIndex(({ id }) => id === gone);
  return (shown[at + 1] ?? shown[at - 1])?.id ?? null;
}

/** What all those that are not over have on the disk, in bytes. */
export function bytesUnderWay(list: readonly Download[]): number {
  return underWay(list).reduce((all, { bytes_done }) => all + bytes_done, 0);
}

/** The share that is there, 0 to 1; null while the size is not known. */
export function fractionOf({ bytes_done, bytes_total }: Download): number | null {
  return bytes_total > 0 ? Math.min(1, bytes_done / bytes_total) : null;
}

/** Whole per cent, never 100 before all is there. */
export function percentOf(fraction: number): number {
  return fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100));
}

/** All that go on by themselves as one; null while none does. */
export interface Overall {
  count: number;
  percent: number;
}

/** How far the active ones are together. */
export function overallOf(list: readonly Download[]): Overall | null {
  const active = list.filter(isActive);
  if (active.length === 0) return null;
  const total = active.reduce((all, one) => all + one.bytes_total, 0);
  const done = active.reduce((all, one) => all + one.bytes_done, 0);
  return { count: active.length, percent: total > 0 ? percentOf(done / total) : 0 };
}

/** The download of one quantisation, if it is under way. */
export function downloadOf(
  list: readonly Download[],
  repository: string,
  label: string,
): Download | null {
  const wanted = repository.toLowerCase();
  const found = list.find(
    (one) =>
      !isOver(one) &&
      one.repository.toLowerCase() === wanted &&
      (one.label ?? "").toLowerCase() === label.toLowerCase(),
  );
  return found ?? null;
}
