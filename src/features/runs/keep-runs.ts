/**
 * Keeps the list of runs from the commands and the events of the Rust side. Events come thousands
 * of times a minute; the shared state changes at most four times a second.
 */
import type { Event, RunProgress } from "~/ipc";
import { ipc, onEvent } from "~/ipc";
import type { RunPace, RunsState } from "~/state/runs";
import type { EndedRun } from "./end-message";
import { hasUnknown, resting, runKey, without, withProgress } from "./live";
import { paceOf, rowsEnded, type Samples, withSample } from "./rates";
import { rememberEnd, rememberProgress } from "./remembered";

const UPDATE_EVERY_MS = 250;
/** Paces fall and the queue moves also while nothing is heard. */
const TICK_EVERY_MS = 1_000;
const REFRESH_EVERY_TICKS = 4;
/** A load that says nothing for so long was given up. */
const LOADING_FORGOTTEN_AFTER_MS = 15_000;

/** What a run was called, learnt while it was alive. */
export interface RunNames {
  sheetName: string;
  columnName: string;
}

/** Both lists as they are now. */
export async function readRuns(): Promise<Pick<RunsState, "live" | "unfinished">> {
  const [live, unfinished] = await Promise.all([ipc.liveRuns(), ipc.unfinishedRuns()]);
  return { live, unfinished: resting(unfinished, live) };
}

/** Keeps `runs` until the returned function is called; `onEnded` hears of each run that ended. */
export function keepRuns(
  runs: RunsState,
  onEnded: (ended: EndedRun, names: RunNames | null) => void,
): () => void {
  const newest = new Map<string, RunProgress>();
  const samples = new Map<string, Samples>();
  let loading: RunsState["loading"] = null;
  let loadingHeardAt_ms = 0;
  let flushedAt_ms = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isReading = false;
  let readsAgain = false;
  let ticks = 0;
  let isOver = false;

  function showPaces() {
    const now_ms = performance.now();
    const paces: { [key: string]: RunPace } = {};
    for (const { progress } of runs.live) {
      const key = runKey(progress);
      paces[key] = paceOf(samples.get(key) ?? [], progress, now_ms);
    }
    runs.paces = paces;
  }

  function flush() {
    timer = null;
    flushedAt_ms = performance.now();
    if (runs.loading?.fraction !== loading?.fraction || runs.loading?.model !== loading?.model) {
      runs.loading = loading;
    }
    if (newest.size === 0) return;
    for (const [key, progress] of newest) {
      samples.set(key, withSample(samples.get(key) ?? [], progress, flushedAt_ms));
    }
    if (hasUnknown(runs.live, newest)) void refresh();
    runs.live = withProgress(runs.live, newest);
    newest.clear();
    showPaces();
  }

  function flushSoon() {
    if (timer !== null) return;
    const wait_ms = Math.max(0, flushedAt_ms + UPDATE_EVERY_MS - performance.now());
    timer = setTimeout(flush, wait_ms);
  }

  /** Reads both lists again; asked for while it reads, it reads once more when it is through. */
  async function refresh(): Promise<void> {
    readsAgain = true;
    if (isReading) return;
    isReading = true;
    try {
      while (readsAgain && !isOver) {
        readsAgain = false;
        const lists = await readRuns();
        if (isOver || readsAgain) continue;
        for (const { progress } of lists.live) rememberProgress(progress);
        Object.assign(runs, lists);
        showPaces();
      }
    } catch {
      // The lists are read again with the next event or tick; a command that fails for long shows
      // itself wherever a person asks for something.
    } finally {
      isReading = false;
    }
  }

  function end(ended: EndedRun) {
    const key = runKey(ended.progress);
    const known = runs.live.find((run) => runKey(run.progress) === key);
    newest.delete(key);
    samples.delete(key);
    // A run that asks a backend says nothing of the model that another one loads.
    if (!ended.progress.flow) loading = null;
    rememberEnd(ended.progress);
    runs.live = without(runs.live, ended.progress);
    runs.endCodes = { ...runs.endCodes };
    if (ended.error === null) delete runs.endCodes[key];
    else runs.endCodes[key] = ended.error.code;
    runs.ended += 1;
    flushSoon();
    void refresh();
    const names = known && { sheetName: known.sheet_name, columnName: known.column_name };
    onEnded(ended, names ?? null);
  }

  function hear(event: Event) {
    switch (event.event) {
      case "run_progress":
        newest.set(runKey(event), event);
        rememberProgress(event);
        if (!event.flow && rowsEnded(event) > event.rows_before) loading = null;
        flushSoon();
        break;
      case "model_loading":
        loading = loadingOf(event.model, event.fraction ?? 0);
        loadingHeardAt_ms = performance.now();
        flushSoon();
        break;
      case "run_ended":
        end({ status: event.status, progress: event.progress, error: event.error });
        break;
    }
  }

  function tick() {
    ticks += 1;
    if (loading && performance.now() - loadingHeardAt_ms > LOADING_FORGOTTEN_AFTER_MS) {
      loading = null;
      flushSoon();
    }
    if (runs.live.length === 0) return;
    showPaces();
    if (ticks % REFRESH_EVERY_TICKS === 0) void refresh();
  }

  const unlisten = onEvent(hear);
  const ticker = setInterval(tick, TICK_EVERY_MS);
  void refresh();
  return () => {
    isOver = true;
    unlisten();
    clearInterval(ticker);
    if (timer !== null) clearTimeout(timer);
  };
}

function loadingOf(model: string, fraction: number): RunsState["loading"] {
  return fraction >= 1 ? null : { model, fraction };
}
