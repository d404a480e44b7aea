import { createContextId, type NoSerialize, useContext } from "@builder.io/qwik";
import type { GridView } from "~/features/grid";
import type { Column, ColumnId, Filter, RowId, SortKey, StepInfo, Value } from "~/ipc";
import { AppContext, type AppState } from "~/state/app";
import { RunsContext, type RunsState } from "~/state/runs";
import { SheetContext, type SheetState } from "~/state/sheet";
import { ToastContext, type ToastState } from "~/state/toasts";
import type { ColumnChip } from "./chips";
import { displayedColumns } from "./column-order";
import type { LiveRuns } from "./live";
import type { MenuEntry } from "./menus";
import type { PastePlan } from "./paste-plan";
import type { RowHeightPx } from "./preferences";
import type { SelectionSnapshot } from "./selection";

/** What the sheet screen asks or shows over the grid. */
export type SheetDialog =
  | { kind: "rename"; column: ColumnId }
  | { kind: "retype"; column: ColumnId }
  | { kind: "split"; column: ColumnId }
  | { kind: "stats"; column: ColumnId }
  | { kind: "paste"; plan: PastePlan }
  | { kind: "replace" }
  | { kind: "export" }
  | { kind: "recipe" };

/** What the sheet is busy with, for the status bar. */
export type Busy = "sort" | "filter" | "view" | "copy" | "paste" | "change";

/** The find and replace bar. */
export interface FindState {
  open: boolean;
  withReplace: boolean;
  /** Counts up when the field should take the focus. */
  focused: number;
  text: string;
  replacement: string;
  matchCase: boolean;
  whole: boolean;
  regex: boolean;
  /** Looks only into these columns; null looks into all that are shown. */
  columns: ColumnId[] | null;
  searching: boolean;
  /** All matches; null before a search. */
  total: number | null;
  /** The match that is shown, from 0; -1 before the first. */
  at: number;
  /** Why the last search failed. */
  problem: string | null;
}

/** What the sheet screen shows beside the sheet itself. Rows and cells never get in here. */
export interface SheetUi {
  view: NoSerialize<GridView>;
  selection: NoSerialize<SelectionSnapshot>;
  rowHeightPx: RowHeightPx;
  frozen: ColumnId[];
  /** Widths that a drag made and the Rust side has not stored yet. */
  widthsPx: Record<ColumnId, number>;
  /** Widths that the first rows need, for columns that nobody gave a width. */
  fittingPx: Record<ColumnId, number>;
  chips: Record<ColumnId, ColumnChip>;
  /** Failed cells of AI columns, as last counted. */
  failed: Record<ColumnId, number>;
  steps: StepInfo[];
  busy: Busy | null;
  /** Whether the busy work can be stopped. */
  canStop: boolean;
  /** The order and filter that the rows on screen have. */
  applied: { sort: SortKey[]; filter: Filter | null };
  /** Whether cells changed since the rows were filtered and sorted. */
  viewMoved: boolean;
  menu: { x: number; y: number; label: string; entries: MenuEntry[] } | null;
  dialog: SheetDialog | null;
  /** The condition that is being written: its index in the filter, or null for a new one. */
  condition: { index: number | null; column: ColumnId } | null;
  find: FindState;
  sqlOpen: boolean;
  /** Counts up when the states of AI cells may have changed. */
  statesChanged: number;
  work: NoSerialize<SheetWork>;
}

/** What the screen keeps in hand and nothing renders from. */
export interface SheetWork {
  /** The long call that makes the view, so that a newer one can end it. */
  viewTask: string | null;
  /** Counts up with every view that was asked for; answers to older ones are dropped. */
  viewsAsked: number;
  /** What `sheet.changed` was when the rows on screen were filtered and sorted. */
  viewAtChange: number;
  /** The page of matches that is held. */
  found: { row: RowId; column: ColumnId }[];
  foundSkip: number;
  searches: number;
  /** The search that is waiting for the end of typing. */
  searchTimer: number | undefined;
  /** The search that is on its way. */
  search: Promise<void> | null;
  undoToast: number | null;
  /** The panel beside the grid that was opened last. */
  openPanel: "cell" | "inspector" | null;
  resizeTimers: Map<ColumnId, number>;
  /** What hears the runs of this sheet. */
  live: LiveRuns | null;
  /** Set when the screen is left: answers that come later touch nothing. */
  left: boolean;
}

/** Everything that an action on the open sheet needs. */
export interface SheetTools {
  sheet: SheetState;
  ui: SheetUi;
  app: AppState;
  runs: RunsState;
  toasts: ToastState;
}

export const SheetUiContext = createContextId<SheetUi>("braincells.sheet-ui");

/** The tools of the open sheet, inside its screen. */
export function useSheetTools(): SheetTools {
  return {
    sheet: useContext(SheetContext),
    ui: useContext(SheetUiContext),
    app: useContext(AppContext),
    runs: useContext(RunsContext),
    toasts: useContext(ToastContext),
  };
}

/** Work of a screen that was just opened. */
export function newWork(): SheetWork {
  return {
    viewTask: null,
    viewsAsked: 0,
    viewAtChange: 0,
    found: [],
    foundSkip: 0,
    searches: 0,
    searchTimer: undefined,
    search: null,
    undoToast: null,
    openPanel: null,
    resizeTimers: new Map(),
    live: null,
    left: false,
  };
}

/** The find bar before anybody looked for anything. */
export function newFind(): FindState {
  return {
    open: false,
    withReplace: false,
    focused: 0,
    text: "",
    replacement: "",
    matchCase: false,
    whole: false,
    regex: false,
    columns: null,
    searching: false,
    total: null,
    at: -1,
    problem: null,
  };
}

let tasks = 0;

/** A name for a long call that no other call has. */
export function newTask(kind: string): string {
  tasks += 1;
  return `sheet-${kind}-${Date.now().toString(36)}-${tasks}`;
}

/** The columns in the order in which the grid shows them. */
export function shownColumns({ sheet, ui }: Pick<SheetTools, "sheet" | "ui">): Column[] {
  return displayedColumns(sheet.columns, ui.frozen);
}

/** The ids of {@link shownColumns}. */
export function shownIds(tools: Pick<SheetTools, "sheet" | "ui">): ColumnId[] {
  return shownColumns(tools).map((column) => column.id);
}

/** A column of the open sheet. */
export function columnOf({ sheet }: Pick<SheetTools, "sheet">, id: ColumnId): Column | null {
  return sheet.columns.find((column) => column.id === id) ?? null;
}

/** The selection, empty before the grid is there. */
export function selectionOf({ ui }: Pick<SheetTools, "ui">): SelectionSnapshot {
  return ui.selection ?? { active: null, ranges: [] };
}

/** The value of the active cell, where the grid has it at hand. */
export function activeValue(tools: SheetTools): { value: Value } | null {
  const { active } = selectionOf(tools);
  const cell = active && tools.ui.view?.cellAt(active.position, active.column);
  return cell ? { value: cell.value } : null;
}
