import type {
  AppError,
  CellFigures,
  CellState,
  Column,
  ColumnId,
  Message,
  RowId,
  RunId,
  StepInfo,
  Value,
  ViewSpec,
} from "../bindings";

/** One entry of a cell's log; the latest that counts is what the cell holds. */
export interface Entry {
  seq: number;
  at_ms: number;
  state: CellState;
  value: Value;
  step: number | null;
  run: RunId | null;
  recipe_version: number | null;
  error: AppError | null;
  reasoning: string | null;
  figures: CellFigures;
  messages: Message[];
}

/** What a cell holds at present. Never changed in place, so that a step can keep the one before. */
export interface Cell {
  value: Value;
  state: CellState | null;
  error: string | null;
  confidence: number | null;
  recipe_version: number | null;
}

/** Computes the cell that a row began with; null for none. */
export type BaseCell = (row: RowId, column: ColumnId) => Cell | null;

/** What a step did to one cell. */
export interface CellChange {
  row: RowId;
  column: ColumnId;
  before: Cell | undefined;
  after: Cell | undefined;
}
/** The columns and rows of a sheet at one time. */
export interface Shape {
  columns: Column[];
  ids: RowId[] | null;
  count: number;
  bases: ReadonlyMap<ColumnId, BaseCell>;
}
/** One action that can be undone. */
export interface Step {
  info: StepInfo;
  before: Shape;
  after: Shape;
  cells: CellChange[];
}
/** A view that is held open. */
export interface View {
  spec: ViewSpec;
  rows: RowId[];
}

/** Figures of a cell that no model made. */
export const NO_FIGURES: CellFigures = {
  model: null,
  prompt_tokens: 0,
  completion_tokens: 0,
  duration_ms: 0,
  confidence: null,
  cut_off: false,
};
