/** The header row: what a column is, and selecting, resizing, sorting and moving it. */
import { autofitWidth } from "./autofit";
import type { GridCore, GridPart } from "./grid-core";
import { fillHeader, type HeaderCell, headerCell } from "./header-cell";
import { columnX } from "./range";
import { selectAll, selectColumns } from "./selection";
import type { ColumnId, GridColumn } from "./types";

/** Bounds of a column's width. */
export const widthBounds = { least: 48, greatest: 1200 };
const dragAfterPx = 5;

type Drag =
  | { kind: "resize"; column: ColumnId; startX: number; startPx: number }
  | { kind: "move"; column: ColumnId; startX: number; isMoving: boolean; before: ColumnId | null };

export class Header implements GridPart {
  private readonly cells = new Map<ColumnId, HeaderCell>();
  private drag: Drag | null = null;
  private shiftPx = 0;

  constructor(private readonly core: GridCore) {
    const { header, corner, addColumn } = core.dom;
    header.addEventListener("pointerdown", this.down);
    header.addEventListener("pointermove", this.moveDrag);
    header.addEventListener("pointerup", this.up);
    header.addEventListener("pointercancel", this.cancel);
    header.addEventListener("dblclick", this.doubleClick);
    header.addEventListener("click", this.click);
    header.addEventListener("contextmenu", this.contextMenu);
    corner.addEventListener("click", () => this.selectAll());
    addColumn.addEventListener("click", () => this.addColumn());
  }

  /** The element of a column's header, if it is on screen. */
  elementOf(place: number): HTMLElement | null {
    const column = this.core.columnAt(place);
    return column === undefined ? null : (this.cells.get(column.id)?.element ?? null);
  }

  /** Opens the menu of a column under its header. */
  openMenu(column: ColumnId): void {
    const cell = this.cells.get(column);
    if (cell === undefined) return;
    const box = cell.menu.getBoundingClientRect();
    const { left, bottom } = cell.element.getBoundingClientRect();
    const x = box.width > 0 ? box.left : left;
    this.core.emit({ kind: "menu", target: "column", column, x, y: bottom });
  }

  addColumn(): void {
    const box = this.core.dom.addColumn.getBoundingClientRect();
    this.core.emit({ kind: "add-column", x: box.left, y: box.bottom });
  }

  /** Gives a column a width and says so. */
  resize(column: ColumnId, widthPx: number): void {
    const width = Math.round(Math.max(widthBounds.least, Math.min(widthBounds.greatest, widthPx)));
    this.setWidth(column, width);
    this.core.emit({ kind: "resize", column, widthPx: width });
  }

  /** Moves a column by one place. */
  shift(column: ColumnId, by: -1 | 1): void {
    const place = this.core.placeOf(column);
    const { columns } = this.core.layout;
    const target = by < 0 ? columns[place - 1] : columns[place + 2];
    if (place < 0 || (by < 0 && target === undefined) || place + by >= columns.length) return;
    this.core.emit({ kind: "move-column", column, before: target?.id ?? null });
  }

  draw(): void {
    const { layout, shown, scroller, dom, selection, model, size } = this.core;
    const { left } = scroller;
    if (this.shiftPx !== left) {
      this.shiftPx = left;
      dom.headerTrack.style.transform = `translateX(${-left}px)`;
    }
    const needed = new Set<ColumnId>();
    layout.columns.forEach((column, place) => {
      const isFrozen = place < layout.frozenCount;
      if (!isFrozen && (place < shown.columns.first || place >= shown.columns.end)) return;
      needed.add(column.id);
      let cell = this.cells.get(column.id);
      if (cell === undefined) {
        cell = headerCell(column.id);
        this.cells.set(column.id, cell);
      }
      const parent = isFrozen ? dom.header : dom.headerTrack;
      if (cell.element.parentElement !== parent) {
        if (isFrozen) dom.header.insertBefore(cell.element, dom.headerTrack);
        else dom.headerTrack.append(cell.element);
      }
      const at = (layout.lefts[place] ?? 0) + (isFrozen ? layout.gutterPx : layout.frozenPx);
      if (cell.leftPx !== at) {
        cell.leftPx = at;
        cell.element.style.left = `${at}px`;
      }
      if (cell.column !== column) fillHeader(cell, column, place);
      cell.element.setAttribute("aria-colindex", String(place + 2));
      const rects = selection?.rects.filter((rect) => place >= rect.left && place <= rect.right);
      const isWhole =
        rects?.some((rect) => rect.top === 0 && rect.bottom === size.rows - 1) ?? false;
      cell.element.classList.toggle("is-in-range", (rects?.length ?? 0) > 0);
      cell.element.classList.toggle("is-selected", isWhole);
      cell.element.setAttribute("aria-selected", isWhole ? "true" : "false");
    });
    for (const [id, cell] of this.cells) {
      if (needed.has(id) || this.drag?.column === id) continue;
      cell.element.remove();
      this.cells.delete(id);
    }
    const endX = layout.frozenPx + layout.trackPx - left;
    dom.addColumn.hidden = model.readOnly || endX > scroller.widthPx || endX < layout.frozenPx - 1;
    dom.addColumn.style.transform = `translateX(${endX}px)`;
  }

  selectAll(): void {
    const { core } = this;
    if (core.selection !== null) core.select(selectAll(core.selection, core.size), null);
    core.takeFocus();
  }

  private columnOf(event: Event): GridColumn | null {
    if (!(event.target instanceof Element)) return null;
    const header = event.target.closest<HTMLElement>(".grid-header-cell");
    if (header === null) return null;
    const place = this.core.placeOf(Number(header.dataset.column));
    return this.core.columnAt(place) ?? null;
  }

