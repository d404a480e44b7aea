/**
 * How fast a run goes and when it ends: pure functions over what was heard of it. A rate is given
 * only when it was measured; everything unknown is null and shown as unknown.
 */
import type { RunProgress } from "~/ipc";
import type { RunPace } from "~/state/runs";

/** What was known of a run at a moment of this window's clock. */
export interface Sample {
  at_ms: number;
  rowsEnded: number;
  tokens: number;
  promptTokens: number;
}

/** The recent past of one run, oldest first. */
export type Samples = readonly Sample[];

/** Rates are those of this much of the recent past. */
export const WINDOW_MS = 5_000;
/** A shorter past says nothing: rows are written in groups. */
const LEAST_SPAN_MS = 1_000;

/** Rows of a run that have a final state. */
export function rowsEnded(progress: RunProgress): number {
  return progress.rows_done + progress.rows_failed;
}

/** The share of a run that is over, 0 to 1; null while the number of rows is not known. */
export function fractionDone(progress: RunProgress): number | null {
  if (progress.rows_total <= 0) return null;
  return Math.min(1, rowsEnded(progress) / progress.rows_total);
}

/** Adds a moment and forgets those that left the window; one at or before its edge is kept. */
export function withSample(samples: Samples, progress: RunProgress, now_ms: number): Sample[] {
  const sample = {
    at_ms: now_ms,
    rowsEnded: rowsEnded(progress),
    tokens: progress.completion_tokens,
    promptTokens: progress.prompt_tokens,
  };
  const last = samples.at(-1);
  // A run that begins anew counts from fewer rows: its earlier past is another run's.
  const past = last && last.rowsEnded > sample.rowsEnded ? [] : samples;
  const edge = now_ms - WINDOW_MS;
  const firstInside = past.findIndex((kept) => kept.at_ms > edge);
  const from = firstInside === -1 ? past.length - 1 : firstInside - 1;
  return [...past.slice(Math.max(0, from)), sample];
}

/**
 * The pace at `now_ms`: that of the window where rows ended in it, else that of the whole run in
 * this process. A model that takes minutes for a row has a pace too, once a row was made.
 */
export function paceOf(samples: Samples, progress: RunProgress, now_ms: number): RunPace {
  const recent = recentPace(samples, now_ms);
  const overall = overallPace(progress);
  const rowsPerSecond = recent?.rowsPerSecond ?? overall.rowsPerSecond;
  const tokensPerSecond = recent?.tokensPerSecond ?? overall.tokensPerSecond;
  const promptTokensPerSecond = recent?.promptTokensPerSecond ?? overall.promptTokensPerSecond;
  const rowsLeft = progress.rows_total - rowsEnded(progress);
  return {
    rowsPerSecond,
    tokensPerSecond,
    promptTokensPerSecond,
    remainingMs: remainingMs(rowsLeft, steadyRate(recent?.rowsPerSecond ?? null, overall)),
  };
}

/** Milliseconds for the rows that are left; null when the rate is unknown. */
export function remainingMs(rowsLeft: number, rowsPerSecond: number | null): number | null {
  if (rowsLeft <= 0) return 0;
  if (rowsPerSecond === null || rowsPerSecond <= 0) return null;
  return (rowsLeft / rowsPerSecond) * 1_000;
}

interface Rates {
  rowsPerSecond: number | null;
  tokensPerSecond: number | null;
  promptTokensPerSecond: number | null;
}

function recentPace(samples: Samples, now_ms: number): Rates | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return null;
  const span_ms = now_ms - first.at_ms;
  if (span_ms < LEAST_SPAN_MS) return null;
  const rows = last.rowsEnded - first.rowsEnded;
  if (rows <= 0) return null;
  return {
    rowsPerSecond: (rows * 1_000) / span_ms,
    tokensPerSecond: rateOf(last.tokens - first.tokens, span_ms),
    promptTokensPerSecond: rateOf(last.promptTokens - first.promptTokens, span_ms),
  };
}

function overallPace(progress: RunProgress): Rates {
  const rows = rowsEnded(progress) - progress.rows_before;
  if (progress.elapsed_ms < LEAST_SPAN_MS || rows <= 0) {
    return { rowsPerSecond: null, tokensPerSecond: null, promptTokensPerSecond: null };
  }
  // The tokens of a resumed run are also those of its earlier parts, which took another time.
  const isWhole = progress.rows_before === 0;
  const { elapsed_ms } = progress;
  return {
    rowsPerSecond: (rows * 1_000) / elapsed_ms,
    tokensPerSecond: rateOf(isWhole ? progress.completion_tokens : 0, elapsed_ms),
    promptTokensPerSecond: rateOf(isWhole ? progress.prompt_tokens : 0, elapsed_ms),
  };
}

function rateOf(tokens: number, span_ms: number): number | null {
  return tokens > 0 ? (tokens * 1_000) / span_ms : null;
}

/**
 * The rate that an end is foretold with: half the recent one, half the whole run's, so that one
 * long row does not throw the estimate about.
 */
function steadyRate(recent: number | null, overall: Rates): number | null {
  if (recent === null) return overall.rowsPerSecond;
  if (overall.rowsPerSecond === null) return recent;
  return (recent + overall.rowsPerSecond) / 2;
}
