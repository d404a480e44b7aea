import type {
  CellView,
  Column,
  ColumnId,
  ReadOnly,
  RowId,
  RunInfo,
  SheetInfo,
  StepInfo,
} from "../bindings";
import type { BaseCell, Cell, Entry, Shape, Step, View } from "./cell";
import { refuse } from "./failure";

/**
 * A sheet in memory. Its rows are a formula with changes on top, so that a million of them cost
 * nothing until they are read. Every change runs inside {@link FakeSheet.act}, which makes it
 * one step that can be undone.
 */
export class FakeSheet {
  info: SheetInfo;
  readOnly: ReadOnly | null = null;
  notices: { text: string; kept_in: string[] }[] = [];
  columns: Column[] = [];
  runs: RunInfo[] = [];
  readonly views = new Map<number, View>();
  readonly entries = new Map<ColumnId, Map<RowId, Entry[]>>();
  private ids: RowId[] | null = null;
  private bases: ReadonlyMap<ColumnId, BaseCell> = new Map();
  private readonly cells = new Map<ColumnId, Map<RowId, Cell>>();
  private stepList: Step[] = [];
  private current: Step | null = null;
  private lastColumn = 0;
  private lastRow: number;
  private lastStep = 0;
  private lastSeq = 0;

  constructor(
    id: string,
    name: string,
    rowCount: number,
    private readonly now: () => number,
  ) {
    const at = now();
    this.info = {
      id,
      name,
      row_count: rowCount,
      column_count: 0,
      created_at_ms: at,
      changed_at_ms: at,
    };
    this.lastRow = rowCount;
  }

  get rowCount(): number {
    return this.info.row_count;
  }

  /** The row at a position in sheet order. */
  rowAt(position: number): RowId | undefined {
    if (position < 0 || position >= this.rowCount) return undefined;
    return this.ids ? this.ids[position] : position + 1;
  }

  /** Where a row is in sheet order; -1 when there is no such row. */
  positionOf(row: RowId): number {
    if (this.ids) return this.ids.indexOf(row);
    return Number.isInteger(row) && row >= 1 && row <= this.rowCount ? row - 1 : -1;
  }

  /** Every row in sheet order. */
  allRows(): RowId[] {
    return this.ids ?? Array.from({ length: this.rowCount }, (_, at) => at + 1);
  }

  column(id: ColumnId): Column {
    const found = this.columns.find((column) => column.id === id);
    return found ?? refuse("not_found", `there is no column with the id ${id}`);
  }

  cell(row: RowId, column: Column): CellView {
    const own = this.cells.get(column.id)?.get(row) ?? this.bases.get(column.id)?.(row, column.id);
    const isAi = column.kind.kind === "ai";
    if (!own) return { value: null, state: isAi ? "empty" : null, error: null, confidence: null };
    let state = isAi ? (own.state ?? "empty") : null;
    if (state === "done" && column.kind.kind === "ai" && own.recipe_version !== null) {
      if (own.recipe_version < column.kind.recipe_version) state = "stale";
    }
    return { value: own.value, state, error: own.error, confidence: own.confidence };
  }

  /** The cells of a column as they are now, for a copy of it. */
  copyOf(column: ColumnId): BaseCell {
    const cells = new Map(this.cells.get(column));
    const base = this.bases.get(column);
    return (row) => cells.get(row) ?? base?.(row, column) ?? null;
  }

  /** Takes over everything of another sheet but its steps, runs and views. */
  copyFrom(other: FakeSheet): void {
    this.restore(other.shape());
    for (const column of other.columns) this.setBase(column.id, other.copyOf(column.id));
    for (const [column, rows] of other.entries) {
      const copies = [...rows].map(([row, list]): [RowId, Entry[]] => [row, [...list]]);
      this.entries.set(column, new Map(copies));
    }
    this.lastColumn = other.lastColumn;
    this.lastRow = other.lastRow;
    this.lastSeq = other.lastSeq;
  }

  newColumnId(): ColumnId {
    this.lastColumn += 1;
    return this.lastColumn;
  }

  newRowIds(count: number): RowId[] {
    const first = this.lastRow + 1;
    this.lastRow += count;
    return Array.from({ length: count }, (_, at) => first + at);
  }

  /** Replaces the columns; their order is that of display. */
  setColumns(columns: Column[]): void {
    this.columns = columns;
    this.info.column_count = columns.length;
  }

