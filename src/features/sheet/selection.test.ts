import { describe, expect, it } from "vitest";
import { cellsIn, columnsOf, groupsOf, rowsIn, selectedCells, spansOf } from "./selection";

const displayed = [3, 1, 2];

describe("selections", () => {
  it("join rows that touch or overlap, in order", () => {
    const spans = spansOf([
      { top: 8, bottom: 9, columns: [1] },
      { top: 0, bottom: 2, columns: [1] },
      { top: 2, bottom: 4, columns: [2] },
      { top: 5, bottom: 5, columns: [2] },
    ]);
    expect(spans).toEqual([
      { start: 0, count: 6 },
      { start: 8, count: 2 },
    ]);
    expect(rowsIn(spans)).toBe(8);
  });

  it("count a cell once, however often it is selected", () => {
    const ranges = [
      { top: 0, bottom: 1, columns: [3, 1] },
      { top: 1, bottom: 2, columns: [1, 2] },
    ];
    expect(cellsIn(ranges, displayed)).toBe(7);
    expect(columnsOf(ranges, displayed)).toEqual([3, 1, 2]);
    expect(groupsOf(ranges, displayed)).toEqual([
      { columns: [3], spans: [{ start: 0, count: 2 }] },
      { columns: [1], spans: [{ start: 0, count: 3 }] },
      { columns: [2], spans: [{ start: 1, count: 2 }] },
    ]);
  });

  it("put columns with the same rows into one group", () => {
    const whole = [{ top: 0, bottom: 99, columns: [3, 1, 2] }];
    expect(groupsOf(whole, displayed)).toEqual([
      { columns: [3, 1, 2], spans: [{ start: 0, count: 100 }] },
    ]);
  });

  it("are told to the panels", () => {
    const snapshot = {
      active: { position: 4, column: 1, row: 104 },
      ranges: [
        { top: 4, bottom: 6, columns: [1] },
        { top: 9, bottom: 9, columns: [3] },
      ],
    };
    expect(selectedCells(snapshot, displayed)).toEqual({
      row: 104,
      column: 1,
      rows: { first: 4, last: 9 },
      columns: [3, 1],
      several: true,
    });
    expect(selectedCells({ active: null, ranges: [] }, displayed).rows).toBeNull();
  });
});
