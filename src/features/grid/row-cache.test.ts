import { beforeEach, describe, expect, test, vi } from "vitest";
import { pageRows, RowCache, type Wanted } from "./row-cache";
import type { CellView, GridSource, SheetWindow } from "./types";

interface Call {
  columns: number[];
  start: number;
  count: number;
  answer(rows?: number[], value?: (row: number, column: number) => CellView): Promise<void>;
  fail(): Promise<void>;
}

let calls: Call[];
let source: GridSource;
let arrived: [number, number][];
let cache: RowCache;

function view(value: string | number): CellView {
  return { value, state: null, error: null, confidence: null };
}

beforeEach(() => {
  vi.useRealTimers();
  calls = [];
  arrived = [];
  source = {
    window(columns, start, count) {
      return new Promise<SheetWindow>((resolve, reject) => {
        calls.push({
          columns,
          start,
          count,
          async answer(rows, value = (row, column) => view(`${row}:${column}`)) {
            const ids = rows ?? Array.from({ length: count }, (_, at) => start + at + 1000);
            resolve({
              columns,
              start,
              row_count: 0,
              rows: ids.map((row) => ({ row, cells: columns.map((id) => value(row, id)) })),
            });
            await new Promise((done) => setTimeout(done));
          },
          async fail() {
            reject(new Error("no"));
            await new Promise((done) => setTimeout(done));
          },
        });
      });
    },
  };
  cache = new RowCache(source, (first, end) => arrived.push([first, end]));
  cache.setRowCount(100_000);
});

function wanted(first: number, end: number, rest: Partial<Wanted> = {}): Wanted {
  return { first, end, columns: [1, 2], direction: 0, ...rest };
}

describe("reading", () => {
  test("what is on screen comes first, then the page ahead", async () => {
    cache.want(wanted(250, 280, { direction: 1 }));
    expect(calls.map(({ start }) => start)).toEqual([200, 400]);
    await calls[0]?.answer();
    expect(cache.cell(250, 2)?.value).toBe("1250:2");
    expect(cache.row(250)).toBe(1250);
    expect(cache.positionOf(1250)).toBe(250);
    expect(arrived).toEqual([[200, 400]]);
  });

  test("a page is asked for once, however often it is wanted", () => {
    for (let times = 0; times < 10; times += 1) cache.want(wanted(0, 30));
    expect(calls).toHaveLength(1);
  });

  test("two at most are under way, and the latest wish is next", async () => {
    for (let page = 0; page < 50; page += 1) {
      cache.want(wanted(page * pageRows, page * pageRows + 20));
    }
    expect(calls.map(({ start }) => start)).toEqual([0, 200]);
    await calls[0]?.answer();
    expect(calls.map(({ start }) => start)).toEqual([0, 200, 49 * pageRows]);
  });

  test("only columns that are missing are read", async () => {
    cache.want(wanted(0, 30));
    await calls[0]?.answer();
    cache.want(wanted(0, 30, { columns: [2, 3] }));
    expect(calls[1]?.columns).toEqual([3]);
    await calls[1]?.answer();
    expect(cache.cell(3, 1)?.value).toBe("1003:1");
    expect(cache.cell(3, 3)?.value).toBe("1003:3");
  });

  test("the last page is as short as the sheet, and is read again when it grows", async () => {
    cache.setRowCount(10);
    cache.want(wanted(0, 10));
    expect(calls[0]?.count).toBe(10);
    await calls[0]?.answer();
    cache.setRowCount(11);
    cache.want(wanted(0, 11));
    expect(calls[1]?.count).toBe(11);
    expect(cache.cell(4, 1)?.value).toBe("1004:1");
    await calls[1]?.answer();
    expect(cache.row(10)).toBe(1010);
  });

  test("fewer rows than there should be are not asked for forever", async () => {
    cache.setRowCount(10);
    cache.want(wanted(0, 10));
    await calls[0]?.answer([1, 2]);
    cache.want(wanted(0, 10));
    expect(calls).toHaveLength(1);
  });

  test("the pages used least are forgotten", async () => {
    const columns = Array.from({ length: 100 }, (_, index) => index);
    for (let page = 0; page < 30; page += 1) {
      cache.want(wanted(page * pageRows, page * pageRows + 20, { columns }));
      await calls[page]?.answer();
    }
    expect(cache.row(0)).toBe(null);
    expect(cache.positionOf(1000)).toBe(null);
    expect(cache.row(29 * pageRows)).toBe(29 * pageRows + 1000);
  });
});

