import { describe, expect, test } from "vitest";
import {
  addCell,
  cellCount,
  dataEdge,
  extendTo,
  filledRect,
  isSelected,
  moved,
  type Place,
  type Rect,
  refit,
  selectAll,
  selectCell,
  selectColumns,
  selectRows,
  tabbed,
  widen,
} from "./selection";

const size = { rows: 10, columns: 5 };
function at(row: number, column: number): Place {
  return { row, column };
}
function rect(top: number, left: number, bottom: number, right: number): Rect {
  return { top, left, bottom, right };
}

describe("selecting", () => {
  test("extending keeps the active cell, in every direction", () => {
    const one = selectCell(at(4, 2));
    expect(extendTo(one, at(6, 3), size).rects).toEqual([rect(4, 2, 6, 3)]);
    const back = extendTo(extendTo(one, at(6, 3), size), at(1, 0), size);
    expect(back.rects).toEqual([rect(1, 0, 4, 2)]);
    expect(back.active).toEqual(at(4, 2));
    expect(back.head).toEqual(at(1, 0));
  });

  test("several ranges: the last one is extended", () => {
    const two = extendTo(addCell(selectCell(at(0, 0)), at(5, 1)), at(6, 2), size);
    expect(two.rects).toEqual([rect(0, 0, 0, 0), rect(5, 1, 6, 2)]);
    expect(isSelected(two, 0, 0)).toBe(true);
    expect(isSelected(two, 6, 1)).toBe(true);
    expect(isSelected(two, 4, 1)).toBe(false);
    expect(cellCount(two)).toBe(5);
  });

  test("whole rows and columns stay whole when extended", () => {
    const rows = extendTo(selectRows(3, 3, size), at(5, 1), size);
    expect(rows.rects).toEqual([rect(3, 0, 5, 4)]);
    const columns = extendTo(selectColumns(2, 2, size), at(1, 0), size);
    expect(columns.rects).toEqual([rect(0, 0, 9, 2)]);
  });

  test("rows, then columns of the same cells are everything", () => {
    const row = widen(selectCell(at(3, 1)), "rows", size);
    expect(row.rects).toEqual([rect(3, 0, 3, 4)]);
    expect(row.active).toEqual(at(3, 1));
    expect(widen(row, "columns", size).rects).toEqual([rect(0, 0, 9, 4)]);
    expect(selectAll(selectCell(at(3, 1)), size)).toMatchObject({
      active: at(3, 1),
      rects: [rect(0, 0, 9, 4)],
    });
  });
});

describe("moving", () => {
  test("stays inside the sheet", () => {
    expect(moved(at(0, 0), "up", 1, size)).toEqual(at(0, 0));
    expect(moved(at(8, 0), "down", 5, size)).toEqual(at(9, 0));
    expect(moved(at(3, 4), "right", 1, size)).toEqual(at(3, 4));
    expect(moved(at(3, 4), "left", 2, size)).toEqual(at(3, 2));
  });

  test("Tab goes row after row and leaves at both ends", () => {
    expect(tabbed(at(0, 4), false, size)).toEqual(at(1, 0));
    expect(tabbed(at(1, 0), true, size)).toEqual(at(0, 4));
    expect(tabbed(at(9, 4), false, size)).toBe(null);
    expect(tabbed(at(0, 0), true, size)).toBe(null);
  });

  test("Ctrl+arrow goes to the end of a block, over a gap, and says when there is no edge", () => {
    function edge(cells: string): number | null {
      return dataEdge([...cells].map((cell) => cell === "."));
    }
    expect(edge("xxx.x")).toBe(2);
    expect(edge("x..xx")).toBe(3);
    expect(edge("...x")).toBe(3);
    expect(edge(".xx.")).toBe(1);
    expect(edge("xxxx")).toBe(null);
    expect(edge("x...")).toBe(null);
    expect(edge("x")).toBe(null);
    expect(edge("")).toBe(null);
  });
});

describe("after the sheet changed", () => {
  function same(column: number): number {
    return column;
  }

  test("a whole column stays whole when rows come", () => {
    const next = refit(selectColumns(1, 2, size), { rows: 20, columns: 5 }, same);
    expect(next?.rects).toEqual([rect(0, 1, 19, 2)]);
  });

  test("fewer rows clip it, and ranges beyond are gone", () => {
    const two = addCell(addCell(selectCell(at(9, 0)), at(1, 1)), at(8, 2));
    const next = refit(two, { rows: 5, columns: 5 }, same);
    expect(next?.rects).toEqual([rect(1, 1, 1, 1), rect(4, 2, 4, 2)]);
  });

  test("it follows columns that moved", () => {
    const next = refit(selectCell(at(2, 0)), size, (column) => (column === 0 ? 3 : column - 1));
    expect(next?.active).toEqual(at(2, 3));
  });

  test("nothing is left of an empty sheet", () => {
    expect(refit(selectCell(at(2, 0)), { rows: 0, columns: 5 }, same)).toBe(null);
    expect(refit(selectCell(at(2, 0)), { rows: 5, columns: 0 }, same)).toBe(null);
  });
});

test("a fill grows in one direction, the one that is farther away", () => {
  const from = rect(2, 1, 3, 2);
  expect(filledRect(from, at(7, 3))).toEqual(rect(2, 1, 7, 2));
  expect(filledRect(from, at(4, 4))).toEqual(rect(2, 1, 3, 4));
  expect(filledRect(from, at(0, 1))).toEqual(rect(0, 1, 3, 2));
  expect(filledRect(from, at(3, 0))).toEqual(rect(2, 0, 3, 2));
  expect(filledRect(from, at(3, 2))).toEqual(from);
});
