import { describe, expect, test } from "vitest";
import {
  clampTop,
  columnLayout,
  columnsAt,
  columnUnder,
  columnX,
  contentTopOf,
  leftToShow,
  rowScale,
  rowsAt,
  rowUnder,
  scrollLimitPx,
  scrollTopOf,
  topToShow,
} from "./range";
import type { GridColumn } from "./types";

const heights = [28, 56, 112];
const counts = [0, 1, 7, 200, 1_000_000, 50_000_000];
const bodyPx = 611;

for (const rowCount of counts) {
  for (const height of heights) {
    describe(`${rowCount} rows of ${height} px`, () => {
      const scale = rowScale(rowCount, height, bodyPx, 40);
      const scrollRange = Math.max(0, scale.scrollPx - bodyPx);

      test("the element stays below WebKit's limit", () => {
        expect(scale.scrollPx).toBeLessThanOrEqual(scrollLimitPx);
        expect(scrollLimitPx).toBeLessThan(33_554_428 - 1000);
      });

      test("content moves with the scroll bar, from the first row to the last", () => {
        let before = -1;
        for (let step = 0; step <= 1000; step += 1) {
          const top = contentTopOf(scale, (scrollRange * step) / 1000);
          expect(top).toBeGreaterThanOrEqual(before);
          before = top;
        }
        expect(rowsAt(scale, contentTopOf(scale, 0)).first).toBe(0);
        expect(rowsAt(scale, contentTopOf(scale, scrollRange)).end).toBe(rowCount);
      });

      test("every position can be brought on screen whole, and found under its place", () => {
        const missed: number[] = [];
        const step = Math.max(1, Math.floor(rowCount / 20_011));
        for (let position = 0; position < rowCount; position += step) {
          for (const from of [0, scale.contentPx / 2, scale.contentPx]) {
            const top = topToShow(scale, clampTop(scale, from), position);
            const y = position * height - top;
            const { first, end } = rowsAt(scale, top);
            const isWhole = y >= 0 && y + height <= bodyPx && position >= first && position < end;
            const isFound = rowUnder(scale, top, y + height / 2) === position;
            if (!isWhole || !isFound) missed.push(position);
          }
        }
        expect(missed).toEqual([]);
      });

      test("a content top survives the way through the scroll bar", () => {
        for (let step = 0; step <= 100; step += 1) {
          const top = clampTop(scale, (scale.contentPx * step) / 100);
          expect(contentTopOf(scale, scrollTopOf(scale, top))).toBeCloseTo(top, 2);
        }
      });
    });
  }
}

test("each pixel of a scaled scroll bar skips no more rows than a screen shows", () => {
  const scale = rowScale(50_000_000, 28, bodyPx, 40);
  expect(scale.factor).toBeLessThan(bodyPx);
});

function column(id: number, widthPx: number, frozen = false): GridColumn {
  return {
    id,
    name: `c${id}`,
    valueType: "text",
    ai: false,
    labels: null,
    widthPx,
    frozen,
    sort: null,
    filtered: false,
    chip: null,
  };
}

describe("columns", () => {
  const columns = [column(1, 100), column(2, 80, true), column(3, 120), column(4, 200)];

  test("frozen ones come first and stay", () => {
    const layout = columnLayout(columns, 44, 600);
    expect(layout.columns.map(({ id }) => id)).toEqual([2, 1, 3, 4]);
    expect(layout.frozenCount).toBe(1);
    expect(layout.frozenPx).toBe(124);
    expect(columnX(layout, 90, 0)).toBe(44);
    expect(columnX(layout, 90, 1)).toBe(34);
  });

  test("frozen ones that would leave no room move along", () => {
    const wide = [column(1, 300, true), column(2, 300, true), column(3, 100)];
    expect(columnLayout(wide, 44, 600).frozenCount).toBe(1);
    expect(columnLayout(wide, 44, 200).frozenCount).toBe(0);
  });

  test("only those on screen are shown", () => {
    const many = Array.from({ length: 1000 }, (_, index) => column(index, 100));
    const layout = columnLayout(many, 44, 544);
    expect(columnsAt(layout, 0, 544)).toEqual({ first: 0, end: 5 });
    expect(columnsAt(layout, 150, 544)).toEqual({ first: 1, end: 7 });
    expect(columnsAt(layout, 99_500, 544)).toEqual({ first: 995, end: 1000 });
    expect(columnLayout([], 44, 544).trackPx).toBe(0);
    expect(columnsAt(columnLayout([], 44, 544), 0, 544)).toEqual({ first: 0, end: 0 });
  });

  test("a point finds its column, the gutter or nothing", () => {
    const layout = columnLayout(columns, 44, 600);
    expect(columnUnder(layout, 0, 10)).toBe(-1);
    expect(columnUnder(layout, 0, 50)).toBe(0);
    expect(columnUnder(layout, 0, 130)).toBe(1);
    expect(columnUnder(layout, 60, 130)).toBe(1);
    expect(columnUnder(layout, 110, 130)).toBe(2);
    expect(columnUnder(layout, 0, 599)).toBe(null);
  });

  test("scrolling sideways shows a whole column and no more", () => {
    const layout = columnLayout(columns, 44, 400);
    expect(leftToShow(layout, 70, 400, 0)).toBe(70);
    expect(leftToShow(layout, 70, 400, 1)).toBe(0);
    expect(leftToShow(layout, 0, 400, 3)).toBe(420 - (400 - 124));
  });
});
