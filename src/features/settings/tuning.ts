/** Tuning a model for this machine: what is going on, and its result as rows and words. */
import type { Candidate, Likeness, Speed, TunedModel, TuneStage } from "~/ipc";
import { formatCount, formatPercent } from "~/lib/format";
import { text } from "./strings";

const words = text.tuning;

/** How far the tuning is. */
export interface TuningProgress {
  stage: TuneStage;
  quantisation: string | null;
  fraction: number;
}

/** One line of the result: the original, or a copy. */
export interface TuningRow {
  name: string;
  sizeBytes: number | null;
  prefill: string;
  decode: string;
  gain: string;
  /** How like the original: labels, then tokens, then divergence; empty where nobody looked. */
  labels: string;
  tokens: string;
  divergence: string;
  outcome: string;
  isChosen: boolean;
}

/** What is being done, in words. */
export function progressText({ stage, quantisation }: TuningProgress): string {
  return quantisation === null
    ? words.stages[stage]
    : words.stageOf(quantisation, words.stages[stage]);
}

/** The original and the copies, in the order in which they were tried. */
export function tuningRows(tuned: TunedModel): TuningRow[] {
  const { report } = tuned;
  const original: TuningRow = {
    name: words.original(report.original_quantisation),
    sizeBytes: report.original_size_bytes,
    ...speedText(report.original_speed),
    gain: "",
    labels: "",
    tokens: "",
    divergence: "",
    outcome: words.kept,
    isChosen: false,
  };
  return [original, ...report.candidates.map(candidateRow)];
}

function candidateRow(candidate: Candidate): TuningRow {
  const { likeness, gain } = candidate;
  return {
    name: candidate.quantisation,
    sizeBytes: candidate.size_bytes,
    ...speedText(candidate.speed),
    gain: gain === null ? "" : words.gain(gain.toFixed(gain < 10 ? 2 : 0)),
    ...likenessText(likeness),
    outcome: outcomeText(candidate),
    isChosen: candidate.outcome === "chosen",
  };
}

function speedText(speed: Speed | null): { prefill: string; decode: string } {
  const shown = (rate: number | null | undefined): string =>
    rate === null || rate === undefined ? "" : formatCount(Math.round(rate));
  return { prefill: shown(speed?.prefill_tokens_per_s), decode: shown(speed?.decode_tokens_per_s) };
}

function likenessText(likeness: Likeness | null) {
  if (likeness === null) return { labels: "", tokens: "", divergence: "" };
  const { labels, labels_alike, positions, tokens_alike, mean_kl_nats } = likeness;
  return {
    labels: formatPercent(labels === 0 ? 0 : labels_alike / labels),
    tokens: formatPercent(positions === 0 ? 0 : tokens_alike / positions),
    divergence: mean_kl_nats === null ? "" : mean_kl_nats.toFixed(4),
  };
}

function outcomeText(candidate: Candidate): string {
  switch (candidate.outcome) {
    case "chosen":
    case "slower":
    case "no_gain":
      return words.outcomes[candidate.outcome];
    case "unfaithful":
    case "skipped":
      return words.because(words.outcomes[candidate.outcome], candidate.reason);
  }
}

/** How many rows and threads are fastest; `null` where that was not measured. */
export function setupText({ report: { setup } }: TunedModel, isDryRun: boolean): string | null {
  if (setup === null) return null;
  const { parallel_rows, threads, row_us, default_row_us } = setup;
  const less = default_row_us === 0 ? 0 : 1 - row_us / default_row_us;
  const compared = less <= 0 ? words.setupIsUsual : words.setupGain(formatPercent(less));
  const kept = isDryRun ? words.setupNotKept : words.setupKept;
  return `${words.setup(parallel_rows, threads)}, ${compared}; ${kept}`;
}

/** The result in one sentence. */
export function tuningVerdict(tuned: TunedModel): {
  kind: "success" | "info";
  title: string;
  body: string;
} {
  const chosen = tuned.report.candidates.find((one) => one.outcome === "chosen");
  if (chosen === undefined) return { kind: "info", title: words.noneTitle, body: words.noneBody };
  const gain = (chosen.gain ?? 1).toFixed(1);
  return tuned.copy === null
    ? { kind: "info", title: words.wouldTitle(chosen.quantisation, gain), body: words.wouldBody }
    : {
        kind: "success",
        title: words.doneTitle(tuned.copy.name, gain),
        body: words.doneBody(tuned.original),
      };
}