  setRows(ids: RowId[]): void {
    this.ids = ids;
    this.info.row_count = ids.length;
  }

  setBase(column: ColumnId, base: BaseCell | null): void {
    const bases = new Map(this.bases);
    if (base) bases.set(column, base);
    else bases.delete(column);
    this.bases = bases;
  }

  /** Puts a cell, as part of the step that is under way if one is. */
  putCell(row: RowId, column: ColumnId, after: Cell | undefined, step = this.current): void {
    const cells = this.cells.get(column) ?? new Map<RowId, Cell>();
    this.cells.set(column, cells);
    step?.cells.push({ row, column, before: cells.get(row), after });
    if (after) cells.set(row, after);
    else cells.delete(row);
  }

  /** Adds to a cell's log. */
  log(row: RowId, column: ColumnId, entry: Omit<Entry, "seq" | "at_ms">): Entry {
    this.lastSeq += 1;
    const logged: Entry = { ...entry, seq: this.lastSeq, at_ms: this.now() };
    const rows = this.entries.get(column) ?? new Map<RowId, Entry[]>();
    this.entries.set(column, rows);
    const list = rows.get(row) ?? [];
    list.push(logged);
    rows.set(row, list);
    return logged;
  }

  /** Does `change` as one step with a name; when it fails, nothing has changed. */
  act<T>(name: string, change: () => T): T {
    this.refuseReadOnly();
    const step = this.beginStep(name);
    this.current = step;
    try {
      const result = change();
      this.stepList = this.stepList.filter((old) => !old.info.undone);
      this.keepStep(step);
      return result;
    } catch (error) {
      step.after = step.before;
      this.apply(step, "before");
      this.restore(step.before);
      throw error;
    } finally {
      this.current = null;
    }
  }

  /** Begins a step whose cells come later, one by one: that of a run. */
  beginStep(name: string): Step {
    this.lastStep += 1;
    const shape = this.shape();
    const info: StepInfo = { id: this.lastStep, name, at_ms: this.now(), undone: false };
    return { info, before: shape, after: shape, cells: [] };
  }

  keepStep(step: Step): void {
    step.after = this.shape();
    if (!this.stepList.includes(step)) this.stepList.push(step);
    this.info.changed_at_ms = this.now();
  }

  /** The id of the step that is under way. */
  get stepId(): number | null {
    return this.current?.info.id ?? null;
  }

  steps(): StepInfo[] {
    return this.stepList.map((step) => ({ ...step.info })).reverse();
  }

  stepInfo(id: number): StepInfo | null {
    return this.stepList.find((step) => step.info.id === id)?.info ?? null;
  }

  undo(): StepInfo | null {
    this.refuseReadOnly();
    return this.turn(this.stepList.filter((step) => !step.info.undone).at(-1), true);
  }

  redo(): StepInfo | null {
    this.refuseReadOnly();
    return this.turn(
      this.stepList.find((step) => step.info.undone),
      false,
    );
  }

  refuseReadOnly(): void {
    if (!this.readOnly) return;
    const holder = this.readOnly.holder;
    const who = holder ? `process ${holder.pid}` : "another process";
    refuse(
      "conflict",
      `${who} has the sheet open, here it can only be read`,
      "close it there, then open it again",
    );
  }

  private turn(step: Step | undefined, undone: boolean): StepInfo | null {
    if (!step) return null;
    this.apply(step, undone ? "before" : "after");
    step.info.undone = undone;
    this.info.changed_at_ms = this.now();
    return { ...step.info };
  }

  private shape(): Shape {
    return { columns: this.columns, ids: this.ids, count: this.rowCount, bases: this.bases };
  }

  private restore(shape: Shape): void {
    this.setColumns(shape.columns);
    this.ids = shape.ids;
    this.info.row_count = shape.count;
    this.bases = shape.bases;
  }

  private apply(step: Step, side: "before" | "after"): void {
    const { before, after } = step;
    // A run changes cells only: what happened to the columns since is not its to take back.
    const isSame =
      before.columns === after.columns && before.ids === after.ids && before.bases === after.bases;
    if (!isSame) this.restore(step[side]);
    const changes = side === "before" ? [...step.cells].reverse() : step.cells;
    for (const change of changes) {
      const cells = this.cells.get(change.column) ?? new Map<RowId, Cell>();
      this.cells.set(change.column, cells);
      const cell = change[side];
      if (cell) cells.set(change.row, cell);
      else cells.delete(change.row);
    }
  }
}
