/** What is different about a run that asks a backend: it may have to wait, and it costs. */
import type { AppError } from "../bindings";
import { costOf, priceOf, problemOf, remoteOf } from "./backends";
import { failure } from "./failure";
import type { Work } from "./work";
import type { World } from "./world";

/** Why a run of a sheet that was locked meanwhile is paused. */
export const LOCKED: AppError = failure(
  "local_only",
  "the run was stopped: nothing may leave this machine any more",
  "take the lock off, then resume; nothing is lost",
);

/** What keeps a run from going on: a failure for good, a wait for now, or nothing. */
export function holdOf(world: World, work: Work, nowMs: number): AppError | "waits" | null {
  const remote = remoteOf(world, work.model);
  if (remote === null) return null;
  const problem = problemOf(world, remote.backend);
  if (problem !== null) return problem;
  const { slowUntilMs, slowedDown } = world;
  const wait_ms = slowUntilMs > nowMs ? Math.round(slowUntilMs - nowMs) : null;
  work.progress.flow = {
    in_flight: work.inFlight.length,
    limit: slowedDown > 0 ? 2 : 5,
    wait_ms,
    slowed_down: slowedDown,
    retries: slowedDown,
  };
  return wait_ms === null ? null : "waits";
}

/** Counts what the rows since the last time cost; says if the limit of the run is reached now. */
export function pay(world: World, work: Work): AppError | null {
  if (remoteOf(world, work.model) === null) return null;
  const { progress, info, paidTokens } = work;
  const { prompt_tokens, completion_tokens } = progress;
  work.paidTokens = { prompt_tokens, completion_tokens };
  const price = priceOf(world, work.model);
  if (price !== null) {
    const read = prompt_tokens - paidTokens.prompt_tokens;
    const written = completion_tokens - paidTokens.completion_tokens;
    progress.cost_usd = (progress.cost_usd ?? 0) + costOf(price, read, written);
  }
  const cap = info.request.cap ?? world.settings.engine.cap ?? {};
  const mostUsd = (cap.micro_usd ?? Number.POSITIVE_INFINITY) / 1e6;
  const mostTokens = cap.tokens ?? Number.POSITIVE_INFINITY;
  const used = prompt_tokens + completion_tokens;
  const isMoney = (progress.cost_usd ?? 0) >= mostUsd;
  if (!isMoney && used < mostTokens) return null;
  const said = isMoney
    ? `the limit of $${mostUsd} is reached: $${progress.cost_usd} was spent`
    : `the limit of ${mostTokens} tokens is reached: ${used} were taken`;
  const message = `${said}; ${progress.rows_done} rows were done`;
  return failure("limit_reached", message, "resume it with a higher limit; nothing is lost");
}
