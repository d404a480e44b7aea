import type { Column, ColumnId, ValueType } from "~/ipc";
import { freeName } from "~/lib/free-name";

/** The columns as the grid shows them: without hidden ones, frozen ones first. */
export function displayedColumns(
  columns: readonly Column[],
  frozen: readonly ColumnId[],
): Column[] {
  const shown = columns.filter((column) => !column.hidden);
  return [
    ...shown.filter((column) => frozen.includes(column.id)),
    ...shown.filter((column) => !frozen.includes(column.id)),
  ];
}

/**
 * The place among all columns, hidden ones included, that puts `column` before another, or last.
 * A place counts as if the column had been taken out first, as the Rust side counts it.
 */
export function placeBefore(
  columns: readonly Column[],
  column: ColumnId,
  before: ColumnId | null,
): number {
  const others = columns.filter((other) => other.id !== column);
  const place = others.findIndex((other) => other.id === before);
  return before === null || place < 0 ? others.length : place;
}

/**
 * The place for moving a column by one among those that are shown, or null at the end. It never
 * passes between frozen and other columns, because it would not seem to move.
 */
export function placeByOne(
  columns: readonly Column[],
  frozen: readonly ColumnId[],
  column: ColumnId,
  step: -1 | 1,
): number | null {
  const shown = displayedColumns(columns, frozen);
  const at = shown.findIndex((other) => other.id === column);
  const neighbour = shown[at + step];
  if (at < 0 || !neighbour) return null;
  if (frozen.includes(neighbour.id) !== frozen.includes(column)) return null;
  const others = columns.filter((other) => other.id !== column);
  const place = others.findIndex((other) => other.id === neighbour.id);
  return step < 0 ? place : place + 1;
}

/** A name that no column has: the wish, or the wish with the first free number behind it. */
export function freeColumnName(columns: readonly Column[], wish: string): string {
  return freeName(
    wish,
    columns.map((column) => column.name),
  );
}

const defaultWidthsPx: Record<ValueType, number> = {
  text: 220,
  number: 120,
  boolean: 96,
  time: 168,
  nested: 240,
  binary: 140,
};

/** How wide a column is drawn: as dragged, as stored, as its first rows need, or by its type. */
export function widthOf(
  column: Column,
  dragged: Readonly<Record<ColumnId, number>> = {},
  fitting: Readonly<Record<ColumnId, number>> = {},
): number {
  const own = dragged[column.id] ?? column.width_px ?? fitting[column.id];
  if (own) return own;
  return column.kind.kind === "ai"
    ? Math.max(240, defaultWidthsPx[column.value_type])
    : defaultWidthsPx[column.value_type];
}
