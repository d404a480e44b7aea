import { showFailure } from "~/errors";
import {
  type CellState,
  type CellTest,
  type ColumnId,
  type Filter,
  failureOf,
  ipc,
  type SortKey,
} from "~/ipc";
import { showToast } from "~/state/toasts";
import { countRows } from "./changes";
import { type Condition, filterOf, partsOf, UNSURE_BELOW, withCondition } from "./conditions";
import { gridModel } from "./model";
import { viewId } from "./reading";
import { cycleSort, withSort } from "./sorting";
import { text } from "./strings";
import { activeValue, type Busy, newTask, type SheetTools, selectionOf, shownIds } from "./tools";

/** Says that rows are sorted or filtered when it takes longer than a glance. */
const busyAfterMs = 150;

/**
 * Makes the rows on screen those of `sheet.sort` and `sheet.filter`. A newer order or filter ends
 * the making of an older one. When it cannot be made, the former order and filter come back,
 * and a toast says why; it never rejects.
 */
export async function applyView(tools: SheetTools): Promise<void> {
  const { sheet, ui } = tools;
  const work = ui.work;
  if (!work || isSame(sheet.sort, sheet.filter, ui.applied)) return;
  await cancelView(tools);
  work.viewsAsked += 1;
  const asked = work.viewsAsked;
  const [sort, filter] = [[...sheet.sort], sheet.filter];
  if (sort.length === 0 && filter === null) {
    showView(tools, null, { sort, filter });
    await countRows(tools).catch((thrown) => showFailure(tools.toasts, thrown));
    return;
  }
  const task = newTask("view");
  work.viewTask = task;
  const busy: Busy = filter === null ? "sort" : sort.length === 0 ? "filter" : "view";
  const timer = setTimeout(() => {
    ui.busy = busy;
    ui.canStop = true;
  }, busyAfterMs);
  try {
    const view = await ipc.openView(sheet.info.id, { sort, filter }, task);
    if (asked !== work.viewsAsked || work.left) {
      await ipc.closeView(sheet.info.id, view.id);
      return;
    }
    showView(tools, view, { sort, filter });
    void ipc.prepareWindows(sheet.info.id, shownIds(tools)).catch(() => {
      // Only slower windows: the rows come all the same.
    });
  } catch (thrown) {
    if (asked !== work.viewsAsked || work.left) return;
    sheet.sort = ui.applied.sort;
    sheet.filter = ui.applied.filter;
    showFailure(tools.toasts, thrown);
  } finally {
    clearTimeout(timer);
    if (work.viewTask === task) {
      work.viewTask = null;
      ui.busy = ui.busy === busy ? null : ui.busy;
      ui.canStop = false;
    }
  }
}

function showView(
  tools: SheetTools,
  view: { id: number; row_count: number } | null,
  applied: { sort: SortKey[]; filter: Filter | null },
): void {
  const { sheet, ui } = tools;
  const former = viewId(tools);
  ui.applied = applied;
  viewIsFresh(tools);
  sheet.view = view;
  sheet.rowCount = view?.row_count ?? sheet.info.row_count;
  // The grid must not ask for rows of the new view by the length of the old one.
  ui.view?.setModel(gridModel(sheet, ui));
  ui.view?.reload();
  if (former !== null && former !== view?.id) {
    void ipc.closeView(sheet.info.id, former).catch(() => {
      // The Rust side closes the oldest view by itself when there are too many.
    });
  }
}

function isSame(
  sort: readonly SortKey[],
  filter: Filter | null,
  applied: { sort: SortKey[]; filter: Filter | null },
): boolean {
  return JSON.stringify([sort, filter]) === JSON.stringify([applied.sort, applied.filter]);
}

/** Ends the making of a view that is under way; the one on screen stays. */
export async function cancelView({ ui }: SheetTools): Promise<void> {
  const task = ui.work?.viewTask;
  if (!task || !ui.work) return;
  ui.work.viewTask = null;
  ui.busy = null;
  ui.canStop = false;
  try {
    await ipc.cancelTask(task);
  } catch {
    // It had ended already.
  }
}

