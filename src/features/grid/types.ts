import type { CellView, ColumnId, RowId, Window as SheetWindow, ValueType } from "~/ipc";
import type { LabelColour } from "~/lib/label-colours";

/** A column as the grid shows it; the order in the model is the order on screen. */
export interface GridColumn {
  id: ColumnId;
  name: string;
  valueType: ValueType;
  ai: boolean;
  /** The colours of its labels, where the cells hold labels; null elsewhere. */
  labels: ReadonlyMap<string, LabelColour> | null;
  widthPx: number;
  /** Frozen columns stay at the left edge; they are shown before all others. */
  frozen: boolean;
  /** `place` counts from 1 among the sort keys; null when the sheet is not sorted by the column. */
  sort: { descending: boolean; place: number } | null;
  filtered: boolean;
  /** A short status beside the name, such as "12 of 40" while a run fills the column. */
  chip: { text: string; kind: "info" | "warning" | "error" } | null;
}

/** The height of every row: one, two or five lines of text. */
export type RowHeight = 28 | 56 | 112;

/** What the grid shows, without the cells. */
export interface GridModel {
  columns: GridColumn[];
  rowCount: number;
  readOnly: boolean;
  rowHeightPx: RowHeight;
}

/** Where cells come from. A call may be slow or fail; the grid asks again and shows placeholders. */
export interface GridSource {
  window(columns: ColumnId[], start: number, count: number): Promise<SheetWindow>;
}

/** A rectangle of cells: positions in the view, both included, and columns in display order. */
export interface GridRange {
  top: number;
  bottom: number;
  columns: ColumnId[];
}

/** What is selected. The last range is the one that Shift extends. */
export interface GridSelectionSnapshot {
  /** `row` is null until the row has been loaded. */
  active: { position: number; column: ColumnId; row: RowId | null } | null;
  ranges: GridRange[];
}

/** What the user wants and the sheet must do. Selection is reported before the intent is. */
export type GridIntent =
  | { kind: "edit"; position: number; row: RowId; column: ColumnId; text: string }
  | { kind: "clear" }
  | { kind: "copy" }
  | { kind: "cut" }
  | { kind: "paste"; text: string; html: string | null }
  | { kind: "fill-down" }
  | { kind: "fill-right" }
  /** `to` is the whole range after the drag, `from` included. */
  | { kind: "fill-drag"; from: GridRange; to: GridRange }
  | { kind: "undo" }
  | { kind: "redo" }
  | { kind: "find" }
  | { kind: "replace" }
  | { kind: "find-next"; back: boolean }
  /** Shows the active cell in full. */
  | { kind: "open-cell" }
  /** Thumbs up for the selected AI cells. */
  | { kind: "validate" }
  /** Fills the selected AI cells. */
  | { kind: "generate" }
  | { kind: "retry" }
  /** `x` and `y` are client coordinates to open a menu at. */
  | {
      kind: "menu";
      target: "cell" | "row" | "column";
      column: ColumnId | null;
      x: number;
      y: number;
    }
  | { kind: "sort"; column: ColumnId; add: boolean }
  /** `widthPx` null asks for the default width. */
  | { kind: "resize"; column: ColumnId; widthPx: number | null }
  /** `before` null moves the column to the end. */
  | { kind: "move-column"; column: ColumnId; before: ColumnId | null }
  | { kind: "open-column"; column: ColumnId }
  | { kind: "add-column"; x: number; y: number }
  | { kind: "add-row" };

/** What a grid needs from the one who mounts it. */
export interface GridOptions {
  source: GridSource;
  onIntent(intent: GridIntent): void;
  /** Called at most once a frame, and always before an intent that is about the selection. */
  onSelection(selection: GridSelectionSnapshot): void;
  /** The loaded rows on screen, after scrolling has come to rest. */
  onRowsInView(rows: RowId[]): void;
}

export type { CellView, ColumnId, RowId, SheetWindow };
