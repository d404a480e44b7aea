import type { CellEdit, ColumnId, RowId, Value } from "~/ipc";
import type { Rectangle } from "./selection";

/** What a fill copies from where to where; the rows repeat when there are more targets. */
export interface FillPlan {
  /** Positions of the rows whose values are repeated. */
  from: { top: number; bottom: number };
  /** Positions that are filled. */
  to: { top: number; bottom: number };
  /** For each column that is filled, the column it takes its values from. */
  columns: { from: ColumnId; to: ColumnId }[];
}

/** Ctrl+D: the first row of the selection into the others; a single row takes the one above it. */
export function planFillDown(selected: Rectangle): FillPlan | null {
  const columns = selected.columns.map((column) => ({ from: column, to: column }));
  if (columns.length === 0) return null;
  if (selected.bottom === selected.top) {
    if (selected.top === 0) return null;
    const above = { top: selected.top - 1, bottom: selected.top - 1 };
    return { from: above, to: { top: selected.top, bottom: selected.bottom }, columns };
  }
  return {
    from: { top: selected.top, bottom: selected.top },
    to: { top: selected.top + 1, bottom: selected.bottom },
    columns,
  };
}

/** Ctrl+R: the first column into the others; a single column takes the one to its left. */
export function planFillRight(
  selected: Rectangle,
  displayed: readonly ColumnId[],
): FillPlan | null {
  const rows = { top: selected.top, bottom: selected.bottom };
  const [first, ...others] = selected.columns;
  if (first === undefined) return null;
  if (others.length > 0) {
    return { from: rows, to: rows, columns: others.map((to) => ({ from: first, to })) };
  }
  const left = displayed[displayed.indexOf(first) - 1];
  return left === undefined ? null : { from: rows, to: rows, columns: [{ from: left, to: first }] };
}

/**
 * A dragged fill handle: `to` is the whole rectangle after the drag, or only what was added. Values
 * of `from` repeat downwards, upwards or to the side, in the rhythm of the source.
 */
export function planFillDrag(from: Rectangle, to: Rectangle): FillPlan | null {
  const rows = { top: from.top, bottom: from.bottom };
  const added = to.columns.filter((column) => !from.columns.includes(column));
  if (added.length > 0 && from.columns.length > 0) {
    return {
      from: rows,
      to: rows,
      columns: besides(from.columns, added),
    };
  }
  const columns = from.columns.map((column) => ({ from: column, to: column }));
  if (columns.length === 0) return null;
  if (to.bottom > from.bottom) {
    return { from: rows, to: { top: from.bottom + 1, bottom: to.bottom }, columns };
  }
  if (to.top < from.top) {
    return { from: rows, to: { top: to.top, bottom: from.top - 1 }, columns };
  }
  return null;
}

/** Pairs added columns with those that they repeat. */
function besides(sources: readonly ColumnId[], added: readonly ColumnId[]): FillPlan["columns"] {
  return added.flatMap((to, index) => {
    const from = sources[index % sources.length];
    return from === undefined ? [] : [{ from, to }];
  });
}

/** The edits of a fill: `values` are the source rows, with a value for each pair of columns. */
export function fillEdits(
  plan: FillPlan,
  values: readonly (readonly Value[])[],
  rows: readonly RowId[],
): CellEdit[] {
  const height = plan.from.bottom - plan.from.top + 1;
  const isBeside = plan.from.top === plan.to.top;
  // Upwards the rhythm ends at the source, so that the row above it gets the last of its rows.
  const shift = !isBeside && plan.to.top < plan.from.top ? height - (rows.length % height) : 0;
  return rows.flatMap((row, index) => {
    const source = values[(index + shift) % height];
    if (!source) return [];
    return plan.columns.map(({ to }, place) => ({ column: to, row, value: source[place] ?? null }));
  });
}
