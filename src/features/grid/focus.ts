/**
 * The one tab stop of the grid. It is the active cell, a header while keys act there, or a stand-in
 * while the active cell is scrolled away: rows are recycled, and focus must not go with them.
 */
import { lookOf, newLook, paintLimit } from "./cell-render";
import type { GridCore, GridPart } from "./grid-core";
import type { Header } from "./header";

export class GridFocus implements GridPart {
  /** The header that keys act on: a column's place, or one more for "add column"; null on cells. */
  headerPlace: number | null = null;
  private target: HTMLElement | null = null;
  private held = false;
  private readonly look = newLook();

  constructor(
    private readonly core: GridCore,
    private readonly header: Header,
  ) {
    const { table, addColumn } = core.dom;
    // Rows that leave the screen are hidden before `draw`, and a hidden element has no focus.
    for (const area of [table, addColumn] as HTMLElement[]) {
      area.addEventListener("focusin", () => {
        this.held = true;
      });
      area.addEventListener("focusout", (event) => {
        const { relatedTarget: next } = event;
        if (next instanceof Node && this.owns(next)) return;
        // Nothing took the focus: either the element vanished, or another window came in front.
        const isShown = event.target instanceof HTMLElement && event.target.offsetParent !== null;
        if (next === null && !isShown) return;
        this.held = false;
      });
    }
    core.takeFocus = () => this.take();
  }

  /** Moves the focus into the grid. */
  take(): void {
    this.held = true;
    this.point();
    this.target?.focus({ preventScroll: true });
    this.core.requestFrame();
  }

  /** Keys act on a header from now on. */
  toHeader(place: number): void {
    const { core } = this;
    this.headerPlace = Math.max(0, Math.min(this.lastHeader(), place));
    core.isOnHeader = true;
    const row = Math.floor(core.scroller.contentTop / core.model.rowHeightPx);
    if (core.columnAt(this.headerPlace) !== undefined) {
      const top = core.scroller.contentTop;
      core.reveal({ row, column: this.headerPlace });
      core.scroller.scrollTo(top, core.scroller.left);
    } else core.scroller.scrollTo(core.scroller.contentTop, core.layout.trackPx);
    this.held = true;
    core.requestFrame(true);
  }

  /** Keys act on cells again. */
  toCells(): void {
    this.headerPlace = null;
    this.core.isOnHeader = false;
    this.core.requestFrame(true);
  }

  /** The last place that `toHeader` takes. */
  lastHeader(): number {
    return this.core.layout.columns.length - (this.core.model.readOnly ? 1 : 0);
  }

  draw(): void {
    if (!this.core.isOnHeader) this.headerPlace = null;
    const before = this.target;
    this.point();
    const { activeElement } = document;
    const isLost = activeElement === null || activeElement === document.body;
    if (!this.held || activeElement === this.target) return;
    if (isLost || activeElement === before || this.core.dom.table.contains(activeElement)) {
      this.target?.focus({ preventScroll: true });
    }
  }

  private owns(node: Node): boolean {
    return this.core.dom.table.contains(node) || this.core.dom.addColumn === node;
  }

  private point(): void {
    const next = this.find();
    const { proxy, proxyRow } = this.core.dom;
    proxyRow.hidden = next !== proxy;
    if (next === this.target) return;
    if (this.target !== null) this.target.tabIndex = -1;
    if (next !== null) next.tabIndex = 0;
    this.target = next;
  }

  private find(): HTMLElement | null {
    const { core, header } = this;
    const { selection, dom } = core;
    if (this.headerPlace !== null) {
      if (this.headerPlace >= core.layout.columns.length) return dom.addColumn;
      const cell = header.elementOf(this.headerPlace);
      if (cell !== null) return cell;
    }
    if (selection === null) {
      const first = header.elementOf(0);
      return first ?? (core.model.readOnly ? null : dom.addColumn);
    }
    const { row, column } = selection.active;
    const slot = core.pool.cellAt(row, column);
    if (slot !== null) return slot.element;
    this.fillProxy(row, column);
    return dom.proxy;
  }

  private fillProxy(row: number, place: number): void {
    const { core, look } = this;
    const { proxy, proxyRow } = core.dom;
    const column = core.columnAt(place);
    if (column === undefined) return;
    lookOf(look, core.cache.cell(row, column.id), {
      column,
      queued: core.painter.queued.has(column.id),
      stream: undefined,
      pending: undefined,
      readOnly: core.model.readOnly,
      limit: paintLimit,
    });
    proxyRow.setAttribute("aria-rowindex", String(row + 2));
    proxy.setAttribute("aria-colindex", String(place + 2));
    proxy.setAttribute("aria-selected", "true");
    const said = look.label ?? look.text;
    if (proxy.textContent !== said) proxy.textContent = said;
  }
}
