import { describe, expect, it } from "vitest";
import type { RunProgress } from "~/ipc";
import { fractionDone, paceOf, remainingMs, type Sample, WINDOW_MS, withSample } from "./rates";

function progress(rows: number, more: Partial<RunProgress> = {}): RunProgress {
  return {
    sheet: "s",
    column: 1,
    run: 1,
    rows_total: 1_000,
    rows_done: rows,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: rows * 10,
    elapsed_ms: 0,
    ...more,
  };
}

/** A run that ends `rowsPerSecond` rows each second, heard of every `every_ms`. */
function heard(rowsPerSecond: number, seconds: number, every_ms = 250): Sample[] {
  let samples: Sample[] = [];
  for (let at_ms = 0; at_ms <= seconds * 1_000; at_ms += every_ms) {
    samples = withSample(samples, progress(Math.floor((at_ms * rowsPerSecond) / 1_000)), at_ms);
  }
  return samples;
}

describe("pace", () => {
  it("is unknown before anything was measured", () => {
    const unknown = {
      rowsPerSecond: null,
      tokensPerSecond: null,
      promptTokensPerSecond: null,
      remainingMs: null,
    };
    expect(paceOf([], progress(0), 0)).toEqual(unknown);
    const one = withSample([], progress(3), 0);
    expect(paceOf(one, progress(3, { elapsed_ms: 400 }), 400)).toEqual(unknown);
  });

  it("is that of the last five seconds", () => {
    const samples = heard(40, 20);
    const pace = paceOf(samples, progress(800, { elapsed_ms: 20_000 }), 20_000);
    expect(pace.rowsPerSecond).toBeCloseTo(40, 0);
    expect(pace.tokensPerSecond).toBeCloseTo(400, -1);
    expect(pace.remainingMs).toBeCloseTo(5_000, -2);
  });

  it("follows a change of speed within the window", () => {
    let samples = heard(40, 10);
    for (let second = 1; second <= 6; second += 1) {
      samples = withSample(samples, progress(400 + second), 10_000 + second * 1_000);
    }
    const pace = paceOf(samples, progress(406, { elapsed_ms: 16_000 }), 16_000);
    expect(pace.rowsPerSecond).toBeCloseTo(1, 1);
  });

  it("falls to the whole run's when no row ended lately", () => {
    const slow = progress(2, { elapsed_ms: 120_000 });
    const samples = withSample(withSample([], slow, 100_000), slow, 104_000);
    const pace = paceOf(samples, slow, 105_000);
    expect(pace.rowsPerSecond).toBeCloseTo(2 / 120);
    expect(pace.remainingMs).toBeCloseTo((998 / (2 / 120)) * 1_000);
  });

  it("counts only rows of this process in a resumed run", () => {
    const resumed = progress(900, { rows_before: 900, elapsed_ms: 10_000 });
    expect(paceOf([], resumed, 0).rowsPerSecond).toBeNull();
    const later = progress(910, { rows_before: 900, elapsed_ms: 10_000 });
    expect(paceOf([], later, 0).rowsPerSecond).toBeCloseTo(1);
  });

  it("slows down while nothing is heard", () => {
    const samples = heard(40, 5);
    function at(now_ms: number) {
      return paceOf(samples, progress(200), now_ms).rowsPerSecond ?? 0;
    }
    expect(at(9_000)).toBeLessThan(at(5_000));
  });

  it("counts what is read where nothing is written", () => {
    const labels = progress(500, {
      completion_tokens: 0,
      prompt_tokens: 120_000,
      elapsed_ms: 60_000,
    });
    const pace = paceOf([], labels, 0);
    expect(pace.tokensPerSecond).toBeNull();
    expect(pace.promptTokensPerSecond).toBeCloseTo(2_000);
  });

  it("gives no tokens per second when answers came from the cache", () => {
    const cached = progress(500, { completion_tokens: 0, elapsed_ms: 5_000 });
    expect(paceOf([], cached, 0).tokensPerSecond).toBeNull();
  });
});

describe("samples", () => {
  it("stay few, whatever the length of the run", () => {
    expect(heard(40, 600).length).toBeLessThanOrEqual(WINDOW_MS / 250 + 2);
  });

  it("begin anew when a run counts from fewer rows", () => {
    const samples = withSample(heard(40, 5), progress(1), 5_100);
    expect(samples).toHaveLength(1);
  });
});

it("a run's share is unknown without a number of rows and never above one", () => {
  expect(fractionDone(progress(0, { rows_total: 0 }))).toBeNull();
  expect(fractionDone(progress(250))).toBe(0.25);
  expect(fractionDone(progress(1_200))).toBe(1);
});

it("nothing left takes no time, and an unknown rate gives no time", () => {
  expect(remainingMs(0, null)).toBe(0);
  expect(remainingMs(5, null)).toBeNull();
  expect(remainingMs(5, 0)).toBeNull();
  expect(remainingMs(5, 2)).toBe(2_500);
});
