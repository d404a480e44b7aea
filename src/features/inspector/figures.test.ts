import { describe, expect, it } from "vitest";
import type { Estimate, ExampleView, PreviewRow, RunInfo, RunProgress } from "~/ipc";
import {
  estimateText,
  flowText,
  fractionOf,
  paceText,
  passedOver,
  previewEstimateText,
  progressText,
  resumableRun,
  runRate,
  spentText,
  tokensText,
} from "./figures";

const progress: RunProgress = {
  sheet: "s",
  column: 1,
  run: 1,
  rows_total: 1000,
  rows_done: 300,
  rows_failed: 12,
  rows_before: 0,
  rows_reused: 0,
  rows_cut_off: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  elapsed_ms: 10_000,
};

const run: RunInfo = {
  id: 1,
  column: 1,
  recipe_version: 1,
  request: { rows: "empty" },
  status: "done",
  rows_total: 100,
  rows_done: 90,
  rows_failed: 10,
  started_at_ms: 1000,
  ended_at_ms: 11_000,
  error: null,
};

const estimate: Estimate = {
  rows: 1200,
  rows_waiting: 0,
  rows_cached: null,
  prompt_tokens: 42_000,
  shared_prefix_tokens: 10,
  completion_tokens: 6000,
  seconds: 90,
  cost_usd: null,
  basis: {
    sampled_rows: 64,
    counted_by_model: true,
    answers: "earlier_runs",
    time: "earlier_runs",
  },
};

describe("a run", () => {
  it("is told with rows, failures, pace and the time left", () => {
    const pace = {
      rowsPerSecond: 31.2,
      tokensPerSecond: null,
      promptTokensPerSecond: 2_400,
      remainingMs: 22_000,
    };
    const said = progressText(progress, pace);
    expect(said).toContain("312 of 1,000 rows");
    expect(said).toContain("12 failed");
    expect(said).toContain("31 rows/s");
    expect(said).toContain("left");
    expect(tokensText({ ...progress, rows_reused: 3 }, pace)).toBe(
      "reads 2,400 tokens/s · 3 answers taken again",
    );
    const sharing = { ...progress, prompt_tokens: 1_000, shared_tokens: 620, rows_reused: 0 };
    expect(tokensText(sharing, pace)).toBe("reads 2,400 tokens/s · 62% of it once for all");
    const writing = { ...pace, promptTokensPerSecond: null, tokensPerSecond: 34.6 };
    expect(tokensText({ ...progress, rows_reused: 0 }, writing)).toBe("writes 35 tokens/s");
    expect(tokensText({ ...progress, rows_reused: 0 }, null)).toBe("");
    expect(tokensText(sharing, null)).toBe("");
  });

  it("says so while nothing was measured", () => {
    expect(progressText({ ...progress, rows_failed: 0 }, null)).toBe(
      "300 of 1,000 rows · measuring the time…",
    );
  });

  it("has a fraction only when its rows are counted", () => {
    expect(fractionOf(run)).toBe(1);
    expect(fractionOf({ ...run, rows_total: 0 })).toBeNull();
  });

  it("has a pace once it ended", () => {
    expect(runRate(run)).toBe(10);
    expect(runRate({ ...run, ended_at_ms: null })).toBeNull();
    expect(runRate({ ...run, rows_done: 0, rows_failed: 0 })).toBeNull();
  });

  it("is told in minutes when it is slow", () => {
    expect(paceText(null)).toBe("");
    expect(paceText(1234)).toBe("1,234 rows/s");
    expect(paceText(2.34)).toBe("2.3 rows/s");
    expect(paceText(0.05)).toBe("3.0 rows/min");
  });

  it("can go on only if it is the latest and stopped early", () => {
    const paused: RunInfo = { ...run, id: 2, status: "paused" };
    expect(resumableRun([run, paused])).toBe(paused);
    expect(resumableRun([paused, { ...run, id: 3 }])).toBeNull();
    expect(resumableRun([{ ...run, status: "cancelled" }])).toBeNull();
    expect(resumableRun([])).toBeNull();
  });
});

