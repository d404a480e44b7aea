import {
  counted,
  formatCount,
  formatCountdown,
  formatDuration,
  formatNumber,
  formatPercent,
} from "~/lib/format";

function rows(count: number): string {
  return counted(count, "row", "rows");
}

function runs(count: number): string {
  return counted(count, "run", "runs");
}

/** What this feature says. */
export const text = {
  region: "Runs",
  idle: "Nothing is running",
  noModel: "No model yet",
  noModelHint: "No model yet. Open the models to get one",
  loading: (model: string) => `Loading ${model}`,
  place: (sheet: string, column: string) => `${sheet} · ${column}`,
  goTo: (sheet: string, column: string) => `Go to ${column} in ${sheet}`,
  done: (ended: number, total: number) => `${formatCount(ended)} / ${formatCount(total)}`,
  progress: (sheet: string, column: string) => `Progress of ${column} in ${sheet}`,
  failed: (count: number) => `${formatCount(count)} failed`,
  rowsPerSecond: (rate: number) =>
    rate < 0.1
      ? `${formatNumber(round(rate * 60))} rows/min`
      : `${formatNumber(round(rate))} rows/s`,
  tokensPerSecond: (rate: number) => `${formatCount(Math.round(rate))} tokens/s`,
  tokensHint: "Tokens that the model writes",
  promptTokensPerSecond: (rate: number) => `reads ${formatCount(Math.round(rate))} tokens/s`,
  promptTokensHint: "Tokens of prompts; the beginning that all rows share is counted for each",
  left: (ms: number) => `${formatDuration(ms)} left`,
  leftUnknown: "Measuring…",
  pause: "Pause",
  pauseHint: "Pause; what is done is kept",
  resume: "Resume",
  stop: "Stop",
  stopHint: "Stop; what is done is kept, the other rows stay as they are",
  end: "End",
  endHint: "End this run; what is done is kept, the other rows stay as they are",
  more: (queued: number, unfinished: number) =>
    [
      ...(queued > 0 ? [`${formatCount(queued)} queued`] : []),
      ...(unfinished > 0 ? [`${formatCount(unfinished)} unfinished`] : []),
    ].join(", "),
  all: "All runs",
  allRuns: (count: number) => runs(count),
  statusRunning: "Running",
  statusQueued: (place: number) => `Queued, number ${formatCount(place)}`,
  statusPaused: "Paused",
  statusInterrupted: "Interrupted",
  of: (ended: number, total: number) => `${formatCount(ended)} of ${rows(total)}`,

  offerTitle: (count: number) =>
    count === 1 ? "A run did not finish" : `${runs(count)} did not finish`,
  offerBody: "What was done is kept. Resume to fill the other rows",
  resumeAll: "Resume all",
  notNow: "Not now",

  closeTitle: "Close Braincells?",
  closeBody: (count: number) =>
    count === 1
      ? "1 run is still going. It keeps what is done and goes on next time."
      : `${runs(count)} are still going. They keep what is done and go on next time.`,
  keepWorking: "Keep working",
  pauseAndClose: "Pause and close",

  endedDone: (column: string, count: number) => `${column}: ${rows(count)} done`,
  endedSome: (column: string, done: number, failed: number) =>
    `${column}: ${formatCount(done)} done, ${formatCount(failed)} failed`,
  endedAllFailed: (column: string, failed: number) => `${column}: all ${rows(failed)} failed`,
  endedFailed: (column: string) => `${column}: the run stopped`,
  endedAtLimit: (column: string) => `${column}: the limit of this run is reached`,
  endedPaused: (column: string) => `${column}: the run was paused`,
  endedIn: (sheet: string, ms: number, usd: string | null) =>
    `${sheet}, in ${formatDuration(ms)}${usd === null ? "" : `, for ${usd}`}`,
  cutOff: (count: number) =>
    count === 1
      ? "1 answer was cut off by the token limit"
      : `${formatCount(count)} answers were cut off by the token limit`,
  waiting: (count: number) =>
    `${rows(count)} left out: a cell that ${count === 1 ? "it reads" : "they read"} is empty or failed`,
  aRun: "A run",
  restarted: (model: string, count: number) =>
    count === 1
      ? `${model} stopped and was started again`
      : `${model} stopped and was started again ${formatCount(count)} times`,
  restartedDetail: "The rows that it was working on are asked again. Nothing is lost",
  showFailed: "Show failed",
  openSheet: "Open sheet",
  chooseModel: "Choose a model",
  openBackends: "Open Backends",
  raiseLimit: "Raise the limit",
  raiseLimitHint: "Opens the column, where the run goes on with a higher limit",
  statusAtLimit: "At its limit",
  cost: (usd: string) => `${usd} so far`,
  costHint: "By what the backend says, or by its prices",
  waits: (ms: number) => `The backend asks to slow down. Goes on in ${formatCountdown(ms)}`,
  waitsShort: (ms: number) => `Asked to slow down: ${formatCountdown(ms)}`,
  percent: (fraction: number) => formatPercent(fraction),
} as const;

/** Two figures for small rates, whole numbers for large ones. */
function round(rate: number): number {
  if (rate >= 10) return Math.round(rate);
  return Math.round(rate * 10) / 10;
}
