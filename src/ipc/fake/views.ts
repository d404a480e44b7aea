import type { RowId, SheetId, ViewId, ViewSpec } from "../bindings";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { sorted, testOf } from "./filter";
import type { FakeSheet } from "./sheet";
import type { World } from "./world";

/** Rows that are tested between two chances to stop. */
const ROWS_AT_ONCE = 20_000;

/** The rows of a view, in its order. */
async function rowsOf(sheet: FakeSheet, spec: ViewSpec, pause: () => Promise<void>) {
  const all = sheet.allRows();
  let kept: RowId[] = all;
  if (spec.filter) {
    const test = testOf(sheet, spec.filter);
    kept = [];
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) {
      for (const row of all.slice(at, at + ROWS_AT_ONCE)) if (test(row)) kept.push(row);
      await pause();
    }
  }
  return spec.sort && spec.sort.length > 0 ? sorted(sheet, kept, spec.sort) : kept;
}

/** An open view; one that was closed is refused. */
export function viewOf(sheet: FakeSheet, view: ViewId) {
  const found = sheet.views.get(view);
  return (
    found ??
    refuse(
      "not_found",
      "the view is no longer open",
      "open it again, only the last few views are kept",
    )
  );
}

/** Rows by position, in a view or in sheet order. */
export function rowsAt(
  sheet: FakeSheet,
  view: ViewId | null,
  start: number,
  count: number,
): RowId[] {
  if (view !== null) return viewOf(sheet, view).rows.slice(start, start + count);
  const last = Math.min(sheet.rowCount, start + count);
  const rows: RowId[] = [];
  for (let at = Math.max(0, start); at < last; at += 1) {
    const row = sheet.rowAt(at);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

export function viewCommands(world: World): Part<ViewCommand> {
  const open = (id: SheetId) => world.sheet(id);
  return {
    openView: (id, spec, task) =>
      world.task(task, async (pause) => {
        const sheet = open(id);
        const rows = await rowsOf(sheet, spec, pause);
        const view = world.newId();
        sheet.views.set(view, { spec, rows });
        return { id: view, row_count: rows.length };
      }),
    refreshView: async (id, view) => {
      const sheet = open(id);
      const found = viewOf(sheet, view);
      found.rows = await rowsOf(sheet, found.spec, async () => {});
      return { id: view, row_count: found.rows.length };
    },
    closeView: (id, view) => {
      open(id).views.delete(view);
      return null;
    },
    window: (id, view, columns, start, count) => {
      const sheet = open(id);
      const wanted = columns.map((column) => sheet.column(column));
      const rows = rowsAt(sheet, view, start, count).filter((row) => sheet.positionOf(row) >= 0);
      return {
        columns,
        start,
        row_count: view === null ? sheet.rowCount : viewOf(sheet, view).rows.length,
        rows: rows.map((row) => ({ row, cells: wanted.map((column) => sheet.cell(row, column)) })),
      };
    },
    prepareWindows: () => true,
    rowsAt: (id, view, start, count) => rowsAt(open(id), view, start, count),
    positionOf: (id, view, row) => {
      const sheet = open(id);
      const at = view === null ? sheet.positionOf(row) : viewOf(sheet, view).rows.indexOf(row);
      return at < 0 ? null : at;
    },
  };
}

type ViewCommand =
  | "openView"
  | "refreshView"
  | "closeView"
  | "window"
  | "prepareWindows"
  | "rowsAt"
  | "positionOf";
