import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Event, LiveRun, RunProgress, UnfinishedRun } from "~/ipc";
import { ipc } from "~/ipc";
import type { RunsState } from "~/state/runs";
import { keepRuns } from "./keep-runs";

const listeners = vi.hoisted(() => new Set<(event: Event) => void>());

vi.mock("~/ipc", async (original) => ({
  ...(await original<typeof import("~/ipc")>()),
  ipc: { liveRuns: vi.fn(), unfinishedRuns: vi.fn() },
  onEvent: (listener: (event: Event) => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
}));

function progress(run: number, rows: number): RunProgress {
  return {
    sheet: "s",
    column: 1,
    run,
    rows_total: 1_000,
    rows_done: rows,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_ms: 10,
  };
}

function live(run: number): LiveRun {
  return {
    progress: progress(run, 0),
    status: "running",
    sheet_name: "Tickets",
    column_name: "Topic",
  };
}

function tell(event: Event): void {
  for (const listener of listeners) listener(event);
}

function ended(run: number): Event {
  const last = progress(run, 1_000);
  return { event: "run_ended", sheet: "s", run, status: "done", progress: last, error: null };
}

/** Runs what is due now, and lets what was asked for be answered. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe("the kept runs", () => {
  let runs: RunsState;
  let stop: () => void;
  const onEnded = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    onEnded.mockReset();
    vi.mocked(ipc.liveRuns)
      .mockReset()
      .mockResolvedValue([live(1)]);
    vi.mocked(ipc.unfinishedRuns).mockReset().mockResolvedValue([]);
    runs = { live: [], unfinished: [], loading: null, ended: 0 };
    stop = keepRuns(runs, onEnded);
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("begin as the Rust side has them", async () => {
    await settle();
    expect(runs.live).toHaveLength(1);
  });

  it("change at most four times a second, however much is heard", async () => {
    await settle();
    const seen = new Set<LiveRun[]>();
    for (let at = 1; at <= 1_000; at += 1) {
      tell({ event: "run_progress", ...progress(1, at) });
      seen.add(runs.live);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(seen.size).toBeLessThanOrEqual(6);
    await vi.advanceTimersByTimeAsync(250);
    expect(runs.live[0]?.progress.rows_done).toBe(1_000);
  });

  it("learn of a run that is new by reading the list again", async () => {
    await settle();
    vi.mocked(ipc.liveRuns).mockResolvedValue([live(1), live(2)]);
    tell({ event: "run_progress", ...progress(2, 1) });
    await vi.advanceTimersByTimeAsync(250);
    expect(runs.live.map((run) => run.progress.run)).toEqual([1, 2]);
  });

  it("lose a run when it ends, and say what it was called", async () => {
    await settle();
    vi.mocked(ipc.liveRuns).mockResolvedValue([]);
    tell(ended(1));
    expect(runs.live).toEqual([]);
    expect(runs.ended).toBe(1);
    expect(onEnded).toHaveBeenCalledWith(expect.objectContaining({ status: "done" }), {
      sheetName: "Tickets",
      columnName: "Topic",
    });
  });

  it("do not bring back a run by a list that was read before it ended", async () => {
    await settle();
    const answers: ((runs: LiveRun[]) => void)[] = [];
    vi.mocked(ipc.liveRuns).mockReturnValueOnce(
      new Promise((resolve) => {
        answers.push(resolve);
      }),
    );
    tell({ event: "run_progress", ...progress(2, 1) });
    await vi.advanceTimersByTimeAsync(250);
    vi.mocked(ipc.liveRuns).mockResolvedValue([]);
    tell(ended(1));
    answers[0]?.([live(1), live(2)]);
    await settle();
    expect(runs.live).toEqual([]);
  });

  it("have names for nothing that was never in a list", async () => {
    vi.mocked(ipc.liveRuns).mockResolvedValue([]);
    tell(ended(7));
    expect(onEnded).toHaveBeenCalledWith(expect.anything(), null);
  });

  it("show a model that is loaded, until it is or was given up", async () => {
    await settle();
    tell({ event: "model_loading", model: "m", fraction: 0.5 });
    await vi.advanceTimersByTimeAsync(250);
    expect(runs.loading).toEqual({ model: "m", fraction: 0.5 });
    tell({ event: "model_loading", model: "m", fraction: 1 });
    await vi.advanceTimersByTimeAsync(250);
    expect(runs.loading).toBeNull();
    tell({ event: "model_loading", model: "m", fraction: 0.2 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(runs.loading).toBeNull();
  });

  it("list what is unfinished only while it is not alive again", async () => {
    const item = {
      sheet: { id: "s", name: "Tickets" },
      column_name: "Topic",
      run: { id: 1 },
    } as UnfinishedRun;
    vi.mocked(ipc.unfinishedRuns).mockResolvedValue([item]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs.unfinished).toEqual([]);
    vi.mocked(ipc.liveRuns).mockResolvedValue([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs.unfinished).toEqual([item]);
  });

  it("hear nothing after they were let go", async () => {
    await settle();
    stop();
    expect(listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
