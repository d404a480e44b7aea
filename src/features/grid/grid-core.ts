/**
 * The state of a grid and its frame: what is shown is derived here, once a frame at most. Header,
 * editor, pointer and keyboard are parts around it.
 */
import { CellPainter } from "./cell-painter";
import { type GridDom, tailPx } from "./grid-dom";
import {
  type ColumnLayout,
  columnLayout,
  columnsAt,
  columnUnder,
  columnX,
  gutterWidth,
  leftToShow,
  rowsAt,
  topToShow,
} from "./range";
import { pageRows, RowCache } from "./row-cache";
import { RowPool, type Shown } from "./row-pool";
import { Scroller } from "./scroller";
import { type Place, type Rect, refit, type Selection, type Size, selectCell } from "./selection";
import type {
  CellView,
  ColumnId,
  GridColumn,
  GridIntent,
  GridModel,
  GridOptions,
  GridRange,
  GridSelectionSnapshot,
  RowId,
} from "./types";

/** A part that follows every frame. */
export interface GridPart {
  draw(): void;
}

export class GridCore {
  model: GridModel = { columns: [], rowCount: 0, readOnly: true, rowHeightPx: 28 };
  layout: ColumnLayout = columnLayout([], 44, 0);
  /** Null while there is no cell. */
  selection: Selection | null = null;
  /** Whether keys act on the header; the active cell then is not shown as active. */
  isOnHeader = false;
  /** Gives the keyboard to the grid; set by the part that looks after focus. */
  takeFocus: () => void = () => {};
  readonly cache: RowCache;
  readonly pool: RowPool;
  readonly scroller: Scroller;
  readonly painter: CellPainter;
  shown: Shown = { rows: { first: 0, end: 0 }, columns: { first: 0, end: 0 } };
  private readonly parts: GridPart[] = [];
  private frameId = 0;
  private repaintAll = true;
  private repaintFirst = Number.POSITIVE_INFINITY;
  private repaintEnd = 0;
  /** Positions and column places of changed cells, in turn. */
  private dirty: number[] = [];
  private previousTop = 0;
  /** 1 while scrolling down, -1 while scrolling up, 0 at rest. */
  direction: -1 | 0 | 1 = 0;
  /** Counts answers, so that parts see that rows came. */
  arrivals = 0;
  private isSelectionSaid = true;
  private saidRow: RowId | null = null;

  constructor(
    readonly dom: GridDom,
    readonly options: GridOptions,
  ) {
    this.painter = new CellPainter(this);
    this.cache = new RowCache(options.source, (first, end) => this.arrived(first, end));
    this.pool = new RowPool(dom.rows, this.painter);
    this.scroller = new Scroller(
      dom,
      () => this.requestFrame(),
      () => this.relayout(),
    );
  }

  addPart(part: GridPart): void {
    this.parts.push(part);
  }

  destroy(): void {
    cancelAnimationFrame(this.frameId);
    this.scroller.destroy();
    this.cache.close();
  }

  get size(): Size {
    return { rows: this.model.rowCount, columns: this.layout.columns.length };
  }

  setModel(model: GridModel): void {
    const before = this.layout.columns.map((column) => column.id);
    this.model = model;
    this.cache.setRowCount(model.rowCount);
    this.relayout();
    const { table, root } = this.dom;
    table.setAttribute("aria-rowcount", String(model.rowCount + 1));
    table.setAttribute("aria-colcount", String(model.columns.length + 1));
    table.setAttribute("aria-readonly", model.readOnly ? "true" : "false");
    root.dataset.height = String(model.rowHeightPx);
    const places = new Map(this.layout.columns.map((column, place) => [column.id, place]));
    const { size } = this;
    const old = this.selection;
    const next =
      old === null
        ? size.rows > 0 && size.columns > 0
          ? selectCell({ row: 0, column: 0 })
          : null
        : refit(old, size, (column) => places.get(before[column] ?? -1) ?? null);
    this.selection = next;
    this.isSelectionSaid = false;
    this.requestFrame();
  }

