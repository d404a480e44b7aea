/**
 * Keeps the list of downloads from the commands and the events of the Rust side. Progress comes up
 * to ten times a second for each; the shared state changes at most four times a second, and at
 * once when a download stands elsewhere than before.
 */
import type { Download, DownloadId, Event } from "~/ipc";
import { ipc, onEvent, windowError } from "~/ipc";
import type { ModelsState } from "~/state/models";
import { endOf, inWindow, withHeard } from "./downloads";

const UPDATE_EVERY_MS = 250;
/** The list is read again after so long where it could not be read. */
const AGAIN_AFTER_MS = 5_000;

/** Takes over what a command returned, or an event said. */
export function takeDownload(state: ModelsState, download: Download): void {
  takeDownloads(state, [download]);
}

/** The same for several. */
export function takeDownloads(state: ModelsState, downloads: readonly Download[]): void {
  const heard = new Map(downloads.map((download) => [download.id, inWindow(download)]));
  state.downloads = withHeard(state.downloads, heard);
}

/** Keeps `state` until the returned function is called; `onEnd` hears of each that is over. */
export function keepDownloads(
  state: ModelsState,
  onEnd: (download: Download, end: "done" | "failed") => void,
): () => void {
  const heard = new Map<DownloadId, Download>();
  /** What is heard while the list is read, which may be older. */
  let heardSinceAsked = new Map<DownloadId, Download>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let againTimer: ReturnType<typeof setTimeout> | null = null;
  let isGone = false;

  function flush() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (heard.size === 0) return;
    state.downloads = withHeard(state.downloads, heard);
    heard.clear();
  }

  async function readAll() {
    heardSinceAsked = new Map();
    try {
      const list = await ipc.downloads();
      if (isGone) return;
      state.downloads = withHeard(list.map(inWindow), heardSinceAsked);
      state.isRead = true;
    } catch {
      // Whoever starts or pauses one is told what is wrong; until then the list may be late.
      if (!isGone) againTimer = setTimeout(() => void readAll(), AGAIN_AFTER_MS);
    }
  }

  function hearDownload(download: Download) {
    const before =
      heard.get(download.id) ?? state.downloads.find((known) => known.id === download.id);
    heard.set(download.id, download);
    heardSinceAsked.set(download.id, download);
    if (before?.state === download.state) {
      timer ??= setTimeout(flush, UPDATE_EVERY_MS);
      return;
    }
    flush();
    const end = endOf(before, download);
    if (end === "done") state.changed += 1;
    if (end !== null) onEnd(download, end);
  }

  function hear(event: Event) {
    switch (event.event) {
      case "download_progress": {
        const { event: _, ...download } = event;
        hearDownload(inWindow(download));
        break;
      }
      case "models_changed":
        state.statuses = {};
        state.changed += 1;
        break;
      case "model_status": {
        const { model, status } = event;
        const error = event.error === null ? null : windowError(event.error);
        // When it was used last is written before it works.
        if (status === "running" && state.statuses[model]?.status !== status) state.used += 1;
        // Whoever has one at work needs no way to a first one, and no word that it is there.
        if (status === "running") state.hadNone = false;
        state.statuses = { ...state.statuses, [model]: { status, error } };
        break;
      }
      case "model_copying":
        if (state.copying !== null) {
          state.copying = { ...state.copying, fraction: event.fraction };
        }
        break;
    }
  }

  const unlisten = onEvent(hear);
  void readAll();
  return () => {
    isGone = true;
    unlisten();
    if (timer !== null) clearTimeout(timer);
    if (againTimer !== null) clearTimeout(againTimer);
  };
}