  private readonly down = (event: PointerEvent): void => {
    const column = this.columnOf(event);
    if (event.button !== 0 || column === null || !(event.target instanceof Element)) return;
    if (event.target.closest(".grid-resize") !== null) {
      event.preventDefault();
      this.drag = {
        kind: "resize",
        column: column.id,
        startX: event.clientX,
        startPx: column.widthPx,
      };
      this.core.dom.header.setPointerCapture(event.pointerId);
      return;
    }
    if (event.target.closest("[data-act]") !== null) return;
    event.preventDefault();
    this.selectColumn(column.id, event);
    const canMove = !this.core.model.readOnly && !event.shiftKey && !event.ctrlKey;
    if (!canMove) return;
    this.drag = {
      kind: "move",
      column: column.id,
      startX: event.clientX,
      isMoving: false,
      before: column.id,
    };
    this.core.dom.header.setPointerCapture(event.pointerId);
  };

  /** Selects a column, or more of them with Shift and Ctrl. */
  selectColumn(
    column: ColumnId,
    keys: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean },
  ): void {
    const { core } = this;
    const place = core.placeOf(column);
    const { selection, size } = core;
    if (size.rows > 0) {
      const add = keys.ctrlKey || keys.metaKey;
      const from = keys.shiftKey && selection !== null ? selection.active.column : place;
      const kept = add ? selection : null;
      core.select(selectColumns(from, place, size, kept), null);
    }
    core.takeFocus();
  }

  private readonly moveDrag = (event: PointerEvent): void => {
    const { drag, core } = this;
    if (drag === null) return;
    const distance = event.clientX - drag.startX;
    if (drag.kind === "resize") {
      this.setWidth(drag.column, Math.max(widthBounds.least, drag.startPx + distance));
      return;
    }
    if (!drag.isMoving && Math.abs(distance) < dragAfterPx) return;
    drag.isMoving = true;
    const cell = this.cells.get(drag.column)?.element;
    cell?.classList.add("is-dragged");
    const box = core.dom.header.getBoundingClientRect();
    const x = event.clientX - box.left;
    const edge = 32;
    if (x > box.width - edge)
      core.scroller.scrollTo(core.scroller.contentTop, core.scroller.left + 24);
    else if (x < core.layout.frozenPx + edge && core.scroller.left > 0) {
      core.scroller.scrollTo(core.scroller.contentTop, Math.max(0, core.scroller.left - 24));
    }
    this.showDrop(drag, x);
  };

  private showDrop(drag: Extract<Drag, { kind: "move" }>, x: number): void {
    const { core } = this;
    const { columns } = core.layout;
    let place = 0;
    let lineX = columnX(core.layout, core.scroller.left, 0);
    columns.forEach((column, index) => {
      const left = columnX(core.layout, core.scroller.left, index);
      const isFrozen = index < core.layout.frozenCount;
      if (!isFrozen && left + column.widthPx < core.layout.frozenPx) return;
      if (x >= left + column.widthPx / 2) {
        place = index + 1;
        lineX = left + column.widthPx;
      }
    });
    drag.before = columns[place]?.id ?? null;
    core.dom.dropLine.hidden = false;
    core.dom.dropLine.style.transform = `translateX(${lineX - 1}px)`;
  }

  private readonly up = (event: PointerEvent): void => {
    const { drag, core } = this;
    this.endDrag();
    if (drag === null) return;
    if (drag.kind === "resize") {
      const moved = event.clientX - drag.startX;
      if (moved !== 0) this.resize(drag.column, drag.startPx + moved);
      return;
    }
    if (!drag.isMoving || drag.before === drag.column) return;
    const { columns } = core.layout;
    const next = columns[core.placeOf(drag.column) + 1]?.id ?? null;
    if (drag.before === next) return;
    core.emit({ kind: "move-column", column: drag.column, before: drag.before });
  };

  private readonly cancel = (): void => {
    const { drag } = this;
    if (drag?.kind === "resize") this.setWidth(drag.column, drag.startPx);
    this.endDrag();
  };

  private endDrag(): void {
    if (this.drag !== null) {
      this.cells.get(this.drag.column)?.element.classList.remove("is-dragged");
    }
    this.drag = null;
    this.core.dom.dropLine.hidden = true;
  }

  private setWidth(id: ColumnId, widthPx: number): void {
    const { core } = this;
    const columns = core.model.columns.map((column) =>
      column.id === id ? { ...column, widthPx } : column,
    );
    core.model = { ...core.model, columns };
    core.relayout();
  }

  private readonly doubleClick = (event: MouseEvent): void => {
    const column = this.columnOf(event);
    if (column === null || !(event.target instanceof Element)) return;
    if (event.target.closest(".grid-resize") !== null) {
      this.resize(column.id, autofitWidth(this.core, column.id));
    } else if (event.target.closest("[data-act]") === null && column.ai) {
      this.core.emit({ kind: "open-column", column: column.id });
    }
  };

  private readonly click = (event: MouseEvent): void => {
    const column = this.columnOf(event);
    if (column === null || !(event.target instanceof Element)) return;
    const act = event.target.closest<HTMLElement>("[data-act]")?.dataset.act;
    if (act === "open") this.core.emit({ kind: "open-column", column: column.id });
    else if (act === "menu") this.openMenu(column.id);
    else if (act === "sort") {
      this.core.emit({ kind: "sort", column: column.id, add: event.shiftKey });
    }
  };

  private readonly contextMenu = (event: MouseEvent): void => {
    event.preventDefault();
    const column = this.columnOf(event);
    if (column === null) return;
    const { clientX: x, clientY: y } = event;
    this.core.emit({ kind: "menu", target: "column", column: column.id, x, y });
  };
}