  /** Column widths, the visible size or the model changed. */
  relayout(): void {
    const { model, scroller } = this;
    this.layout = columnLayout(model.columns, gutterWidth(model.rowCount), scroller.widthPx);
    // Room for the "add column" button, which also shows that there is no further column.
    const widthPx = this.layout.frozenPx + this.layout.trackPx + 48;
    scroller.setContent(
      model.rowCount,
      model.rowHeightPx,
      model.readOnly ? 0 : tailPx,
      model.columns.length === 0 ? 0 : widthPx,
    );
    this.dom.root.style.setProperty("--grid-gutter", `${this.layout.gutterPx}px`);
    this.repaintAll = true;
    this.requestFrame();
  }

  /** Asks for a frame; `repaint` paints every cell on screen again. */
  requestFrame(repaint = false): void {
    if (repaint) this.repaintAll = true;
    if (this.frameId === 0) this.frameId = requestAnimationFrame(() => this.frame());
  }

  columnAt(place: number): GridColumn | undefined {
    return this.layout.columns[place];
  }

  placeOf(column: ColumnId): number {
    return this.layout.columns.findIndex((candidate) => candidate.id === column);
  }

  viewAt(place: Place): CellView | undefined {
    const column = this.columnAt(place.column);
    return column === undefined ? undefined : this.cache.cell(place.row, column.id);
  }

  /** Selects, and scrolls so that `reveal` is on screen. */
  select(selection: Selection, reveal: Place | null): void {
    this.selection = selection;
    this.isOnHeader = false;
    this.isSelectionSaid = false;
    if (reveal !== null) this.reveal(reveal);
    this.requestFrame(true);
  }

  reveal(place: Place): void {
    const { scroller, layout } = this;
    scroller.scrollTo(
      topToShow(scroller.scale, scroller.contentTop, place.row),
      leftToShow(layout, scroller.left, scroller.widthPx, place.column),
    );
  }

  /** Tells the sheet what the user wants, after what it is about. */
  emit(intent: GridIntent): void {
    this.saySelection();
    this.options.onIntent(intent);
  }

  /** The place nearest to a point of the client area; the gutter is column -1. */
  placeAt(clientX: number, clientY: number): Place | null {
    const { size, scroller, layout } = this;
    if (size.rows === 0) return null;
    const box = this.dom.body.getBoundingClientRect();
    const column = columnUnder(layout, scroller.left, Math.max(0, clientX - box.left));
    const row = Math.floor((scroller.contentTop + clientY - box.top) / this.model.rowHeightPx);
    return {
      row: Math.max(0, Math.min(size.rows - 1, row)),
      column: column ?? size.columns - 1,
    };
  }

  /** Where a cell is, measured from the top left of the body. */
  boxOf(place: Place): { x: number; y: number; widthPx: number } {
    return {
      x: columnX(this.layout, this.scroller.left, place.column),
      y: place.row * this.model.rowHeightPx - this.scroller.contentTop,
      widthPx: this.columnAt(place.column)?.widthPx ?? 0,
    };
  }

  snapshot(): GridSelectionSnapshot {
    const { selection } = this;
    const column = selection === null ? undefined : this.columnAt(selection.active.column);
    if (selection === null || column === undefined) return { active: null, ranges: [] };
    const position = selection.active.row;
    return {
      active: { position, column: column.id, row: this.cache.row(position) },
      ranges: selection.rects.map((rect) => this.rangeOf(rect)),
    };
  }

  rangeOf(rect: Rect): GridRange {
    const columns = this.layout.columns.slice(rect.left, rect.right + 1);
    return { top: rect.top, bottom: rect.bottom, columns: columns.map((column) => column.id) };
  }

