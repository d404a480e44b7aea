/** Figures of runs, estimates and previews, as numbers and as short texts. */

import type {
  Estimate,
  ExamplePolicy,
  ExampleView,
  PreviewRow,
  RequestFlow,
  RunCap,
  RunInfo,
  RunProgress,
  Value,
} from "~/ipc";
import { formatCount, formatCountdown, formatDuration, formatPercent } from "~/lib/format";
import { formatUsd, usdOf } from "~/lib/money";
import type { RunPace } from "~/state/runs";
import { text } from "./strings";

/** Rows that ended, of a run that is alive or was. */
export function rowsEnded(run: { rows_done: number; rows_failed: number }): number {
  return run.rows_done + run.rows_failed;
}

/** How far a run is, 0 to 1; null while nothing is known. */
export function fractionOf(run: {
  rows_total: number;
  rows_done: number;
  rows_failed: number;
}): number | null {
  return run.rows_total > 0 ? Math.min(1, rowsEnded(run) / run.rows_total) : null;
}

/** Rows a second over the whole of a run that ended; null where nothing was done. */
export function runRate(run: RunInfo): number | null {
  if (run.ended_at_ms === null) return null;
  const elapsed = run.ended_at_ms - run.started_at_ms;
  const rows = rowsEnded(run);
  return elapsed > 0 && rows > 0 ? (rows * 1000) / elapsed : null;
}

/** A pace with as many digits as it deserves. */
export function paceText(rowsASecond: number | null): string {
  if (rowsASecond === null) return "";
  if (rowsASecond >= 10) return text.pace.second(formatCount(Math.round(rowsASecond)));
  if (rowsASecond >= 0.1) return text.pace.second(rowsASecond.toFixed(1));
  return text.pace.minute((rowsASecond * 60).toFixed(1));
}

/** One line about a run that is alive: rows, failures, pace, time left. */
export function progressText(progress: RunProgress, pace: RunPace | null): string {
  const parts = [text.run.rows(formatCount(rowsEnded(progress)), formatCount(progress.rows_total))];
  if (progress.rows_failed > 0) parts.push(text.run.failed(progress.rows_failed));
  const rate = paceText(pace?.rowsPerSecond ?? null);
  if (rate !== "") parts.push(rate);
  const left = pace?.remainingMs ?? null;
  parts.push(left === null ? text.run.timeUnknown : text.run.timeLeft(formatDuration(left)));
  return parts.join(text.separator);
}

/** One line about what a live run reads and writes, and what it did not have to ask for. */
export function tokensText(progress: RunProgress, pace: RunPace | null): string {
  const parts: string[] = [];
  const { promptTokensPerSecond: read = null, tokensPerSecond: written = null } = pace ?? {};
  if (read !== null) parts.push(text.run.reads(formatCount(Math.round(read))));
  const shared = progress.shared_tokens ?? 0;
  if (read !== null && shared > 0) {
    parts.push(text.run.shared(formatPercent(shared / progress.prompt_tokens)));
  }
  if (written !== null) parts.push(text.run.writes(formatCount(Math.round(written))));
  if (progress.rows_reused > 0) parts.push(text.run.reused(progress.rows_reused));
  return parts.join(text.separator);
}

/** What a live run cost so far, and of how much it may; "" for a model of this computer. */
export function spentText(progress: RunProgress, cap: RunCap | null): string {
  const { cost_usd = null, prompt_tokens, completion_tokens } = progress;
  const mostUsd = usdOf(cap?.micro_usd);
  const parts: string[] = [];
  if (cost_usd !== null) {
    const spent = formatUsd(cost_usd);
    parts.push(mostUsd === null ? text.cost.spent(spent) : text.cost.of(spent, formatUsd(mostUsd)));
  }
  const mostTokens = cap?.tokens ?? null;
  if (mostTokens !== null) {
    const tokens = formatCount(prompt_tokens + completion_tokens);
    parts.push(text.cost.tokensOf(tokens, formatCount(mostTokens)));
  }
  return parts.join(text.separator);
}

/** What is beside the figures of a provider, to tell what is of this run and what is slow. */
export interface FlowBasis {
  /** What its engine had counted when the run began: it counts over all its runs. */
  first: RequestFlow | null;
  /** The most requests that the run may have under way at once. */
  allowed: number;
}

