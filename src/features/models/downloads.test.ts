import { describe, expect, it } from "vitest";
import type { Download } from "~/ipc";
import {
  bytesUnderWay,
  downloadOf,
  endOf,
  neighbourIn,
  overallOf,
  percentOf,
  underWay,
  withHeard,
} from "./downloads";
import { downloadGroup } from "./model-search";
import { figuresText, formatMany, formatParameters, stateText } from "./words";

function download(id: number, more: Partial<Download> = {}): Download {
  return {
    id,
    name: `owner--model-GGUF/model-${id}.Q4_K_M.gguf`,
    repository: "Owner/Model-GGUF",
    revision: "abc",
    label: "Q4_K_M",
    state: "running",
    files: 1,
    bytes_done: 250_000_000,
    bytes_total: 1_000_000_000,
    bytes_per_second: null,
    seconds_left: null,
    retries: 0,
    retry_at_ms: null,
    error: null,
    elsewhere: false,
    added_at_ms: id,
    ...more,
  };
}

const heard = (...all: Download[]) => new Map(all.map((one) => [one.id, one]));
const ids = (list: Download[]) => list.map(({ id }) => id);

describe("what is heard of downloads", () => {
  it("takes the place of what was known, and adds what was not, newest first", () => {
    const list = [download(2), download(1)];
    const later = withHeard(list, heard(download(1, { bytes_done: 7 }), download(3)));
    expect(ids(later)).toEqual([3, 2, 1]);
    expect(later[2]?.bytes_done).toBe(7);
    expect(list).toHaveLength(2);
  });

  it("does not bring back what is over", () => {
    const over = [download(1, { state: "done" }), download(2, { state: "cancelled" })];
    const late = withHeard(over, heard(download(1), download(2, { state: "verifying" })));
    expect(late.map(({ state }) => state)).toEqual(["done", "cancelled"]);
    const again = withHeard([download(1, { state: "failed" })], heard(download(1)));
    expect(again[0]?.state).toBe("running");
  });

  it("is told of once, when one is there or failed", () => {
    const done = download(1, { state: "done" });
    expect(endOf(download(1), done)).toBe("done");
    expect(endOf(undefined, done)).toBe("done");
    expect(endOf(done, done)).toBe(null);
    expect(endOf(download(1), download(1, { state: "failed" }))).toBe("failed");
    expect(endOf(download(1), download(1, { state: "waiting" }))).toBe(null);
    expect(endOf(download(1, { state: "cancelled" }), download(1, { state: "failed" }))).toBe(null);
  });
});

describe("the list of downloads", () => {
  it("begins with what works, and leaves out what is over", () => {
    const list = [
      download(1, { state: "paused" }),
      download(2, { state: "queued" }),
      download(3, { state: "done" }),
      download(4, { state: "failed" }),
      download(5),
      download(6, { state: "waiting" }),
      download(7, { state: "verifying" }),
    ];
    expect(ids(underWay(list))).toEqual([5, 7, 6, 2, 4, 1]);
  });

  it("is one figure for the sidebar, of what goes on by itself", () => {
    const list = [download(1), download(2, { state: "queued", bytes_done: 0 })];
    expect(overallOf(list)).toEqual({ count: 2, percent: 12 });
    expect(overallOf([download(1, { state: "paused" })])).toBe(null);
    expect(overallOf([download(1, { bytes_total: 0, bytes_done: 0 })])?.percent).toBe(0);
    expect([percentOf(0.999), percentOf(1)]).toEqual([99, 100]);
  });

  it("says what all of it takes, and which line is next to one that goes", () => {
    const list = [download(1), download(2, { state: "paused" }), download(3, { state: "done" })];
    expect(bytesUnderWay(list)).toBe(500_000_000);
    expect(neighbourIn(list, 2)).toBe(3);
    expect(neighbourIn(list, 3)).toBe(2);
    expect(neighbourIn([download(1)], 1)).toBe(null);
  });

  it("finds the one of a quantisation, however it is written", () => {
    const list = [download(1)];
    expect(downloadOf(list, "owner/model-gguf", "q4_k_m")?.id).toBe(1);
    expect(downloadOf(list, "owner/model-gguf", "Q8_0")).toBe(null);
    expect(downloadOf([download(1, { state: "done" })], "owner/model-gguf", "Q4_K_M")).toBe(null);
  });

  it("is in the list of models to choose from, but cannot be chosen yet", () => {
    const { options } = downloadGroup([download(1), download(2, { state: "done" })], "model-1");
    expect(options).toMatchObject([
      { label: "model-1.Q4_K_M", hint: "Downloading · 25%", disabled: true },
    ]);
    expect(downloadGroup([download(1)], "other").options).toEqual([]);
  });
});

describe("the words of a download", () => {
  it("are how much, how fast and how long", () => {
    const moving = download(1, { bytes_per_second: 8_400_000, seconds_left: 89 });
    expect(figuresText(moving, 0)).toBe("250 MB of 1.0 GB · 8.4 MB/s · 1 min 29 s left");
    const still = download(1, { bytes_per_second: 0, seconds_left: null });
    expect(figuresText(still, 0)).toBe("250 MB of 1.0 GB · 0 B/s");
    expect(stateText(still)).toBe("Nothing arrives at the moment");
    expect(stateText(moving)).toBe("Downloading");
    expect(stateText({ ...moving, elsewhere: true })).toContain("Another Braincells");
  });

  it("count down to the next try", () => {
    const waiting = download(1, { state: "waiting", retry_at_ms: 9_000 });
    expect(figuresText(waiting, 1_500)).toBe("250 MB of 1.0 GB · again in 8 s");
    expect(figuresText(waiting, 99_000)).toBe("250 MB of 1.0 GB · again in 1 s");
  });

  it("are short for large numbers", () => {
    const parameters = [135e6, 596e6, 999.9e6, 1e9, 1.24e9, 7.62e9, 23.57e9, 70.6e9];
    expect(parameters.map(formatParameters)).toEqual([
      "135M",
      "596M",
      "1B",
      "1B",
      "1.2B",
      "7.6B",
      "24B",
      "71B",
    ]);
    expect([812, 1000, 48_211, 999_999, 1_234_567].map(formatMany)).toEqual([
      "812",
      "1k",
      "48k",
      "1M",
      "1.2M",
    ]);
  });
});
