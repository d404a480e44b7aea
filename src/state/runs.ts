import { createContextId } from "@builder.io/qwik";
import type { Code, LiveRun, UnfinishedRun } from "~/ipc";

/** The runs of all sheets; kept by `features/runs` from events, at most a few times a second. */
export interface RunsState {
  /** Alive in this process: running first, then queued in their order. */
  live: LiveRun[];
  /** Left unfinished by an earlier process; offered to be resumed. */
  unfinished: UnfinishedRun[];
  /** The model that is being loaded, if one is. */
  loading: { model: string; fraction: number } | null;
  /** How fast each live run goes, by `runKey` of `~/features/runs`. */
  paces?: { [key: string]: RunPace };
  /** Why runs of this session stopped before their end, by `runKey`: a stored run has only words. */
  endCodes?: { [key: string]: Code };
  /** Counts up when any run ended; lists of runs and column states reload when it does. */
  ended: number;
}

/** Figures of a run that is under way; null where nothing was measured yet. */
export interface RunPace {
  rowsPerSecond: number | null;
  /** Generated tokens; null for a column whose answers are chosen and not written. */
  tokensPerSecond: number | null;
  /** Tokens of prompts, the beginning that rows share counted for each. */
  promptTokensPerSecond: number | null;
  remainingMs: number | null;
}

export const RunsContext = createContextId<RunsState>("braincells.runs");
