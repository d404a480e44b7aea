/**
 * What is selected: one active cell and rectangles, of which the last one grows with Shift. Pure;
 * rows and columns are places counted from 0.
 */

/** How many rows and columns there are. */
export interface Size {
  rows: number;
  columns: number;
}

export interface Place {
  row: number;
  column: number;
}

/** All four edges are included. */
export interface Rect {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** Whether the last rectangle is made of cells, whole rows, whole columns, or everything. */
export type Span = "cells" | "rows" | "columns" | "all";

export interface Selection {
  /** Where keys act; the fixed corner of the last rectangle. */
  active: Place;
  /** The corner of the last rectangle that Shift moves. */
  head: Place;
  span: Span;
  /** At least one; the last belongs to `active` and `head`. */
  rects: Rect[];
}

export type Direction = "up" | "down" | "left" | "right";

/** The rectangle between two corners, widened to whole rows or columns. */
function rectBetween(from: Place, to: Place, span: Span, size: Size): Rect {
  const lastRow = size.rows - 1;
  const lastColumn = size.columns - 1;
  const everyRow = span === "columns" || span === "all";
  const everyColumn = span === "rows" || span === "all";
  return {
    top: everyRow ? 0 : Math.min(from.row, to.row),
    bottom: everyRow ? lastRow : Math.max(from.row, to.row),
    left: everyColumn ? 0 : Math.min(from.column, to.column),
    right: everyColumn ? lastColumn : Math.max(from.column, to.column),
  };
}

function made(rects: Rect[], active: Place, head: Place, span: Span, size: Size): Selection {
  return { active, head, span, rects: [...rects, rectBetween(active, head, span, size)] };
}

/** Only this cell. */
export function selectCell(place: Place): Selection {
  return {
    active: place,
    head: place,
    span: "cells",
    rects: [{ top: place.row, left: place.column, bottom: place.row, right: place.column }],
  };
}

/** One more rectangle beside those that are selected, beginning with this cell. */
export function addCell(selection: Selection, place: Place): Selection {
  const cell = selectCell(place);
  return { ...cell, rects: [...selection.rects, ...cell.rects] };
}

/** The last rectangle reaches from the active cell to this one. */
export function extendTo(selection: Selection, head: Place, size: Size): Selection {
  const span = selection.span === "all" ? "cells" : selection.span;
  return made(selection.rects.slice(0, -1), selection.active, head, span, size);
}

/** Whole rows; `add` keeps what is selected. */
export function selectRows(
  from: number,
  to: number,
  size: Size,
  add: Selection | null = null,
): Selection {
  const head = { row: to, column: Math.max(0, size.columns - 1) };
  return made(add?.rects ?? [], { row: from, column: 0 }, head, "rows", size);
}

/** Whole columns; `add` keeps what is selected. */
export function selectColumns(
  from: number,
  to: number,
  size: Size,
  add: Selection | null = null,
): Selection {
  const head = { row: Math.max(0, size.rows - 1), column: to };
  return made(add?.rects ?? [], { row: 0, column: from }, head, "columns", size);
}

/** The active cell's last rectangle widened to whole rows or columns. */
export function widen(selection: Selection, span: "rows" | "columns", size: Size): Selection {
  const rest = selection.rects.slice(0, -1);
  const both =
    (span === "rows" && selection.span === "columns") ||
    (span === "columns" && selection.span === "rows");
  return made(rest, selection.active, selection.head, both ? "all" : span, size);
}

/** Every cell; the active cell stays. */
export function selectAll(selection: Selection, size: Size): Selection {
  const head = { row: size.rows - 1, column: size.columns - 1 };
  return made([], selection.active, head, "all", size);
}

/** A place some cells away, kept inside the sheet. */
export function moved(place: Place, direction: Direction, by: number, size: Size): Place {
  const rows = direction === "up" ? -by : direction === "down" ? by : 0;
  const columns = direction === "left" ? -by : direction === "right" ? by : 0;
  return kept({ row: place.row + rows, column: place.column + columns }, size);
}

/** The nearest place inside the sheet. */
export function kept(place: Place, size: Size): Place {
  return {
    row: Math.max(0, Math.min(size.rows - 1, place.row)),
    column: Math.max(0, Math.min(size.columns - 1, place.column)),
  };
}

/** The cell that Tab goes to, row after row; null at the end of the sheet. */
export function tabbed(place: Place, back: boolean, size: Size): Place | null {
  const column = place.column + (back ? -1 : 1);
  if (column >= 0 && column < size.columns) return { row: place.row, column };
  const row = place.row + (back ? -1 : 1);
  if (row < 0 || row >= size.rows) return null;
  return { row, column: back ? size.columns - 1 : 0 };
}

/**
 * Where Ctrl+arrow stops: the last filled cell of a block, or the next filled cell behind a gap.
 * `empty` begins with the present cell and goes on in the direction of the move; the result counts
 * cells from there. Null when no edge is among them.
 */
export function dataEdge(empty: boolean[]): number | null {
  const startsInBlock = empty[0] === false && empty[1] === false;
  for (let index = 1; index < empty.length; index += 1) {
    if (startsInBlock && empty[index] === true) return index - 1;
    if (!startsInBlock && empty[index] === false) return index;
  }
  return null;
}

/** Whether a cell is in any rectangle. */
export function isSelected(selection: Selection, row: number, column: number): boolean {
  for (const rect of selection.rects) {
    if (row >= rect.top && row <= rect.bottom && column >= rect.left && column <= rect.right) {
      return true;
    }
  }
  return false;
}

/** Cells in all rectangles; those in several count several times. */
export function cellCount(selection: Selection): number {
  return selection.rects.reduce(
    (sum, rect) => sum + (rect.bottom - rect.top + 1) * (rect.right - rect.left + 1),
    0,
  );
}

/**
 * The same selection after the sheet changed. `columnAt` gives the new place of an old column, or
 * null when it is gone. Whole columns stay whole when rows are added. Null when no cell is left.
 */
export function refit(
  selection: Selection,
  size: Size,
  columnAt: (column: number) => number | null,
): Selection | null {
  if (size.rows === 0 || size.columns === 0) return null;
  function place(old: Place): Place {
    return kept({ row: old.row, column: columnAt(old.column) ?? old.column }, size);
  }
  const active = place(selection.active);
  const head = place(selection.head);
  const others = selection.rects
    .slice(0, -1)
    .filter((rect) => rect.top < size.rows)
    .map((rect) =>
      rectBetween(
        place({ row: rect.top, column: rect.left }),
        place({ row: rect.bottom, column: rect.right }),
        "cells",
        size,
      ),
    );
  return made(others, active, head, selection.span, size);
}

/** The range that a fill drag makes: the rectangle grown towards a cell, in one direction only. */
export function filledRect(from: Rect, to: Place): Rect {
  const down = to.row - from.bottom;
  const up = from.top - to.row;
  const right = to.column - from.right;
  const left = from.left - to.column;
  const most = Math.max(down, up, right, left);
  if (most <= 0) return from;
  if (most === down) return { ...from, bottom: to.row };
  if (most === up) return { ...from, top: to.row };
  if (most === right) return { ...from, right: to.column };
  return { ...from, left: to.column };
}
