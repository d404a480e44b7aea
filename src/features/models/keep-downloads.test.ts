import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Download, Event } from "~/ipc";
import { newModelsState } from "~/state/models";

const fake = vi.hoisted(() => ({
  downloads: vi.fn(),
  listeners: new Set<(event: unknown) => void>(),
}));

vi.mock("~/ipc", async (original) => ({
  ...(await original<object>()),
  ipc: { downloads: fake.downloads },
  onEvent: (listener: (event: unknown) => void) => {
    fake.listeners.add(listener);
    return () => fake.listeners.delete(listener);
  },
}));

const { keepDownloads, takeDownload } = await import("./keep-downloads");

function download(id: number, more: Partial<Download> = {}): Download {
  return {
    id,
    name: `m${id}.gguf`,
    repository: "o/m",
    revision: "r",
    label: "Q4",
    state: "running",
    files: 1,
    bytes_done: 10,
    bytes_total: 100,
    bytes_per_second: 1,
    seconds_left: 90,
    retries: 0,
    retry_at_ms: null,
    error: null,
    elsewhere: false,
    added_at_ms: id,
    ...more,
  };
}

function say(event: Event): void {
  for (const listener of fake.listeners) listener(event);
}
const progress = (one: Download): void => say({ event: "download_progress", ...one });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  fake.listeners.clear();
});

it("somebody with a model at work needs no way to a first one any more", () => {
  fake.downloads.mockResolvedValue([]);
  const state = newModelsState();
  const stop = keepDownloads(state, () => {});
  state.hadNone = true;
  const stands = (status: "loading" | "running"): void =>
    say({ event: "model_status", model: "m.gguf", status, error: null });
  stands("loading");
  expect(state.hadNone).toBe(true);
  stands("running");
  expect(state.hadNone).toBe(false);
  stop();
});

describe("the downloads of the window", () => {
  it("are read at the start, and what was heard meanwhile counts more", async () => {
    let answer: (list: Download[]) => void = () => {};
    fake.downloads.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const state = newModelsState();
    const stop = keepDownloads(state, () => {});
    progress(download(2, { bytes_done: 60 }));
    answer([download(2), download(1, { state: "done" })]);
    await vi.advanceTimersByTimeAsync(0);
    expect(state.isRead).toBe(true);
    expect(state.downloads.map((one) => [one.id, one.bytes_done])).toEqual([
      [2, 60],
      [1, 10],
    ]);
    stop();
    expect(fake.listeners.size).toBe(0);
  });

  it("change a few times a second, and at once when one stands elsewhere", async () => {
    fake.downloads.mockResolvedValue([download(1)]);
    const state = newModelsState();
    const stop = keepDownloads(state, () => {});
    await vi.advanceTimersByTimeAsync(0);
    for (const bytes_done of [20, 30, 40]) progress(download(1, { bytes_done }));
    expect(state.downloads[0]?.bytes_done).toBe(10);
    await vi.advanceTimersByTimeAsync(250);
    expect(state.downloads[0]?.bytes_done).toBe(40);
    progress(download(1, { state: "paused" }));
    expect(state.downloads[0]?.state).toBe("paused");
    stop();
  });

  it("have the lists of models read again when one is there, and tell of it once", async () => {
    fake.downloads.mockResolvedValue([]);
    const state = newModelsState();
    const ends: string[] = [];
    const stop = keepDownloads(state, ({ id }, end) => ends.push(`${id} ${end}`));
    await vi.advanceTimersByTimeAsync(0);
    progress(download(7));
    progress(download(7, { state: "done" }));
    progress(download(7, { state: "done" }));
    progress(download(7));
    await vi.advanceTimersByTimeAsync(250);
    expect(state.downloads.map((one) => one.state)).toEqual(["done"]);
    expect(ends).toEqual(["7 done"]);
    expect(state.changed).toBe(1);
    say({ event: "model_status", model: "m", status: "loading", error: null });
    expect(state.statuses.m?.status).toBe("loading");
    say({ event: "models_changed" });
    expect([state.changed, Object.keys(state.statuses)]).toEqual([2, []]);
    stop();
  });

  it("have hints of use in the window, wherever they come from", async () => {
    const error = {
      code: "key_refused" as const,
      message: "only for people who agreed to its terms",
      hint: "agree to them at https://hub.example/o/m, then give your token: `braincells keys set x`",
    };
    const failed = (id: number) => download(id, { state: "failed", error });
    fake.downloads.mockResolvedValue([failed(1)]);
    const state = newModelsState();
    const ends: string[] = [];
    const stop = keepDownloads(state, ({ error }) => ends.push(error?.hint ?? ""));
    await vi.advanceTimersByTimeAsync(0);
    progress(failed(2));
    takeDownload(state, failed(3));
    say({ event: "model_status", model: "m", status: "failed", error });
    const hint =
      "agree to them at https://hub.example/o/m, then enter a token of that account in the settings, under Backends";
    expect(state.downloads.map((one) => one.error?.hint)).toEqual([hint, hint, hint]);
    expect(ends).toEqual([hint]);
    expect(state.statuses.m?.error?.hint).toBe(hint);
    stop();
  });

  it("are not all that is heard: a model begins to work, and a file is copied", () => {
    fake.downloads.mockResolvedValue([]);
    const state = newModelsState();
    const stop = keepDownloads(state, () => {});
    const working = { event: "model_status", model: "m", status: "running", error: null } as const;
    say(working);
    say(working);
    expect([state.used, state.changed]).toEqual([1, 0]);
    say({ event: "model_copying", model: "m", fraction: 0.5 });
    expect(state.copying).toBe(null);
    state.copying = { task: "t", name: "m.gguf", fraction: null };
    say({ event: "model_copying", model: "m", fraction: 0.5 });
    expect(state.copying).toEqual({ task: "t", name: "m.gguf", fraction: 0.5 });
    stop();
  });

  it("are read again by and by where they could not be read", async () => {
    fake.downloads.mockRejectedValueOnce(new Error("busy")).mockResolvedValue([download(1)]);
    const state = newModelsState();
    const stop = keepDownloads(state, () => {});
    await vi.advanceTimersByTimeAsync(0);
    expect(state.isRead).toBe(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state.downloads).toHaveLength(1);
    stop();
  });

  it("show at once what a command returned", () => {
    const state = newModelsState();
    takeDownload(state, download(1, { state: "queued" }));
    takeDownload(state, download(1, { state: "cancelled" }));
    takeDownload(state, download(1));
    expect(state.downloads.map((one) => one.state)).toEqual(["cancelled"]);
  });
});
