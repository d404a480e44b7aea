/**
 * The rows on screen. There are only as many row elements as fit; a row that scrolls away is given
 * to one that comes in. A position always uses the same slot of a pool size, so that scrolling by
 * one row repaints one row.
 */
import { type CellSlot, cellSlot, type RowSlot, rowSlot } from "./grid-dom";
import type { ColumnLayout } from "./range";

/** What is on screen. `end`s are not included. */
export interface Shown {
  rows: { first: number; end: number };
  columns: { first: number; end: number };
}

/** Fills slots that got another row or column, or all of them. */
export interface RowPainter {
  paintCell(slot: CellSlot, position: number, column: number): void;
  paintGutter(slot: RowSlot): void;
}

/** Rows lie within this distance of the base, so that offsets keep their precision. */
const baseStep = 10_000;

export class RowPool {
  private slots: RowSlot[] = [];
  private layout: ColumnLayout | null = null;
  private shown: Shown = { rows: { first: 0, end: 0 }, columns: { first: 0, end: 0 } };
  private base = 0;
  private containerY = Number.NaN;

  constructor(
    private readonly container: HTMLElement,
    private readonly painter: RowPainter,
  ) {}

  /** Shows these rows and columns. `repaint` paints also what has not moved. */
  show(
    shown: Shown,
    layout: ColumnLayout,
    rowHeightPx: number,
    contentTop: number,
    scrollLeft: number,
    repaint: boolean,
  ): void {
    const count = shown.rows.end - shown.rows.first;
    const isNewLayout = this.layout !== layout;
    const hasNewColumns =
      isNewLayout ||
      shown.columns.first !== this.shown.columns.first ||
      shown.columns.end !== this.shown.columns.end;
    this.layout = layout;
    this.shown = shown;
    if (count > this.slots.length) this.grow(count);

    const base = shown.rows.first - (shown.rows.first % baseStep);
    const isNewBase = base !== this.base;
    this.base = base;
    const y = base * rowHeightPx - contentTop;
    if (y !== this.containerY) {
      this.containerY = y;
      this.container.style.transform = `translateY(${y}px)`;
    }
    const size = this.slots.length;
    for (let position = shown.rows.first; position < shown.rows.end; position += 1) {
      const slot = this.slots[position % size];
      if (slot === undefined) continue;
      const isOther = slot.position !== position;
      const top = (position - base) * rowHeightPx;
      if (isOther || isNewBase || slot.topPx !== top) {
        slot.topPx = top;
        slot.element.style.transform = `translateY(${top}px)`;
      }
      if (slot.shiftPx !== scrollLeft) {
        slot.shiftPx = scrollLeft;
        slot.track.style.transform = `translateX(${-scrollLeft}px)`;
      }
      if (isOther) {
        if (slot.position < 0) slot.element.hidden = false;
        slot.position = position;
        slot.element.setAttribute("aria-rowindex", String(position + 2));
        slot.gutterContent.data = String(position + 1);
      }
      const placed = hasNewColumns || isOther ? this.place(slot, isNewLayout) : false;
      if (isOther || placed || repaint) this.paintRow(slot);
    }
    for (const slot of this.slots) {
      const isGone = slot.position < shown.rows.first || slot.position >= shown.rows.end;
      if (isGone && slot.position >= 0) {
        slot.position = -1;
        slot.element.hidden = true;
      }
    }
  }

  /** The element of a cell, if it is on screen. */
  cellAt(position: number, column: number): CellSlot | null {
    const size = this.slots.length;
    if (size === 0 || this.layout === null) return null;
    const row = this.slots[position % size];
    if (row === undefined || row.position !== position) return null;
    const { frozenCount } = this.layout;
    const slot =
      column < frozenCount
        ? row.frozen[column]
        : row.moving[(column - frozenCount) % Math.max(1, row.moving.length)];
    return slot !== undefined && slot.column === column ? slot : null;
  }

  /** Paints every cell on screen again. */
  repaint(): void {
    for (const slot of this.slots) if (slot.position >= 0) this.paintRow(slot);
  }

  /** Paints the rows on screen among these positions again; `end` is not included. */
  repaintRows(first: number, end: number): void {
    for (const slot of this.slots) {
      if (slot.position >= first && slot.position < end) this.paintRow(slot);
    }
  }