describe("an estimate", () => {
  it("says rows, tokens and time", () => {
    const said = estimateText(estimate);
    expect(said).toContain("1,200 rows");
    expect(said).toContain("42,000 tokens in, 6,000 out");
  });

  it("is honest about what is not known", () => {
    const said = estimateText({
      ...estimate,
      seconds: null,
      rows_cached: 200,
      rows_waiting: 1,
      basis: { ...estimate.basis, answers: "limit", time: "unknown" },
    });
    expect(said).toContain("about 200 already answered");
    expect(said).toContain("at most 6,000 out");
    expect(said).toContain("unknown until something was measured");
    expect(said).toContain("1 row");
  });

  it("says no more of rows that are all answered already", () => {
    const said = estimateText({ ...estimate, rows_cached: estimate.rows });
    expect(said).toBe("1,200 rows · about 1,200 already answered");
  });

  it("says why there is nothing to do", () => {
    expect(estimateText({ ...estimate, rows: 0 })).toBe("No cells to fill");
    expect(estimateText({ ...estimate, rows: 0, rows_waiting: 5 })).toContain("5 rows");
  });

  it("of a new column comes from its preview", () => {
    const figures = {
      model: "m",
      prompt_tokens: 100,
      completion_tokens: 10,
      duration_ms: 500,
      confidence: null,
      cut_off: false,
    };
    const row: PreviewRow = {
      row: 1,
      messages: [],
      value: "x",
      reasoning: null,
      error: null,
      figures,
    };
    expect(previewEstimateText(50, null)).toContain("unknown");
    expect(previewEstimateText(50, [row, row])).toContain("5,000 tokens in, 500 out");
    const kept = { ...row, figures: { ...figures, cached: true } };
    expect(previewEstimateText(50, [kept])).toContain("unknown");
    const label = { ...row, figures: { ...figures, completion_tokens: 0 } };
    expect(previewEstimateText(50, [label])).toMatch(/5,000 tokens in, 0 out.*at most/);
  });
});

describe("examples that are passed over", () => {
  function example(more: Partial<ExampleView>): ExampleView {
    return { row: 1, inputs: ["a"], value: "b", tokens: 10, used: true, ...more };
  }

  it("are blank, too many, or too long", () => {
    const examples = [
      example({}),
      example({ used: false, value: " " }),
      example({ used: false, inputs: [null, ""] }),
      example({ used: false, tokens: 5000 }),
      example({}),
      example({ used: false }),
    ];
    expect(passedOver(examples, { max_count: 2, max_tokens: 1024 })).toEqual([
      null,
      "blank",
      "blank",
      "tokens",
      null,
      "count",
    ]);
  });
});

describe("a run that asks a backend", () => {
  it("says what it cost so far, and of how much", () => {
    const paid = { ...progress, prompt_tokens: 900, completion_tokens: 100, cost_usd: 0.25 };
    expect(spentText(paid, null)).toBe("$0.25 so far");
    expect(spentText(paid, { micro_usd: 1_000_000, tokens: 5000 })).toBe(
      "$0.25 of at most $1.00 · 1,000 of at most 5,000 tokens",
    );
    expect(spentText(progress, null)).toBe("");
  });

  it("says calmly that the backend asks to slow down", () => {
    const basis = { first: null, allowed: 5 };
    expect(flowText({ wait_ms: 11_200, slowed_down: 1 }, basis)).toBe(
      "The backend asks to slow down. Goes on in 12 s",
    );
    expect(flowText({ limit: 2, slowed_down: 3, retries: 1 }, basis)).toBe(
      "Slowed down to 2 requests at a time, as the backend asked · 1 request sent again",
    );
    expect(flowText({ in_flight: 5, limit: 5 }, basis)).toBe("");
    expect(flowText(null, basis)).toBe("");
  });

  it("says nothing of what an earlier run was asked, nor once it is as fast as it may be", () => {
    const first = { limit: 2, slowed_down: 3, retries: 4 };
    expect(flowText({ limit: 2, slowed_down: 3, retries: 4 }, { first, allowed: 5 })).toBe("");
    expect(flowText({ limit: 1, slowed_down: 4, retries: 6 }, { first, allowed: 5 })).toBe(
      "Slowed down to 1 request at a time, as the backend asked · 2 requests sent again",
    );
    expect(flowText({ limit: 5, slowed_down: 4, retries: 4 }, { first, allowed: 5 })).toBe("");
    expect(flowText({ limit: 1, slowed_down: 1, retries: 0 }, { first, allowed: 5 })).toBe("");
  });

  it("is estimated with its cost, or says that it is not known", () => {
    expect(estimateText({ ...estimate, cost_usd: 0.042 }, true)).toContain("about $0.042");
    const basis = { ...estimate.basis, answers: "limit" as const };
    expect(estimateText({ ...estimate, basis, cost_usd: 1.5 }, true)).toContain("at most $1.50");
    expect(estimateText(estimate, true)).toContain("cost unknown");
    expect(estimateText(estimate)).not.toContain("cost");
  });
});
