import { describe, expect, it } from "vitest";
import type { Column } from "~/ipc";
import { displayedColumns, freeColumnName, placeBefore, placeByOne, widthOf } from "./column-order";
import { dataTypeOf } from "./data-type";
import { widthsFor } from "./fitting-widths";
import { cycleSort, sortMark, withSort } from "./sorting";

function column(id: number, part: Partial<Column> = {}): Column {
  const value_type = "text" as const;
  return { id, name: `c${id}`, value_type, sql_type: "VARCHAR", kind: { kind: "data" }, ...part };
}

const columns = [column(1), column(2, { hidden: true }), column(3), column(4)];

describe("columns", () => {
  it("show frozen ones first and hidden ones not at all", () => {
    expect(displayedColumns(columns, [4, 2]).map(({ id }) => id)).toEqual([4, 1, 3]);
  });

  it("are placed among all columns, as if taken out first", () => {
    expect(placeBefore(columns, 1, 4)).toBe(2);
    expect(placeBefore(columns, 4, 1)).toBe(0);
    expect(placeBefore(columns, 1, null)).toBe(3);
  });

  it("move by one past hidden ones", () => {
    expect(placeByOne(columns, [], 1, 1)).toBe(2);
    expect(placeByOne(columns, [], 3, -1)).toBe(0);
    expect(placeByOne(columns, [], 1, -1)).toBeNull();
    expect(placeByOne(columns, [], 4, 1)).toBeNull();
  });

  it("do not move from the frozen ones to the others", () => {
    expect(placeByOne(columns, [1], 1, 1)).toBeNull();
    expect(placeByOne(columns, [1], 3, -1)).toBeNull();
  });

  it("get names that are free", () => {
    expect(freeColumnName(columns, "Column")).toBe("Column");
    expect(freeColumnName([column(1, { name: "column" })], "Column")).toBe("Column 2");
    const taken = [column(1, { name: "Column" }), column(2, { name: "Column 2" })];
    expect(freeColumnName(taken, "Column")).toBe("Column 3");
  });

  it("are as wide as dragged, else as stored, else as their rows need", () => {
    expect(widthOf(column(1, { width_px: 90 }), { 1: 120 }, { 1: 70 })).toBe(120);
    expect(widthOf(column(1, { width_px: 90 }), {}, { 1: 70 })).toBe(90);
    expect(widthOf(column(1), {}, { 1: 70 })).toBe(70);
    expect(widthOf(column(1))).toBe(220);
  });

  it("get widths within bounds from their rows", () => {
    const rows = [
      ["T001", "x".repeat(999)],
      ["T002", null],
    ];
    const widths = widthsFor([column(1), column(3)], rows, (words) => words.length * 7);
    expect(widths).toEqual({ 1: 72, 3: 320 });
  });

  it("know their type by its SQL name", () => {
    expect(dataTypeOf({ value_type: "number", sql_type: "BIGINT" })).toBe("integer");
    expect(dataTypeOf({ value_type: "number", sql_type: "DECIMAL(9,2)" })).toBe("number");
    expect(dataTypeOf({ value_type: "time", sql_type: "DATE" })).toBe("date");
    expect(dataTypeOf({ value_type: "time", sql_type: "TIMESTAMP" })).toBe("timestamp");
    expect(dataTypeOf({ value_type: "nested", sql_type: "JSON" })).toBe("json");
  });
});

describe("sorting", () => {
  it("goes up, down, and away", () => {
    const up = cycleSort([], 1, false);
    expect(up).toEqual([{ column: 1, descending: false }]);
    const down = cycleSort(up, 1, false);
    expect(down).toEqual([{ column: 1, descending: true }]);
    expect(cycleSort(down, 1, false)).toEqual([]);
  });

  it("keeps the other keys and their places with Shift", () => {
    const both = cycleSort([{ column: 1 }], 2, true);
    expect(both.map((key) => key.column)).toEqual([1, 2]);
    const turned = cycleSort(both, 1, true);
    expect(turned.map((key) => [key.column, key.descending])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(cycleSort(turned, 1, true).map((key) => key.column)).toEqual([2]);
    expect(cycleSort(both, 2, false)).toEqual([{ column: 2, descending: true }]);
  });

  it("tells values and confidences apart", () => {
    const keys = withSort([{ column: 1 }], { column: 1, by: "confidence" }, true);
    expect(keys).toHaveLength(2);
    expect(withSort(keys, { column: 1, descending: true }, true)).toEqual([
      { column: 1, descending: true },
      { column: 1, by: "confidence" },
    ]);
  });

  it("is marked with direction and place", () => {
    const keys = [{ column: 1 }, { column: 2, descending: true }];
    expect(sortMark(keys, 2)).toEqual({ descending: true, place: 2 });
    expect(sortMark(keys, 3)).toBeNull();
  });
});