  rowsInView(): RowId[] {
    const rows: RowId[] = [];
    for (let at = this.shown.rows.first; at < this.shown.rows.end; at += 1) {
      const row = this.cache.row(at);
      if (row !== null) rows.push(row);
    }
    return rows;
  }

  patchCell(row: RowId, column: ColumnId, patch: Partial<CellView>): void {
    this.painter.settle(row, column, patch.state === undefined || patch.state === "running");
    this.touch(this.cache.patch(row, column, patch), column);
  }

  appendText(row: RowId, column: ColumnId, text: string): void {
    this.painter.addToStream(row, column, text);
    const position = this.cache.positionOf(row);
    if (position === null || this.cache.cell(position, column)?.state !== "running") {
      this.cache.patch(row, column, { state: "running", error: null });
    }
    this.touch(position, column);
  }

  reload(): void {
    this.cache.invalidate();
    this.requestFrame();
  }

  /** Tells the sheet the selection, if it changed since. */
  saySelection(): void {
    if (this.isSelectionSaid) return;
    this.isSelectionSaid = true;
    const snapshot = this.snapshot();
    this.saidRow = snapshot.active?.row ?? null;
    this.options.onSelection(snapshot);
  }

  private touch(position: number | null, column: ColumnId): void {
    const { first, end } = this.shown.rows;
    if (position === null || position < first || position >= end) return;
    const place = this.placeOf(column);
    if (place < 0) return;
    this.dirty.push(position, place);
    this.requestFrame();
  }

  private arrived(first: number, end: number): void {
    this.repaintFirst = Math.min(this.repaintFirst, first);
    this.repaintEnd = Math.max(this.repaintEnd, end);
    this.arrivals += 1;
    this.painter.settleRows(first, end);
    const active = this.selection?.active.row;
    if (active !== undefined && active >= first && active < end) {
      if (this.cache.row(active) !== this.saidRow) this.isSelectionSaid = false;
    }
    this.requestFrame();
  }

  private frame(): void {
    this.frameId = 0;
    const { scroller, layout, model } = this;
    scroller.read();
    const { contentTop, left } = scroller;
    if (contentTop !== this.previousTop) {
      // A jump says nothing about where the next one goes: nothing is read ahead then.
      const isJump = Math.abs(contentTop - this.previousTop) > pageRows * model.rowHeightPx;
      this.direction = isJump ? 0 : contentTop > this.previousTop ? 1 : -1;
      this.previousTop = contentTop;
    }
    const rows = rowsAt(scroller.scale, contentTop);
    const columns = columnsAt(layout, left, scroller.widthPx);
    this.shown = { rows, columns };
    this.pool.show(this.shown, layout, model.rowHeightPx, contentTop, left, this.repaintAll);
    if (!this.repaintAll) {
      if (this.repaintEnd > this.repaintFirst) {
        this.pool.repaintRows(this.repaintFirst, this.repaintEnd);
      }
      for (let index = 0; index < this.dirty.length; index += 2) {
        const position = this.dirty[index] ?? -1;
        const column = this.dirty[index + 1] ?? -1;
        const slot = this.pool.cellAt(position, column);
        if (slot !== null) this.painter.paintCell(slot, position, column);
      }
    }
    this.repaintAll = false;
    this.repaintFirst = Number.POSITIVE_INFINITY;
    this.repaintEnd = 0;
    this.dirty.length = 0;
    this.askForRows();
    for (const part of this.parts) part.draw();
    this.saySelection();
  }

  private askForRows(): void {
    const { rows, columns } = this.shown;
    const wanted: ColumnId[] = [];
    const { layout } = this;
    layout.columns.forEach((column, place) => {
      // One column more on each side, so that a small step sideways shows no placeholders.
      const isNear = place >= columns.first - 1 && place <= columns.end;
      if (place < layout.frozenCount || isNear) wanted.push(column.id);
    });
    this.cache.want({
      first: rows.first,
      end: rows.end,
      columns: wanted,
      direction: this.direction,
    });
  }
}
