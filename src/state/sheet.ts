import { createContextId, type NoSerialize } from "@builder.io/qwik";
import type {
  Column,
  ColumnId,
  Filter,
  OpenView,
  ReadOnly,
  RowId,
  SheetInfo,
  SortKey,
} from "~/ipc";

export type InspectorTab = "prompt" | "model" | "examples" | "runs" | "final";

/** Which cells are selected, by position in the present view and by column. */
export interface SelectedCells {
  /** The active cell. */
  row: RowId | null;
  column: ColumnId | null;
  /** Positions in the view, both included; null when nothing is selected. */
  rows: { first: number; last: number } | null;
  /** The columns of the selection, in display order. */
  columns: ColumnId[];
  /** Whether more than one rectangle is selected. */
  several: boolean;
}

/** What panels may ask of the grid of the open sheet. */
export interface GridHandle {
  /** Reads what is on screen again: after an edit, an undo, the end of a run. */
  reload(): void;
  focus(): void;
  /** Scrolls to a cell and makes it the active one. */
  goTo(position: number, column: ColumnId): void;
  /** The rows on screen. */
  rowsInView(): RowId[];
  /** The rows of the selection (at most `limit`), read from the Rust side where they are not at hand. */
  selectedRows(limit: number): Promise<RowId[]>;
}

/** The open sheet; made by `features/sheet`, shared with the inspector and the panels. */
export interface SheetState {
  info: SheetInfo;
  columns: Column[];
  readOnly: ReadOnly | null;
  sort: SortKey[];
  filter: Filter | null;
  /** The open view; null while the sheet is shown in its own order, unfiltered. */
  view: OpenView | null;
  /** Rows shown: those of the view, or all. */
  rowCount: number;
  selected: SelectedCells;
  /** What the inspector on the right shows; null when it is closed. "new" makes an AI column. */
  inspector: ColumnId | "new" | null;
  inspectorTab: InspectorTab;
  /** The prompt that a new AI column begins with, such as that of a template. */
  newPrompt: string;
  /** The cell whose full value is open in the cell panel. */
  cell: { row: RowId; column: ColumnId } | null;
  /** Counts up with every change of the sheet's content or columns that came from this window. */
  changed: number;
  grid: NoSerialize<GridHandle>;
}

export const SheetContext = createContextId<SheetState>("braincells.sheet");
