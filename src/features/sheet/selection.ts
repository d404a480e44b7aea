import type { Column, ColumnId, RowId } from "~/ipc";
import type { SelectedCells } from "~/state/sheet";

/** A rectangle of selected cells: positions, both included, and columns in display order. */
export interface Rectangle {
  top: number;
  bottom: number;
  columns: ColumnId[];
}

/** What the grid says about the selection. */
export interface SelectionSnapshot {
  active: { position: number; column: ColumnId; row: RowId | null } | null;
  ranges: Rectangle[];
}

/** A run of positions. */
export interface Span {
  start: number;
  count: number;
}

/** The rows of some rectangles, in order, each once. */
export function spansOf(ranges: readonly Rectangle[]): Span[] {
  const sorted = ranges
    .filter((range) => range.bottom >= range.top)
    .sort((a, b) => a.top - b.top || a.bottom - b.bottom);
  const spans: Span[] = [];
  for (const { top, bottom } of sorted) {
    const last = spans.at(-1);
    if (last && top <= last.start + last.count) {
      last.count = Math.max(last.count, bottom - last.start + 1);
    } else {
      spans.push({ start: top, count: bottom - top + 1 });
    }
  }
  return spans;
}

/** How many rows some spans have together. */
export function rowsIn(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.count, 0);
}

/** The columns of a selection, in display order, each once. */
export function columnsOf(
  ranges: readonly Rectangle[],
  displayed: readonly ColumnId[],
): ColumnId[] {
  const wanted = new Set(ranges.flatMap((range) => range.columns));
  return displayed.filter((column) => wanted.has(column));
}

/**
 * The selection as groups of rows by columns that hold no cell twice: an action that takes
 * "these columns, these rows" is called once for each.
 */
export function groupsOf(
  ranges: readonly Rectangle[],
  displayed: readonly ColumnId[],
): { columns: ColumnId[]; spans: Span[] }[] {
  const byRows = new Map<string, { columns: ColumnId[]; spans: Span[] }>();
  for (const column of columnsOf(ranges, displayed)) {
    const spans = spansOf(ranges.filter((range) => range.columns.includes(column)));
    const key = spans.map((span) => `${span.start}+${span.count}`).join();
    const group = byRows.get(key);
    if (group) group.columns.push(column);
    else byRows.set(key, { columns: [column], spans });
  }
  return [...byRows.values()];
}

/** How many cells are selected, none counted twice. */
export function cellsIn(ranges: readonly Rectangle[], displayed: readonly ColumnId[]): number {
  return groupsOf(ranges, displayed).reduce(
    (sum, group) => sum + group.columns.length * rowsIn(group.spans),
    0,
  );
}

/** The one rectangle of a selection, or null when it has several or none. */
export function onlyRectangle(ranges: readonly Rectangle[]): Rectangle | null {
  const [first, ...more] = ranges;
  return first && more.length === 0 ? first : null;
}

/** The selection as the panels read it. */
export function selectedCells(
  snapshot: SelectionSnapshot,
  displayed: readonly ColumnId[],
): SelectedCells {
  const spans = spansOf(snapshot.ranges);
  const first = spans[0];
  const last = spans.at(-1);
  return {
    row: snapshot.active?.row ?? null,
    column: snapshot.active?.column ?? null,
    rows: first && last ? { first: first.start, last: last.start + last.count - 1 } : null,
    columns: columnsOf(snapshot.ranges, displayed),
    several: snapshot.ranges.length > 1,
  };
}

/** The AI columns among some columns. */
export function aiColumnsAmong(columns: readonly Column[], ids: readonly ColumnId[]): ColumnId[] {
  const wanted = new Set(ids);
  return columns
    .filter((column) => wanted.has(column.id) && column.kind.kind === "ai")
    .map((column) => column.id);
}
