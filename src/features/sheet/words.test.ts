import { describe, expect, it } from "vitest";
import type { LiveRun, RunRequest, RunStatus, StepInfo } from "~/ipc";
import { chipsOf } from "./chips";
import { pageOf, placeInPage, stepped } from "./find-cursor";
import { fillsEverything } from "./live";
import { readPreferences, writePreferences } from "./preferences";
import { firstQuery, quotedName, resultText } from "./sql-text";
import { numberFigures, rowsText, stateCounts } from "./status-text";
import { distanceTo, nextRedo, nextUndo, stepName } from "./steps";
import { windowKey } from "./window-keys";

function live(column: number, status: RunStatus, part = {}): LiveRun {
  const progress = {
    sheet: "s",
    column,
    run: column * 10,
    rows_total: 1000,
    rows_done: 310,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_ms: 0,
    ...part,
  };
  return { progress, status, sheet_name: "S", column_name: "C" };
}

describe("chips", () => {
  it("show the run that works before queued ones and failures", () => {
    const runs = [live(1, "running", { rows_failed: 2 }), live(1, "queued"), live(2, "paused")];
    expect(chipsOf("s", runs, { 1: 9, 3: 4, 4: 0 })).toEqual({
      1: { text: "312/1,000", kind: "warning" },
      2: { text: "paused", kind: "warning" },
      3: { text: "4 failed", kind: "error" },
    });
  });

  it("leave out the runs of other sheets", () => {
    expect(chipsOf("other", [live(1, "running")], {})).toEqual({});
  });
});

describe("the find cursor", () => {
  const cursor = { total: 450, at: -1, skip: 200, length: 200 };
  it("goes around the ends", () => {
    expect(stepped(cursor, false)).toBe(0);
    expect(stepped(cursor, true)).toBe(449);
    expect(stepped({ ...cursor, at: 449 }, false)).toBe(0);
    expect(stepped({ ...cursor, at: 0 }, true)).toBe(449);
    expect(stepped({ ...cursor, total: 0 }, false)).toBeNull();
  });

  it("knows which page a match is on", () => {
    expect(placeInPage(cursor, 199)).toBeNull();
    expect(placeInPage(cursor, 200)).toBe(0);
    expect(placeInPage(cursor, 400)).toBeNull();
    expect(pageOf(449)).toBe(400);
  });
});

describe("steps", () => {
  const steps: StepInfo[] = [
    { id: 1, name: "a", at_ms: 0, undone: false },
    { id: 2, name: "b", at_ms: 0, undone: false },
    { id: 3, name: "c", at_ms: 0, undone: true },
    { id: 4, name: "d", at_ms: 0, undone: true },
  ];
  it("are taken back from the newest and done again from the oldest", () => {
    expect(nextUndo(steps)?.id).toBe(2);
    expect(nextRedo(steps)?.id).toBe(3);
    expect(nextUndo([])).toBeNull();
    expect(nextRedo([])).toBeNull();
  });

  it("count how far a step of the list is", () => {
    expect(distanceTo(steps, 1)).toEqual({ way: "undo", count: 1 });
    expect(distanceTo(steps, 2)).toEqual({ way: "undo", count: 0 });
    expect(distanceTo(steps, 4)).toEqual({ way: "redo", count: 2 });
  });

  it("show names of columns in quotation marks", () => {
    expect(stepName("Fill `a b`")).toBe("Fill “a b”");
  });
});

describe("the status bar", () => {
  it("says how many rows a filter leaves", () => {
    expect(rowsText(4, 1000, true)).toBe("4 of 1,000 rows");
    expect(rowsText(1, 1, false)).toBe("1 row");
  });

  it("shows figures only of numbers", () => {
    expect(numberFigures(null)).toEqual([]);
    expect(numberFigures({ count: 0, sum: 0, mean: 0, least: 0, greatest: 0 })).toEqual([]);
    const figures = numberFigures({ count: 2, sum: 3, mean: 1.5, least: 1, greatest: 2 });
    expect(figures.map(({ value }) => value)).toEqual(["3", "1.5", "1", "2"]);
  });

  it("lists the states that there are", () => {
    expect(stateCounts({ failed: 2, done: 5, stale: 0 })).toEqual([
      { state: "done", count: 5 },
      { state: "failed", count: 2 },
    ]);
  });
});