/** Stops sorting or filtering and goes back to the order and filter on screen. */
export async function stopView(tools: SheetTools): Promise<void> {
  const { sheet, ui } = tools;
  if (ui.work) ui.work.viewsAsked += 1;
  sheet.sort = ui.applied.sort;
  sheet.filter = ui.applied.filter;
  await cancelView(tools);
}

/** Filters and sorts again, as the cells are now. */
export async function refreshRows(tools: SheetTools): Promise<void> {
  const { sheet, ui } = tools;
  const view = viewId(tools);
  viewIsFresh(tools);
  if (view === null) return;
  ui.busy = "view";
  try {
    const refreshed = await ipc.refreshView(sheet.info.id, view);
    if (viewId(tools) !== view) return;
    sheet.view = refreshed;
    sheet.rowCount = refreshed.row_count;
    ui.view?.reload();
  } catch (thrown) {
    if (failureOf(thrown).code !== "not_found") throw thrown;
    await reopenView(tools);
  } finally {
    ui.busy = null;
  }
}

/** Makes the view of the present order and filter anew, where the Rust side has closed it. */
export async function reopenView(tools: SheetTools): Promise<void> {
  tools.sheet.view = null;
  tools.ui.applied = { sort: [], filter: null };
  await applyView(tools);
}

/** What the header does: ascending, descending, none; `add` keeps the other keys. */
export function cycleSortOf(tools: SheetTools, column: ColumnId, add: boolean): void {
  tools.sheet.sort = cycleSort(tools.sheet.sort, column, add);
}

/** Sorts by a key, alone or behind the others. */
export function sortBy(tools: SheetTools, key: SortKey, add: boolean): void {
  tools.sheet.sort = withSort(tools.sheet.sort, key, add);
}

/** Adds the condition that a cell is, or is not, what the active cell is. */
export function filterByActive(tools: SheetTools, negated: boolean): void {
  const { active } = selectionOf(tools);
  const found = activeValue(tools);
  if (!active || !found) return;
  const { value } = found;
  const isEmpty = value === null || value === "";
  const condition: Condition = {
    column: active.column,
    test: isEmpty ? { test: "empty" } : { test: "one_of", values: [value] },
    negated,
  };
  tools.sheet.filter = withCondition(tools.sheet.filter, condition);
}

/** Shows only the rows in which an AI column has a state. */
export function filterByState(tools: SheetTools, column: ColumnId, state: CellState): void {
  filterAnew(tools, column, { test: "state", states: [state] });
}

/** Shows only the rows in which the model was not sure of an AI column. */
export function filterUnsure(tools: SheetTools, column: ColumnId): void {
  filterAnew(tools, column, { test: "confidence", least: null, most: UNSURE_BELOW });
}

/** Adds a test of a column in place of one of the same kind. */
function filterAnew(tools: SheetTools, column: ColumnId, test: CellTest): void {
  const parts = partsOf(tools.sheet.filter);
  const others = parts?.conditions.filter(
    (other) => !(other.column === column && other.test.test === test.test),
  );
  // A filter that is no list of conditions stays as it is.
  const base = others
    ? filterOf({ match: parts?.match ?? "all", conditions: others })
    : tools.sheet.filter;
  tools.sheet.filter = withCondition(base, { column, test, negated: false });
}

function viewIsFresh({ sheet, ui }: SheetTools): void {
  ui.viewMoved = false;
  if (ui.work) ui.work.viewAtChange = sheet.changed;
}

/** Notes that the rows on screen may no longer be what the filter and the order say. */
export function noteViewMoved(tools: SheetTools): void {
  if (tools.sheet.view !== null && !tools.ui.viewMoved) tools.ui.viewMoved = true;
}

/** Closes the view when the screen is left. */
export function leaveView(tools: SheetTools): void {
  const view = viewId(tools);
  const task = tools.ui.work?.viewTask;
  const sheet = tools.sheet.info.id;
  const ending = [
    task ? ipc.cancelTask(task) : null,
    view === null ? null : ipc.closeView(sheet, view),
  ];
  void Promise.allSettled(ending);
}

/** Says that a view was made anew because the Rust side had closed it. */
export function toastReopened(tools: SheetTools): void {
  showToast(tools.toasts, { kind: "info", title: text.toast.staleView });
}
