import { describe, expect, test } from "vitest";
import {
  type CellContext,
  type CellLook,
  cut,
  fullText,
  lookOf,
  newLook,
  paintLimit,
  shownText,
  visibleCharacters,
} from "./cell-render";
import type { CellView, GridColumn } from "./types";

const column: GridColumn = {
  id: 1,
  name: "c",
  valueType: "text",
  ai: true,
  labels: null,
  widthPx: 160,
  frozen: false,
  sort: null,
  filtered: false,
  chip: null,
};

function look(view: Partial<CellView> | undefined, context: Partial<CellContext> = {}): CellLook {
  const made = newLook();
  const whole: CellView = { value: null, state: null, error: null, confidence: null, ...view };
  lookOf(made, view === undefined ? undefined : whole, {
    column,
    queued: false,
    stream: undefined,
    pending: undefined,
    readOnly: false,
    limit: 200,
    ...context,
  });
  return made;
}

describe("hostile text", () => {
  test("a text that begins in a script from the right is laid out from there", () => {
    expect(look({ value: "«שלום», 5 items" }).classes).toBe(" is-right-to-left");
    expect(look({ value: "5 items, שלום" }).classes).toBe("");
    expect(look({ value: "12.5" }).classes).toBe("");
  });

  test("markup is text", () => {
    expect(look({ value: "<img src=x onerror=alert(1)>" }).text).toBe(
      "<img src=x onerror=alert(1)>",
    );
  });
});

describe("long text", () => {
  test("is cut, never in the middle of a character", () => {
    expect(cut("abcdef", 3)).toBe("abc…");
    expect(cut("ab😀", 3)).toBe("ab…");
    expect(cut("ab😀", 4)).toBe("ab😀");
  });

  test("no more is painted than a cell can show", () => {
    expect(visibleCharacters(160, 28)).toBe(80);
    expect(visibleCharacters(100_000, 112)).toBe(paintLimit);
    const text = look({ value: "x".repeat(5_000_000) }, { limit: paintLimit }).text;
    expect(text.length).toBe(paintLimit + 1);
  });

  test("a huge nested value costs no more than a small one", () => {
    const list = Array.from({ length: 200_000 }, (_, index) => ({ index, text: "x".repeat(50) }));
    const start = performance.now();
    for (let times = 0; times < 200; times += 1) shownText(list, 100);
    expect(performance.now() - start).toBeLessThan(200);
    expect(shownText({ a: [1, "b", null], c: {} }, 100)).toBe('{"a":[1,"b",null],"c":{}}');
  });
});

describe("values", () => {
  test("whole text for the editor", () => {
    expect(fullText(null)).toBe("");
    expect(fullText(true)).toBe("true");
    expect(fullText(-0.5)).toBe("-0.5");
    expect(fullText({ a: [1] })).toBe('{"a":[1]}');
  });

  test("kinds", () => {
    const number: GridColumn = { ...column, valueType: "number" };
    expect(look({ value: 12.5 }, { column: number })).toMatchObject({
      text: "12.5",
      classes: " is-number",
    });
    expect(look({ value: true })).toMatchObject({ text: "✓", label: "true" });
    expect(look({ value: false })).toMatchObject({ text: "✗", label: "false" });
    expect(look({ value: [1, 2] })).toMatchObject({ text: "[1,2]", classes: " is-nested" });
  });
});

describe("labels", () => {
  const labels = new Map([
    ["good", "green"],
    ["bad", "red"],
  ] as const);
  const labelled: GridColumn = { ...column, labels };

  test("one is a chip in its colour, and what is none of them stays text", () => {
    expect(look({ value: "good" }, { column: labelled })).toMatchObject({
      text: "good",
      classes: " is-label label-green",
      chips: [],
    });
    expect(look({ value: "fine" }, { column: labelled }).classes).toBe("");
  });

  test("several are chips, read out with commas", () => {
    const seen = look({ value: ["good", "odd"] }, { column: labelled });
    expect(seen).toMatchObject({ text: "", classes: " is-labels", label: "good, odd" });
    expect(seen.chips).toEqual([
      { text: "good", colour: "green" },
      { text: "odd", colour: null },
    ]);
    expect(look({ value: [] }, { column: labelled })).toMatchObject({
      chips: [],
      text: "none",
      label: "none of the labels",
    });
  });

  test("other lists stay JSON, and hostile ones are cut", () => {
    expect(look({ value: [1] }, { column: labelled })).toMatchObject({ text: "[1]", chips: [] });
    const many = Array.from({ length: 500 }, () => "x\u202E");
    const { chips } = look({ value: many }, { column: labelled });
    expect(chips).toHaveLength(24);
    expect(chips[0]?.text).toBe("x⟨RLO⟩");
  });
});

describe("states", () => {
  test("not read yet", () => {
    expect(look(undefined)).toMatchObject({ text: "", label: "Loading", classes: " is-loading" });
  });

  test("failed says why and offers to try again", () => {
    expect(look({ state: "failed", error: "Too long" })).toMatchObject({
      text: "Too long",
      label: "Failed: Too long",
      invalid: true,
      retry: true,
    });
    expect(look({ state: "failed", error: null }).text).toBe("Failed");
    expect(look({ state: "failed", error: "no" }, { readOnly: true }).retry).toBe(false);
  });

  test("running shows what has come so far", () => {
    expect(look({ state: "running" })).toMatchObject({ busy: true, label: "Running" });
    expect(look({ state: "running" }, { stream: "The buy" })).toMatchObject({
      text: "The buy",
      busy: true,
    });
  });

  test("empty cells of a column that runs look queued", () => {
    expect(look({ state: "empty" }, { queued: true }).classes).toBe(" is-queued");
    expect(look({ state: "done", value: "x" }, { queued: true }).classes).toBe("");
    expect(look({ state: "queued" }).label).toBe("Queued");
  });

  test("edited, validated and stale are marked and said", () => {
    expect(look({ state: "edited", value: "x" })).toMatchObject({
      mark: "edited",
      label: "x, edited",
    });
    expect(look({ state: "validated", value: "x" }).mark).toBe("validated");
    expect(look({ state: "stale", value: "x" })).toMatchObject({
      classes: " is-stale",
      label: "x, stale",
    });
  });

  test("confidence is shown when it is known and low", () => {
    expect(look({ state: "done", value: "x", confidence: 0.4 }).confidence).toBe(0.4);
    expect(look({ state: "done", value: "x", confidence: 0.97 }).confidence).toBe(-1);
    expect(look({ state: "done", value: "x", confidence: null }).confidence).toBe(-1);
  });

  test("nothing of a look stays for the next cell", () => {
    const used = newLook();
    const context: CellContext = {
      column,
      queued: false,
      stream: undefined,
      pending: undefined,
      readOnly: false,
      limit: 100,
    };
    lookOf(used, { value: null, state: "failed", error: "no", confidence: 0.1 }, context);
    const plain = { value: "x", state: null, error: null, confidence: null };
    lookOf(used, plain, context);
    expect(used).toEqual({ ...newLook(), text: "x" });
  });

  test("what was typed is shown until it is stored", () => {
    expect(look({ value: "old" }, { pending: "new" }).text).toBe("new");
  });
});
