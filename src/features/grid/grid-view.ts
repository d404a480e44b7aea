import { AtRest } from "./at-rest";
import { autofitWidth } from "./autofit";
import { CellActions } from "./cell-actions";
import { CellEditor } from "./editor";
import { FillHandle } from "./fill-handle";
import { GridFocus } from "./focus";
import { GridCore } from "./grid-core";
import { element, type GridDom, gridDom } from "./grid-dom";
import { Header } from "./header";
import { Keyboard } from "./keyboard";
import { Pointer } from "./pointer";
import { kept, type Rect, selectCell } from "./selection";
import { text as words } from "./strings";
import type {
  CellView,
  ColumnId,
  GridModel,
  GridOptions,
  GridRange,
  GridSelectionSnapshot,
  RowId,
} from "./types";

/**
 * A spreadsheet's grid in plain elements: it shows cells from a source, selects, scrolls and edits,
 * and tells the sheet what the user wants. It changes no cell by itself.
 */
export class GridView {
  private readonly dom: GridDom;
  private readonly core: GridCore;
  private readonly focusPart: GridFocus;
  private readonly editor: CellEditor;
  private readonly keyboard: Keyboard;
  private readonly pointer: Pointer;
  private readonly atRest: AtRest;

  constructor(host: HTMLElement, options: GridOptions) {
    this.dom = gridDom(host);
    const core = new GridCore(this.dom, options);
    this.core = core;
    const header = new Header(core);
    const focus = new GridFocus(core, header);
    const editor = new CellEditor(core, (move) => this.keyboard.go(move));
    const fill = new FillHandle(core);
    this.focusPart = focus;
    this.editor = editor;
    this.keyboard = new Keyboard(core, editor, focus, header, (said) => this.announce(said));
    this.pointer = new Pointer(core, editor, fill);
    this.atRest = new AtRest(core);
    const edges = { draw: () => this.draw() };
    for (const part of [header, fill, new CellActions(core), editor, focus, edges, this.atRest]) {
      core.addPart(part);
    }
    this.dom.addRow.addEventListener("click", () => core.emit({ kind: "add-row" }));
    // `scroll` does not tell of a body that the browser moved to show the caret: it must not.
    this.dom.body.addEventListener("scroll", () => this.dom.body.scrollTo(0, 0));
  }

  /** Shows another model. Scroll position and selection stay as far as they still make sense. */
  setModel(model: GridModel): void {
    this.core.setModel(model);
  }

  /** Reads all cells again. What is on screen stays until the new content has come. */
  reload(): void {
    this.core.reload();
  }

  /** Changes a cell that is at hand; it is painted with the next frame. Thousands a second are fine. */
  patchCell(row: RowId, column: ColumnId, patch: Partial<CellView>): void {
    this.core.patchCell(row, column, patch);
  }

  /** Adds to what a running cell shows; the cell counts as running from then on. */
  appendText(row: RowId, column: ColumnId, text: string): void {
    this.core.appendText(row, column, text);
  }

  /** Says whether a run of the column is alive: its empty cells then look queued. */
  setQueued(column: ColumnId, queued: boolean): void {
    const { core } = this;
    if (queued === core.painter.queued.has(column)) return;
    if (queued) core.painter.queued.add(column);
    else core.painter.queued.delete(column);
    core.requestFrame(true);
  }

  /** Makes a cell the active one and scrolls to it. */
  goTo(position: number, column: ColumnId): void {
    const { core } = this;
    const place = core.placeOf(column);
    if (place < 0 || core.size.rows === 0) return;
    const to = kept({ row: position, column: place }, core.size);
    core.select(selectCell(to), to);
  }

  /** Gives the keyboard to the grid. */
  focus(): void {
    this.focusPart.take();
  }

  /** The loaded rows on screen, from the top. */
  rowsInView(): RowId[] {
    return this.core.rowsInView();
  }

  /** What is selected now. */
  selection(): GridSelectionSnapshot {
    return this.core.snapshot();
  }

  /** Selects a range; columns that do not lie side by side make several. */
  select(range: GridRange): void {
    const { core } = this;
    const { size } = core;
    if (size.rows === 0) return;
    const top = Math.max(0, Math.min(range.top, size.rows - 1));
    const bottom = Math.max(top, Math.min(range.bottom, size.rows - 1));
    const places = range.columns
      .map((column) => core.placeOf(column))
      .filter((place) => place >= 0)
      .sort((left, right) => left - right);
    const rects: Rect[] = [];
    for (const place of places) {
      const last = rects[rects.length - 1];
      if (last !== undefined && last.right >= place - 1) last.right = place;
      else rects.push({ top, bottom, left: place, right: place });
    }
    const last = rects[rects.length - 1];
    if (last === undefined) return;
    const active = { row: top, column: last.left };
    core.select(
      { active, head: { row: bottom, column: last.right }, span: "cells", rects },
      active,
    );
  }

  /** A cell as it is at hand; null when it was not read. */
  cellAt(position: number, column: ColumnId): CellView | null {
    return this.core.cache.cell(position, column) ?? null;
  }

  /** The width at which the column's loaded cells fit. */
  autofitWidth(column: ColumnId): number {
    return autofitWidth(this.core, column);
  }

  /** Has a screen reader say a text. */
  announce(said: string): void {
    // The same text twice is said twice only when it differs.
    const { live } = this.dom;
    live.textContent = live.textContent === said ? `${said}\u00A0` : said;
  }

  /** Removes the grid from the page; an edit that is open is stored first. */
  destroy(): void {
    this.editor.commit();
    this.keyboard.destroy();
    this.pointer.destroy();
    this.atRest.destroy();
    this.core.destroy();
    this.dom.root.remove();
  }

  /** The "add row" line, the edge of frozen columns, and what is said of an empty sheet. */
  private draw(): void {
    const { model, scroller, size, layout } = this.core;
    const { addRow, blank, frozenEdge } = this.dom;
    frozenEdge.hidden = layout.frozenCount === 0;
    frozenEdge.style.transform = `translateX(${layout.frozenPx - 1}px)`;
    const y = model.rowCount * model.rowHeightPx - scroller.contentTop;
    addRow.hidden = model.readOnly || size.columns === 0 || y > scroller.bodyPx;
    if (!addRow.hidden) addRow.style.transform = `translateY(${y}px)`;
    const isBlank = size.columns === 0 || size.rows === 0;
    blank.hidden = !isBlank;
    if (!isBlank) return;
    const isBare = size.columns === 0;
    const title = isBare ? words.noColumnsTitle : words.noRowsTitle;
    const detail = model.readOnly
      ? words.noRowsReadOnly
      : isBare
        ? words.noColumnsBody
        : words.noRowsBody;
    if (blank.dataset.shown === `${title}${detail}`) return;
    blank.dataset.shown = `${title}${detail}`;
    const strong = element("strong", "");
    strong.textContent = title;
    const line = element("span", "");
    line.textContent = detail;
    blank.replaceChildren(strong, line);
  }
}
