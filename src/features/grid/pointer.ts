/** Selecting with the mouse: click, drag, Shift, Ctrl, row numbers, right click, double click. */
import type { CellEditor } from "./editor";
import type { FillHandle } from "./fill-handle";
import type { GridCore } from "./grid-core";
import { addCell, extendTo, isSelected, type Place, selectCell, selectRows } from "./selection";

/** Scrolling while the pointer is dragged beyond an edge: this share of the distance a frame. */
const edgeSpeed = 0.35;
const greatestStepPx = 120;

export class Pointer {
  private dragging: "cells" | "fill" | null = null;
  private lastX = 0;
  private lastY = 0;
  private timer = 0;

  constructor(
    private readonly core: GridCore,
    private readonly editor: CellEditor,
    private readonly fill: FillHandle,
  ) {
    const { body } = core.dom;
    body.addEventListener("pointerdown", this.down);
    body.addEventListener("pointermove", this.move);
    body.addEventListener("pointerup", this.up);
    body.addEventListener("pointercancel", this.cancel);
    body.addEventListener("dblclick", this.doubleClick);
    body.addEventListener("contextmenu", this.contextMenu);
    // Focus is given by hand: the element under the pointer may be another cell a frame later.
    body.addEventListener("mousedown", (event) => event.preventDefault());
  }

  destroy(): void {
    cancelAnimationFrame(this.timer);
  }

  private readonly down = (event: PointerEvent): void => {
    const { core } = this;
    if (event.button !== 0 || event.pointerType === "touch") return;
    if (event.target instanceof Element && event.target.closest("[data-act]") !== null) return;
    const place = core.placeAt(event.clientX, event.clientY);
    if (place === null) return;
    if (this.editor.isOpen) this.editor.commit();
    if (this.fill.takes(event.target)) this.dragging = "fill";
    else {
      this.begin(place, event);
      this.dragging = "cells";
    }
    this.lastX = event.clientX;
    this.lastY = event.clientY;
    core.dom.body.setPointerCapture(event.pointerId);
    core.takeFocus();
  };

  private begin(place: Place, event: PointerEvent): void {
    const { core } = this;
    const { selection, size } = core;
    const adds = event.ctrlKey || event.metaKey;
    if (place.column < 0) {
      const from = event.shiftKey && selection !== null ? selection.active.row : place.row;
      core.select(selectRows(from, place.row, size, adds ? selection : null), null);
    } else if (event.shiftKey && selection !== null) {
      core.select(extendTo(selection, place, size), null);
    } else if (adds && selection !== null) core.select(addCell(selection, place), null);
    else core.select(selectCell(place), null);
  }

  private readonly move = (event: PointerEvent): void => {
    if (this.dragging === null) return;
    this.lastX = event.clientX;
    this.lastY = event.clientY;
    this.follow();
    if (this.timer === 0) this.timer = requestAnimationFrame(this.scroll);
  };

  private follow(): void {
    const { core } = this;
    const { selection } = core;
    const at = core.placeAt(this.lastX, this.lastY);
    if (at === null || selection === null) return;
    const place = { row: at.row, column: Math.max(0, at.column) };
    if (this.dragging === "fill") this.fill.drag(place);
    else if (selection.head.row !== place.row || selection.head.column !== place.column) {
      core.select(extendTo(selection, place, core.size), null);
    }
  }

  private readonly scroll = (): void => {
    this.timer = 0;
    const { core } = this;
    if (this.dragging === null) return;
    const box = core.dom.body.getBoundingClientRect();
    const left = box.left + core.layout.frozenPx;
    const x = beyond(this.lastX, Math.min(left, box.right), box.right);
    const y = beyond(this.lastY, box.top, box.bottom);
    const isOverFrozen = this.lastX >= box.left && this.lastX < left && core.scroller.left === 0;
    if (y === 0 && (x === 0 || isOverFrozen)) return;
    // Dragging inside frozen columns selects them; it does not scroll the others.
    const sideways = this.lastX >= box.left && this.lastX < left ? 0 : x;
    if (y === 0 && sideways === 0) return;
    core.scroller.scrollTo(
      core.scroller.contentTop + y,
      Math.max(0, core.scroller.left + sideways),
    );
    this.follow();
    this.timer = requestAnimationFrame(this.scroll);
  };

  private readonly up = (): void => this.end(true);
  private readonly cancel = (): void => this.end(false);

  private end(isKept: boolean): void {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    const was = this.dragging;
    this.dragging = null;
    if (was === "fill") this.fill.drop(isKept);
  }

  private readonly doubleClick = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest("[data-act]") !== null) return;
    const place = this.core.placeAt(event.clientX, event.clientY);
    if (place === null || place.column < 0) return;
    if (!this.editor.open(null)) this.core.emit({ kind: "open-cell" });
  };

  private readonly contextMenu = (event: MouseEvent): void => {
    event.preventDefault();
    const { core } = this;
    const place = core.placeAt(event.clientX, event.clientY);
    if (place === null) return;
    const { selection, size } = core;
    const isRow = place.column < 0;
    const column = Math.max(0, place.column);
    const isIn =
      selection !== null &&
      (isRow ? rowIsSelected(core, place.row) : isSelected(selection, place.row, column));
    if (!isIn) {
      core.select(isRow ? selectRows(place.row, place.row, size) : selectCell(place), null);
    }
    core.takeFocus();
    core.emit({
      kind: "menu",
      target: isRow ? "row" : "cell",
      column: isRow ? null : (core.columnAt(column)?.id ?? null),
      x: event.clientX,
      y: event.clientY,
    });
  };
}

function rowIsSelected(core: GridCore, row: number): boolean {
  const last = core.size.columns - 1;
  return (
    core.selection?.rects.some(
      (rect) => row >= rect.top && row <= rect.bottom && rect.left === 0 && rect.right === last,
    ) ?? false
  );
}

function beyond(at: number, from: number, to: number): number {
  const distance = at < from ? at - from : at > to ? at - to : 0;
  const step = distance * edgeSpeed;
  return Math.max(-greatestStepPx, Math.min(greatestStepPx, step));
}
