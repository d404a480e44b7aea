import { describe, expect, it } from "vitest";
import { fillEdits, planFillDown, planFillDrag, planFillRight } from "./fill-plan";
import { evenBlock, onlyWhatFits, planPaste } from "./paste-plan";

const displayed = [10, 20, 30];

describe("planPaste", () => {
  it("puts a block at the corner of the selection", () => {
    const plan = planPaste([["a", "b"], ["c"]], { top: 1, bottom: 1, columns: [20] }, displayed, 9);
    expect(plan).toEqual({
      columns: [20, 30],
      start: 1,
      coveredRows: 2,
      addedRows: 0,
      lostColumns: 0,
      block: [
        ["a", "b"],
        ["c", ""],
      ],
    });
  });

  it("counts what reaches beyond the last row and column", () => {
    const block = [
      ["a", "b"],
      ["c", "d"],
      ["e", "f"],
    ];
    const plan = planPaste(block, { top: 4, bottom: 4, columns: [30] }, displayed, 5);
    expect(plan.addedRows).toBe(2);
    expect(plan.coveredRows).toBe(1);
    expect(plan.lostColumns).toBe(1);
    expect(onlyWhatFits(plan).block).toEqual([["a"], ["c"], ["e"]]);
  });

  it("repeats one cell over all that is selected", () => {
    const plan = planPaste([["x"]], { top: 0, bottom: 1, columns: [10, 20] }, displayed, 9);
    expect(plan.block).toEqual([
      ["x", "x"],
      ["x", "x"],
    ]);
  });

  it("repeats a block only where the selection is a multiple of it", () => {
    const block = [["a"], ["b"]];
    const double = planPaste(block, { top: 0, bottom: 3, columns: [10] }, displayed, 9);
    expect(double.block.flat()).toEqual(["a", "b", "a", "b"]);
    const odd = planPaste(block, { top: 0, bottom: 2, columns: [10] }, displayed, 9);
    expect(odd.block.flat()).toEqual(["a", "b"]);
  });

  it("adds everything to a sheet without rows", () => {
    const plan = planPaste([["a"], ["b"]], { top: 0, bottom: 0, columns: [10] }, displayed, 0);
    expect([plan.start, plan.coveredRows, plan.addedRows]).toEqual([0, 0, 2]);
  });

  it("has no place in a sheet without columns", () => {
    const plan = planPaste([["a", "b"]], { top: 0, bottom: 0, columns: [] }, [], 0);
    expect([plan.columns, plan.lostColumns, plan.addedRows]).toEqual([[], 2, 1]);
  });

  it("makes lines equally wide", () => {
    expect(evenBlock([["a"], [], ["b", "c"]])).toEqual([
      ["a", ""],
      ["", ""],
      ["b", "c"],
    ]);
  });
});

describe("fills", () => {
  it("copy the first row down, or the row above a single one", () => {
    expect(planFillDown({ top: 2, bottom: 5, columns: [10] })).toMatchObject({
      from: { top: 2, bottom: 2 },
      to: { top: 3, bottom: 5 },
    });
    expect(planFillDown({ top: 2, bottom: 2, columns: [10] })).toMatchObject({
      from: { top: 1, bottom: 1 },
      to: { top: 2, bottom: 2 },
    });
    expect(planFillDown({ top: 0, bottom: 0, columns: [10] })).toBeNull();
  });

  it("copy the first column to the right, or the column to the left", () => {
    expect(planFillRight({ top: 0, bottom: 1, columns: [10, 20, 30] }, displayed)?.columns).toEqual(
      [
        { from: 10, to: 20 },
        { from: 10, to: 30 },
      ],
    );
    expect(planFillRight({ top: 0, bottom: 1, columns: [20] }, displayed)?.columns).toEqual([
      { from: 10, to: 20 },
    ]);
    expect(planFillRight({ top: 0, bottom: 1, columns: [10] }, displayed)).toBeNull();
  });

  it("repeat a dragged block downwards in its rhythm", () => {
    const plan = planFillDrag(
      { top: 0, bottom: 1, columns: [10] },
      { top: 0, bottom: 4, columns: [10] },
    );
    expect(plan?.to).toEqual({ top: 2, bottom: 4 });
    const edits = plan && fillEdits(plan, [["a"], ["b"]], [103, 104, 105]);
    expect(edits?.map((edit) => edit.value)).toEqual(["a", "b", "a"]);
    expect(edits?.map((edit) => edit.row)).toEqual([103, 104, 105]);
  });

  it("repeat a dragged block upwards so that it joins on", () => {
    const plan = planFillDrag(
      { top: 3, bottom: 4, columns: [10] },
      { top: 0, bottom: 4, columns: [10] },
    );
    expect(plan?.to).toEqual({ top: 0, bottom: 2 });
    const edits = plan && fillEdits(plan, [["a"], ["b"]], [1, 2, 3]);
    expect(edits?.map((edit) => edit.value)).toEqual(["b", "a", "b"]);
  });

  it("repeat dragged columns to the side, row by row", () => {
    const plan = planFillDrag(
      { top: 0, bottom: 1, columns: [10] },
      { top: 0, bottom: 1, columns: [10, 20, 30] },
    );
    const values = [
      ["a", "a"],
      ["b", "b"],
    ];
    const edits = plan && fillEdits(plan, values, [1, 2]);
    expect(edits).toEqual([
      { column: 20, row: 1, value: "a" },
      { column: 30, row: 1, value: "a" },
      { column: 20, row: 2, value: "b" },
      { column: 30, row: 2, value: "b" },
    ]);
  });

  it("do nothing when nothing was added", () => {
    const range = { top: 0, bottom: 1, columns: [10] };
    expect(planFillDrag(range, range)).toBeNull();
  });
});
