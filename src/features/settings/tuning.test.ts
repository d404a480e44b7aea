import { describe, expect, it } from "vitest";
import type { Candidate, TunedModel } from "~/ipc";
import { progressText, setupText, tuningRows, tuningVerdict } from "./tuning";

const nothing = { size_bytes: null, speed: null, gain: null, likeness: null };
const chosen: Candidate = {
  quantisation: "Q8_0",
  outcome: "chosen",
  size_bytes: 145_000_000,
  speed: { prefill_tokens_per_s: 786.4, decode_tokens_per_s: 168.2 },
  gain: 2.14,
  likeness: {
    labels: 40,
    labels_alike: 39,
    largest_flip_margin: 0.2,
    positions: 600,
    tokens_alike: 588,
    mean_kl_nats: 0.00412,
  },
};

function tuned(candidates: Candidate[], copy: TunedModel["copy"] = null): TunedModel {
  const report = {
    original_quantisation: "Q4_1",
    original_size_bytes: 98_500_000,
    original_speed: { prefill_tokens_per_s: 307, decode_tokens_per_s: 121 },
    candidates,
    setup: {
      device: "a processor",
      parallel_rows: 24,
      threads: 4,
      row_us: 900,
      default_row_us: 1000,
    },
    elapsed_ms: 60_000,
  };
  return { original: "small.gguf", report, copy };
}

describe("the result of tuning", () => {
  it("is the original and every copy, with what is known of each", () => {
    const skipped: Candidate = {
      quantisation: "Q4_0",
      outcome: "skipped",
      reason: "the original has it",
      ...nothing,
    };
    const rows = tuningRows(tuned([chosen, skipped]));
    expect(rows.map((row) => row.name)).toEqual(["Original (Q4_1)", "Q8_0", "Q4_0"]);
    expect(rows[1]).toMatchObject({
      prefill: "786",
      decode: "168",
      gain: "2.14×",
      labels: "98%",
      tokens: "98%",
      divergence: "0.0041",
      isChosen: true,
    });
    expect(rows[2]).toMatchObject({ gain: "", labels: "", isChosen: false });
    expect(rows[2]?.outcome).toBe("Not tried: the original has it");
  });

  it("is a copy that is kept, one that would be, or none", () => {
    const copy = {
      name: "small.tuned-Q8_0.gguf",
      path: "/m/small.tuned-Q8_0.gguf",
      size_bytes: 1,
      runtime: "gguf" as const,
      linked: false,
      tuned: { file: "small.gguf", sha256: "", at_ms: 0 },
      used_at_ms: null,
      status: "downloaded" as const,
      error: null,
      repository: null,
      parts: 1,
      app: null,
      is_local_mlx: false,
    };
    expect(tuningVerdict(tuned([chosen], copy))).toMatchObject({ kind: "success" });
    expect(tuningVerdict(tuned([chosen], copy)).title).toContain("2.1 times as fast");
    expect(tuningVerdict(tuned([chosen])).title).toContain("Q8_0");
    const slow: Candidate = { quantisation: "Q8_0", outcome: "no_gain", ...nothing };
    expect(tuningVerdict(tuned([slow])).kind).toBe("info");
  });
});

it("the fastest setup is told with what it gains", () => {
  const result = tuned([chosen]);
  expect(setupText(result, false)).toBe(
    "Fastest with 24 rows at once and 4 threads, 10% less time a row than in the usual setup; the model is loaded so from now on",
  );
  const { setup } = result.report;
  if (setup === null) throw new Error("it was measured");
  const usual = { ...setup, threads: 1, row_us: 1000 };
  expect(setupText({ ...result, report: { ...result.report, setup: usual } }, true)).toBe(
    "Fastest with 24 rows at once and one thread, which is the usual setup; nothing of it is kept",
  );
  expect(setupText({ ...result, report: { ...result.report, setup: null } }, true)).toBe(null);
});

it("what is being done names the copy", () => {
  const stage = { stage: "measuring", fraction: 0.5 } as const;
  expect(progressText({ ...stage, quantisation: "Q5_0" })).toBe("Q5_0: measuring its speed");
  expect(progressText({ stage: "original", quantisation: null, fraction: 0 })).toBe(
    "Measuring the original",
  );
});
