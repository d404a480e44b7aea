/**
 * The buttons in an AI cell: one set for the cell under the pointer and one for the active cell,
 * moved from cell to cell. Keys reach the same things: Ctrl+Enter and Ctrl+Shift+U.
 */
import type { GridCore, GridPart } from "./grid-core";
import { element, icon, quietButton } from "./grid-dom";
import type { Place } from "./selection";
import { isSelected, selectCell } from "./selection";
import { text as words } from "./strings";

interface ActionSet {
  element: HTMLDivElement;
  generate: HTMLButtonElement;
  validate: HTMLButtonElement;
}

export class CellActions implements GridPart {
  private readonly hover = actionSet();
  private readonly active = actionSet();
  private hovered: Place | null = null;
  private hoveredTop = 0;

  constructor(private readonly core: GridCore) {
    const { rows } = core.dom;
    rows.addEventListener("pointerover", (event) => this.over(event.target));
    rows.addEventListener("pointerleave", () => this.over(null));
    rows.addEventListener("click", (event) => this.click(event));
  }

  draw(): void {
    const { core } = this;
    // After a scroll another cell is under the pointer; the next move tells which.
    if (this.hoveredTop !== core.scroller.contentTop) this.hovered = null;
    const active = core.isOnHeader ? null : (core.selection?.active ?? null);
    const isSame =
      active !== null && this.hovered?.row === active.row && this.hovered.column === active.column;
    this.put(this.active, active);
    this.put(this.hover, isSame ? null : this.hovered);
  }

  private over(target: EventTarget | null): void {
    const cell = target instanceof Element ? this.core.pool.placeOf(target) : null;
    this.hovered = cell === null ? null : { row: cell.position, column: cell.column };
    this.hoveredTop = this.core.scroller.contentTop;
    this.core.requestFrame();
  }

  private put(set: ActionSet, place: Place | null): void {
    const { core } = this;
    const column = place === null ? undefined : core.columnAt(place.column);
    const view = place === null ? undefined : core.viewAt(place);
    const slot = place === null ? null : core.pool.cellAt(place.row, place.column);
    const isBusy =
      view?.state === "running" || view?.state === "queued" || view?.state === "failed";
    if (!column?.ai || view === undefined || slot === null || isBusy || core.model.readOnly) {
      set.element.remove();
      return;
    }
    const isEmpty = view.value === null;
    const isWaiting = isEmpty && core.painter.queued.has(column.id);
    set.generate.hidden = isWaiting || (!isEmpty && view.state !== "stale");
    set.validate.hidden = isEmpty || view.state === "validated";
    const label = isEmpty ? words.generate : words.generateAgain;
    if (set.generate.title !== label) {
      set.generate.title = label;
      set.generate.setAttribute("aria-label", label);
    }
    if (set.generate.hidden && set.validate.hidden) set.element.remove();
    else if (set.element.parentElement !== slot.element) slot.element.append(set.element);
  }

  private click(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    const act = event.target.closest<HTMLElement>("[data-act]")?.dataset.act;
    const cell = this.core.pool.placeOf(event.target);
    if (act === undefined || cell === null) return;
    const { core } = this;
    const place = { row: cell.position, column: cell.column };
    const { selection } = core;
    if (selection === null || !isSelected(selection, place.row, place.column)) {
      core.select(selectCell(place), null);
    }
    if (act === "generate" || act === "validate" || act === "retry") core.emit({ kind: act });
    core.takeFocus();
  }
}

function actionSet(): ActionSet {
  const set = element("div", "grid-actions");
  const generate = quietButton("grid-cell-button", words.generate);
  generate.dataset.act = "generate";
  generate.append(icon("sparkle"));
  const validate = quietButton("grid-cell-button", words.validate);
  validate.dataset.act = "validate";
  validate.append(icon("thumbs-up"));
  set.append(generate, validate);
  return { element: set, generate, validate };
}