describe("reading again", () => {
  test("what is on screen stays until its new content has come", async () => {
    cache.want(wanted(0, 30));
    await calls[0]?.answer();
    cache.invalidate();
    expect(cache.cell(3, 1)?.value).toBe("1003:1");
    await calls[1]?.answer(undefined, () => view("new"));
    expect(cache.cell(3, 1)?.value).toBe("new");
  });

  test("an answer from before is dropped", async () => {
    cache.want(wanted(0, 30));
    cache.invalidate();
    await calls[0]?.answer(undefined, () => view("old"));
    expect(cache.cell(3, 1)).toBe(undefined);
    await calls[1]?.answer(undefined, () => view("new"));
    expect(cache.cell(3, 1)?.value).toBe("new");
    expect(arrived).toHaveLength(1);
  });

  test("rows that moved are found at their new places", async () => {
    cache.setRowCount(3);
    cache.want(wanted(0, 3));
    await calls[0]?.answer([7, 8, 9]);
    cache.invalidate();
    await calls[1]?.answer([9, 7, 8]);
    expect([7, 8, 9].map((row) => cache.positionOf(row))).toEqual([1, 2, 0]);
  });

  test("answers of columns that disagree about rows are not mixed", async () => {
    cache.setRowCount(3);
    cache.want(wanted(0, 3));
    cache.want(wanted(0, 3, { columns: [1, 2, 3] }));
    await calls[0]?.answer([7, 8, 9]);
    await calls[1]?.answer([9, 7, 8]);
    expect(cache.cell(0, 3)?.value).toBe("9:3");
    expect(cache.cell(0, 1)).toBe(undefined);
    expect(calls[2]?.columns).toEqual([1, 2]);
  });
});

describe("patches", () => {
  test("change a cell that is here, and say where", async () => {
    cache.want(wanted(0, 30));
    await calls[0]?.answer();
    expect(cache.patch(1003, 2, { value: "done", state: "done" })).toBe(3);
    expect(cache.cell(3, 2)).toEqual({ ...view("done"), state: "done" });
    expect(cache.patch(999_999, 2, { value: "x" })).toBe(null);
    expect(cache.patch(1003, 77, { value: "x" })).toBe(null);
  });

  test("are not undone by an answer that was read before them", async () => {
    cache.want(wanted(0, 30));
    cache.patch(1003, 2, { value: "done", state: "done" });
    await calls[0]?.answer();
    expect(cache.cell(3, 2)?.value).toBe("done");
    cache.invalidate();
    await calls[1]?.answer(undefined, () => view("later"));
    expect(cache.cell(3, 2)?.value).toBe("later");
  });
});

describe("failures", () => {
  test("a page is asked for again, ever later, then no more until a reload", async () => {
    vi.useFakeTimers();
    const failing: GridSource = { window: vi.fn(() => Promise.reject(new Error("no"))) };
    const short = new RowCache(failing, () => undefined);
    short.setRowCount(50);
    short.want(wanted(0, 20));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failing.window).toHaveBeenCalledTimes(4);
    short.invalidate();
    expect(failing.window).toHaveBeenCalledTimes(5);
    short.close();
  });

  test("nothing happens after it was closed", async () => {
    cache.want(wanted(0, 30));
    cache.close();
    await calls[0]?.answer();
    expect(arrived).toEqual([]);
  });
});
