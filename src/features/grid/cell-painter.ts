/** What cells are painted with beyond their content: streams, typed text, selection, runs. */
import { paintCell } from "./cell-paint";
import { type CellContext, lookOf, newLook, visibleCharacters } from "./cell-render";
import type { GridCore } from "./grid-core";
import type { CellSlot, RowSlot } from "./grid-dom";
import type { RowPainter } from "./row-pool";
import { isSelected, type Rect } from "./selection";
import type { ColumnId, GridColumn, RowId } from "./types";

/** A stream is only painted in one cell: no more of it is kept. */
const streamKept = 2000;
/** How long typed text is shown when the sheet answers nothing at all. */
const pendingForMs = 1500;

const noColumn: GridColumn = {
  id: -1,
  name: "",
  valueType: "text",
  ai: false,
  labels: null,
  widthPx: 0,
  frozen: false,
  sort: null,
  filtered: false,
  chip: null,
};

export class CellPainter implements RowPainter {
  /** Columns whose run is alive. */
  readonly queued = new Set<ColumnId>();
  /** The range that a fill drag would make. */
  filling: Rect | null = null;
  private readonly streams = new Map<string, string>();
  private pending: { row: RowId; column: ColumnId; text: string; until: number } | null = null;
  private readonly look = newLook();
  private readonly marks = { selected: false, active: false, filling: false };
  private readonly context: CellContext = {
    column: noColumn,
    queued: false,
    stream: undefined,
    pending: undefined,
    readOnly: true,
    limit: 0,
  };

  constructor(private readonly core: GridCore) {}

  /** Adds to what a running cell shows. */
  addToStream(row: RowId, column: ColumnId, text: string): void {
    const key = `${column}:${row}`;
    const before = this.streams.get(key);
    // No text is the beginning of an attempt, maybe the second.
    if (before === undefined || text === "") this.streams.set(key, text);
    else if (before.length < streamKept) this.streams.set(key, before + text);
  }

  /** Shows typed text until the sheet has answered, so that the old value does not flash up. */
  setPending(row: RowId, column: ColumnId, text: string): void {
    this.pending = { row, column, text, until: performance.now() + pendingForMs };
    this.core.requestFrame(true);
    setTimeout(() => this.core.requestFrame(true), pendingForMs + 20);
  }

  /** A cell was patched: what was shown in its place has had its time. */
  settle(row: RowId, column: ColumnId, isRunning: boolean): void {
    if (!isRunning) this.streams.delete(`${column}:${row}`);
    if (this.pending?.row === row && this.pending.column === column) this.pending = null;
  }

  /** Rows were read again; `end` is not included. */
  settleRows(first: number, end: number): void {
    const { cache } = this.core;
    for (const key of this.streams.keys()) {
      const [column, row] = key.split(":").map(Number);
      const position = cache.positionOf(row ?? -1);
      if (position === null || position < first || position >= end) continue;
      const state = cache.cell(position, column ?? -1)?.state;
      if (state !== undefined && state !== "running") this.streams.delete(key);
    }
    if (this.pending === null) return;
    const position = cache.positionOf(this.pending.row);
    if (position !== null && position >= first && position < end) this.pending = null;
  }

  paintCell(slot: CellSlot, position: number, place: number): void {
    const { core, look, context, marks, filling, pending } = this;
    const column = core.columnAt(place);
    if (column === undefined) return;
    const { selection } = core;
    const view = core.cache.cell(position, column.id);
    context.column = column;
    context.queued = this.queued.has(column.id);
    context.readOnly = core.model.readOnly;
    context.limit = visibleCharacters(column.widthPx, core.model.rowHeightPx);
    const row = view?.state === "running" || pending !== null ? core.cache.row(position) : null;
    context.stream = row === null ? undefined : this.streams.get(`${column.id}:${row}`);
    const isPending =
      pending !== null &&
      pending.row === row &&
      pending.column === column.id &&
      pending.until > performance.now();
    context.pending = isPending ? pending.text : undefined;
    lookOf(look, view, context);
    marks.selected = selection !== null && isSelected(selection, position, place);
    marks.active =
      selection !== null &&
      !core.isOnHeader &&
      selection.active.row === position &&
      selection.active.column === place;
    marks.filling =
      filling !== null &&
      position >= filling.top &&
      position <= filling.bottom &&
      place >= filling.left &&
      place <= filling.right;
    paintCell(slot, look, marks);
  }

  paintGutter(slot: RowSlot): void {
    const { selection } = this.core;
    const { position } = slot;
    const isIn =
      selection?.rects.some((rect) => position >= rect.top && position <= rect.bottom) ?? false;
    if (slot.gutterSelected === isIn) return;
    slot.gutterSelected = isIn;
    slot.gutter.classList.toggle("is-selected", isIn);
  }
}