  /** What an element of a cell stands for. */
  placeOf(cell: Element): { position: number; column: number } | null {
    for (const row of this.slots) {
      if (row.position < 0 || !row.element.contains(cell)) continue;
      for (const slot of [...row.frozen, ...row.moving]) {
        if (slot.column >= 0 && slot.element.contains(cell)) {
          return { position: row.position, column: slot.column };
        }
      }
    }
    return null;
  }

  /**
   * Puts the rows in the order that they are read in. Screen readers follow the page and not the
   * eye. Called at rest, because moving elements costs; the row with the focus stays in place.
   */
  sort(): void {
    const shown = this.slots
      .filter((slot) => slot.position >= 0)
      .sort((left, right) => left.position - right.position);
    const isSorted = shown.every(
      (slot, index) => index === 0 || shown[index - 1]?.element.nextElementSibling === slot.element,
    );
    if (isSorted) return;
    const held = shown.findIndex((slot) => slot.element.contains(document.activeElement));
    const anchor = shown[held]?.element ?? null;
    shown.forEach((slot, index) => {
      if (index < held) this.container.insertBefore(slot.element, anchor);
      else if (index > held) this.container.append(slot.element);
    });
  }

  private grow(count: number): void {
    while (this.slots.length < count) {
      const slot = rowSlot();
      this.slots.push(slot);
      this.container.append(slot.element);
    }
    // Another pool size gives other slots to positions: all are assigned anew.
    for (const slot of this.slots) slot.position = -1;
  }

  /** Gives the cells of a row their columns; tells whether any changed. */
  private place(row: RowSlot, isNewLayout: boolean): boolean {
    const layout = this.layout;
    if (layout === null) return false;
    const { first, end } = this.shown.columns;
    let changed = false;
    while (row.frozen.length > layout.frozenCount) row.frozen.pop()?.element.remove();
    while (row.frozen.length < layout.frozenCount) {
      const slot = cellSlot();
      row.frozen.push(slot);
      row.element.insertBefore(slot.element, row.track);
    }
    const needed = end - first;
    if (row.moving.length < needed) {
      while (row.moving.length < needed) {
        const slot = cellSlot();
        row.moving.push(slot);
        row.track.append(slot.element);
      }
      for (const slot of row.moving) slot.column = -1;
    }
    for (let column = 0; column < layout.frozenCount; column += 1) {
      const slot = row.frozen[column];
      if (slot !== undefined) changed = assign(slot, layout, column, isNewLayout) || changed;
    }
    for (let column = first; column < end; column += 1) {
      const slot = row.moving[(column - layout.frozenCount) % row.moving.length];
      if (slot !== undefined) changed = assign(slot, layout, column, isNewLayout) || changed;
    }
    for (const slot of row.moving) {
      const isGone = slot.column < first || slot.column >= end;
      if (isGone && !slot.element.hidden) {
        slot.element.hidden = true;
        slot.column = -1;
      } else if (!isGone && slot.element.hidden) slot.element.hidden = false;
    }
    return changed;
  }

  private paintRow(row: RowSlot): void {
    this.painter.paintGutter(row);
    for (const slot of row.frozen) {
      if (slot.column >= 0) this.painter.paintCell(slot, row.position, slot.column);
    }
    for (const slot of row.moving) {
      if (slot.column >= 0) this.painter.paintCell(slot, row.position, slot.column);
    }
  }
}

function assign(
  slot: CellSlot,
  layout: ColumnLayout,
  column: number,
  isNewLayout: boolean,
): boolean {
  const isOther = slot.column !== column;
  if (!isOther && !isNewLayout) return false;
  const isFrozen = column < layout.frozenCount;
  const left = (layout.lefts[column] ?? 0) + (isFrozen ? layout.gutterPx : layout.frozenPx);
  const width = layout.columns[column]?.widthPx ?? 0;
  const { element } = slot;
  if (slot.leftPx !== left) {
    slot.leftPx = left;
    element.style.left = `${left}px`;
  }
  if (slot.widthPx !== width) {
    slot.widthPx = width;
    element.style.width = `${width}px`;
  }
  slot.column = column;
  element.setAttribute("aria-colindex", String(column + 2));
  element.dataset.column = String(layout.columns[column]?.id ?? "");
  return true;
}