describe("runs", () => {
  const cases: [RunRequest, boolean][] = [
    [{ rows: "empty" }, true],
    [{ rows: "pending", only: null }, true],
    [{ rows: "first", count: 3 }, false],
    [{ rows: "these", ids: [1] }, false],
    [{ rows: "failed" }, false],
    [{ rows: "all", only: { kind: "all", of: [] } }, false],
  ];
  it.each(cases)("that fill every empty cell: %j is %s", (request, expected) => {
    expect(fillsEverything(request)).toBe(expected);
  });
});

describe("preferences", () => {
  function store(kept: Record<string, string> = {}) {
    return {
      kept,
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => {
        kept[key] = value;
      },
    };
  }

  it("come back", () => {
    const kept = store();
    writePreferences("s", { rowHeightPx: 56, frozen: [3, 1] }, kept);
    expect(readPreferences("s", kept)).toEqual({ rowHeightPx: 56, frozen: [3, 1] });
    expect(readPreferences("other", kept)).toEqual({ rowHeightPx: 28, frozen: [] });
  });

  it.each(["{", "null", '"x"', '{"rowHeightPx":30,"frozen":["x"]}'])("survive %s", (text) => {
    const kept = store({ "braincells.sheet.s": text });
    expect(readPreferences("s", kept)).toEqual({ rowHeightPx: 28, frozen: [] });
  });

  it("do without a storage that refuses", () => {
    const refusing = {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
    };
    expect(() => writePreferences("s", { rowHeightPx: 28, frozen: [] }, refusing)).not.toThrow();
  });
});

describe("SQL", () => {
  it("quotes names that need it", () => {
    expect(quotedName("amount")).toBe("amount");
    expect(quotedName("order")).toBe('"order"');
    expect(quotedName('a "b"')).toBe('"a ""b"""');
    expect(quotedName("größe")).toBe('"größe"');
  });

  it("begins with a query that works in any sheet", () => {
    expect(firstQuery([])).toBe("SELECT count(*) FROM sheet");
  });

  it("says when there is more than is shown", () => {
    const columns = [{ name: "a", sql_type: "BIGINT" }];
    const rows = Array.from({ length: 1000 }, (_, at) => [at]);
    const words = resultText({ columns, rows, truncated: true });
    expect(words).toContain("1,000 rows, 1 column");
    expect(words).toContain("the first 200 of 1,000 are shown");
    expect(words).toContain("more rows");
    expect(resultText({ columns, rows: [], truncated: false })).toBe("The query finds no rows");
  });
});

describe("keys outside of the grid", () => {
  function key(name: string, part = {}) {
    const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
    return { key: name, ...none, ...part };
  }

  it("find, replace, undo and redo", () => {
    expect(windowKey(key("f", { ctrlKey: true }), true)).toEqual({
      do: "find",
      withReplace: false,
    });
    expect(windowKey(key("h", { ctrlKey: true }), true)).toEqual({ do: "find", withReplace: true });
    expect(windowKey(key("Z", { metaKey: true, shiftKey: true }), false)).toEqual({ do: "redo" });
    expect(windowKey(key("y", { ctrlKey: true }), false)).toEqual({ do: "redo" });
    expect(windowKey(key("F3", { shiftKey: true }), true)).toEqual({ do: "find-next", back: true });
  });

  it("leave undo to the text where text is typed", () => {
    expect(windowKey(key("z", { ctrlKey: true }), true)).toBeNull();
    expect(windowKey(key("z"), false)).toBeNull();
    expect(windowKey(key("f", { ctrlKey: true, altKey: true }), false)).toBeNull();
  });
});