/** How a provider takes the requests, where it is worth a word: calm, because the run goes on. */
export function flowText(flow: RequestFlow | null | undefined, basis: FlowBasis): string {
  const wait_ms = flow?.wait_ms ?? 0;
  if (wait_ms > 0) return text.flow.waits(formatCountdown(wait_ms));
  const { first, allowed } = basis;
  const { limit = 0 } = flow ?? {};
  // An engine that was made anew counts from 0 again.
  const slowedDown = Math.max(0, (flow?.slowed_down ?? 0) - (first?.slowed_down ?? 0));
  const retries = Math.max(0, (flow?.retries ?? 0) - (first?.retries ?? 0));
  const parts: string[] = [];
  if (slowedDown > 0 && limit < allowed) parts.push(text.flow.slower(limit));
  if (retries > 0) parts.push(text.flow.retries(retries));
  return parts.join(text.separator);
}

/** One line about what a run would take; where it may cost money, also that nobody knows how much. */
export function estimateText(estimate: Estimate, hasPrice = false): string {
  if (estimate.rows === 0) {
    return estimate.rows_waiting > 0
      ? text.estimate.allWaiting(estimate.rows_waiting)
      : text.estimate.nothing;
  }
  const parts = [text.estimate.rows(estimate.rows)];
  if (estimate.rows_cached !== null && estimate.rows_cached > 0) {
    parts.push(text.estimate.cached(formatCount(estimate.rows_cached)));
  }
  const answers = formatCount(estimate.completion_tokens);
  // Kept answers take nothing that is worth a word.
  if (estimate.rows_cached !== estimate.rows) {
    parts.push(
      text.estimate.tokens(
        formatCount(estimate.prompt_tokens),
        estimate.basis.answers === "limit" ? text.estimate.atMost(answers) : answers,
      ),
      estimate.seconds === null
        ? text.estimate.timeUnknown
        : text.estimate.time(formatDuration(estimate.seconds * 1000)),
    );
    const cost = estimate.cost_usd ?? null;
    if (cost !== null) {
      const usd = formatUsd(cost);
      const isMost = estimate.basis.answers === "limit";
      parts.push(isMost ? text.estimate.atMost(usd) : text.estimate.cost(usd));
    } else if (hasPrice) parts.push(text.estimate.costUnknown);
  }
  if (estimate.rows_waiting > 0) parts.push(text.estimate.waiting(estimate.rows_waiting));
  return parts.join(text.separator);
}

/** What a column that is not there yet would take, from the rows that were previewed. */
export function previewEstimateText(rows: number, preview: readonly PreviewRow[] | null): string {
  // A label is chosen and not written: it takes no tokens to answer.
  const asked = (preview ?? []).filter((row) => row.figures.prompt_tokens > 0);
  const parts = [text.estimate.rows(rows)];
  if (asked.length === 0) return [...parts, text.estimate.timeUnknown].join(text.separator);
  parts.push(
    text.estimate.tokens(
      formatCount(Math.round(mean(asked.map((row) => row.figures.prompt_tokens)) * rows)),
      formatCount(Math.round(mean(asked.map((row) => row.figures.completion_tokens)) * rows)),
    ),
  );
  const timed = asked.filter((row) => row.figures.duration_ms > 0 && row.figures.cached !== true);
  parts.push(
    timed.length === 0
      ? text.estimate.timeUnknown
      : text.estimate.atMostTime(
          formatDuration(mean(timed.map((row) => row.figures.duration_ms)) * rows),
        ),
  );
  const costs = asked.flatMap((row) => row.figures.cost_usd ?? []);
  if (costs.length > 0) parts.push(text.estimate.cost(formatUsd(mean(costs) * rows)));
  return parts.join(text.separator);
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

/** Why the next run does not show an example to the model. */
export type PassedOver = "blank" | "count" | "tokens";

/** For each example, null where it is used, else why it is not. */
export function passedOver(
  examples: readonly ExampleView[],
  policy: ExamplePolicy,
): (PassedOver | null)[] {
  let countLeft = policy.max_count;
  return examples.map((example) => {
    if (example.used) {
      countLeft -= 1;
      return null;
    }
    const saysNothing =
      isBlank(example.value) || (example.inputs.length > 0 && example.inputs.every(isBlank));
    if (saysNothing) return "blank";
    return countLeft <= 0 ? "count" : "tokens";
  });
}

function isBlank(value: Value): boolean {
  return value === null || (typeof value === "string" && value.trim() === "");
}

/** Rows of the latest run that can be taken up again: it stopped, and none came after it. */
export function resumableRun(runs: readonly RunInfo[]): RunInfo | null {
  const latest = runs.reduce<RunInfo | null>(
    (last, run) => (last === null || run.id > last.id ? run : last),
    null,
  );
  const canResume = latest !== null && ["paused", "interrupted", "failed"].includes(latest.status);
  return canResume ? latest : null;
}
