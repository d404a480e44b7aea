import { describe, expect, it } from "vitest";
import type { LiveRun, RunInfo, RunProgress, RunStatus, UnfinishedRun } from "~/ipc";
import {
  hasUnknown,
  isLimitReached,
  resting,
  runKey,
  runsShown,
  without,
  withProgress,
} from "./live";

function progress(run: number, more: Partial<RunProgress> = {}): RunProgress {
  return {
    sheet: "s",
    column: run,
    run,
    rows_total: 100,
    rows_done: 0,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_ms: 0,
    ...more,
  };
}

function live(run: number, status: RunStatus = "running"): LiveRun {
  return { progress: progress(run), status, sheet_name: "Tickets", column_name: `C${run}` };
}

function unfinished(run: number): UnfinishedRun {
  return {
    sheet: {
      id: "s",
      name: "Tickets",
      row_count: 100,
      column_count: 1,
      created_at_ms: 0,
      changed_at_ms: 0,
      local_only: false,
    },
    column_name: `C${run}`,
    run: {
      id: run,
      column: run,
      recipe_version: 1,
      request: { rows: "all" },
      status: "interrupted",
      rows_total: 100,
      rows_done: 10,
      rows_failed: 0,
      started_at_ms: 0,
      ended_at_ms: null,
      error: null,
    },
  };
}

function newest(...items: RunProgress[]) {
  return new Map(items.map((item) => [runKey(item), item]));
}

describe("the list of live runs", () => {
  it("takes newer figures and leaves the other runs alone", () => {
    const [first, second] = [live(1), live(2, "queued")];
    const after = withProgress([first, second], newest(progress(1, { rows_done: 5 })));
    expect(after[0]?.progress.rows_done).toBe(5);
    expect(after[1]).toBe(second);
  });

  it("has a queued run work once it makes progress, not before", () => {
    const idle = withProgress([live(1, "queued")], newest(progress(1)));
    expect(idle[0]?.status).toBe("queued");
    const begun = withProgress([live(1, "queued")], newest(progress(1, { elapsed_ms: 40 })));
    expect(begun[0]?.status).toBe("running");
    const resumed = progress(1, { rows_before: 10, rows_done: 10 });
    expect(withProgress([live(1, "queued")], newest(resumed))[0]?.status).toBe("queued");
  });

  it("knows when a run is new", () => {
    expect(hasUnknown([live(1)], newest(progress(1)))).toBe(false);
    expect(hasUnknown([live(1)], newest(progress(2)))).toBe(true);
    const otherSheet = { ...progress(1), sheet: "other" };
    expect(hasUnknown([live(1)], newest(otherSheet))).toBe(true);
  });

  it("loses a run that ended, and only that", () => {
    const left = without([live(1), live(2)], progress(1));
    expect(left.map((run) => run.progress.run)).toEqual([2]);
  });
});

describe("what is shown", () => {
  it("is the working run first, then the queue in its order", () => {
    const shown = runsShown([live(3, "queued"), live(1), live(4, "queued")], []);
    expect(shown.current?.progress.run).toBe(1);
    expect(shown.others.map((run) => run.progress.run)).toEqual([3, 4]);
    expect(shown.queued).toBe(2);
  });

  it("does not count a run as waiting that is shown as the current one", () => {
    const shown = runsShown([live(3, "queued"), live(4, "queued")], []);
    expect(shown.current?.progress.run).toBe(3);
    expect(shown.queued).toBe(1);
  });

  it("has unfinished runs that are alive again only once", () => {
    expect(resting([unfinished(1), unfinished(2)], [live(1)]).map((item) => item.run.id)).toEqual([
      2,
    ]);
    expect(runsShown([], [unfinished(1)]).paused).toHaveLength(1);
  });
});

describe("a run at its limit", () => {
  const run: RunInfo = {
    id: 1,
    column: 1,
    recipe_version: 1,
    request: { rows: "empty", cap: { micro_usd: 50_000 } },
    status: "paused",
    rows_total: 100,
    rows_done: 40,
    rows_failed: 0,
    started_at_ms: 0,
    ended_at_ms: 1,
    error: "the limit of $0.05 is reached: $0.05 was spent; 40 rows were done",
  };

  it("is known by its code, or by its words after a restart", () => {
    expect(isLimitReached(run, "limit_reached")).toBe(true);
    expect(isLimitReached(run, "local_only")).toBe(false);
    expect(isLimitReached(run, null)).toBe(true);
    const passed = "the limit of 1050 tokens would be passed: 1000 were taken";
    expect(isLimitReached({ ...run, error: passed }, null)).toBe(true);
    expect(isLimitReached({ ...run, status: "done" }, null)).toBe(false);
  });

  it("is not one that a lock or a person paused", () => {
    const locked = "the run was stopped: nothing may leave this machine any more";
    expect(isLimitReached({ ...run, error: locked }, null)).toBe(false);
    expect(isLimitReached({ ...run, error: null }, null)).toBe(false);
  });
});
