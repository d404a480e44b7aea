/** Brings keys to what they mean: moves and selection here, everything else as intents. */
import type { Value } from "~/ipc";
import { ClipboardEvents } from "./clipboard-events";
import type { CellEditor } from "./editor";
import type { GridFocus } from "./focus";
import type { GridCore } from "./grid-core";
import type { Header } from "./header";
import { headerAction, type KeyAction, keyAction, type Step } from "./keymap";
import {
  cellCount,
  type Direction,
  dataEdge,
  extendTo,
  kept,
  moved,
  type Place,
  type Selection,
  type Size,
  selectAll,
  selectCell,
  tabbed,
  widen,
} from "./selection";
import { text as words } from "./strings";
import type { GridIntent } from "./types";

/** How far Ctrl+arrow looks for the edge of a block; beyond, it goes to the end of the sheet. */
const edgeRows = 2000;

/** Intents that make sense on a header, and in a sheet without rows. */
const withoutCells = new Set<GridIntent["kind"]>([
  "undo",
  "redo",
  "find",
  "replace",
  "find-next",
  "add-row",
  "copy",
]);

export class Keyboard {
  private readonly mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  /** After Escape, Tab leaves the grid: nobody is to be caught in it. */
  private leaves = false;
  /** A move that still looks for its edge is given up by the next key. */
  private moves = 0;
  private readonly clipboard: ClipboardEvents;

  constructor(
    private readonly core: GridCore,
    private readonly editor: CellEditor,
    private readonly focus: GridFocus,
    private readonly header: Header,
    private readonly announce: (text: string) => void,
  ) {
    this.clipboard = new ClipboardEvents(core);
    const { table, addColumn } = core.dom;
    table.addEventListener("keydown", this.key);
    addColumn.addEventListener("keydown", this.key);
  }

  destroy(): void {
    this.clipboard.destroy();
  }

  /** Moves the active cell, as after a commit. */
  go(move: Direction | "tab" | "tab-back"): void {
    const { core } = this;
    const { selection } = core;
    if (selection === null) return;
    const to =
      move === "tab" || move === "tab-back"
        ? tabbed(selection.active, move === "tab-back", core.size)
        : moved(selection.active, move, 1, core.size);
    if (to !== null) core.select(selectCell(to), to);
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    this.moves += 1;
    if (event.key !== "Tab" && event.key !== "Shift") this.leaves = false;
    if (this.focus.headerPlace !== null || this.core.selection === null) {
      if (this.headerKey(event)) {
        event.preventDefault();
        return;
      }
    }
    const action = keyAction(event, this.mac);
    if (action !== null && this.act(action)) event.preventDefault();
  };

  /** Returns whether the browser must not act on the key as well. */
  private act(action: KeyAction): boolean {
    const { core } = this;
    const { selection } = core;
    const isOnCells = this.focus.headerPlace === null && selection !== null;
    if (action.do === "paste") {
      this.clipboard.catchPaste();
      return false;
    }
    if (action.do === "intent") {
      if (!isOnCells && !withoutCells.has(action.intent.kind)) return false;
      core.emit(action.intent);
      return true;
    }
    return isOnCells && this.actOnCells(action, selection);
  }

  private actOnCells(
    action: Exclude<KeyAction, { do: "intent" } | { do: "paste" }>,
    selection: Selection,
  ): boolean {
    const { core } = this;
    const { size } = core;
    switch (action.do) {
      case "move":
        this.move(action.step, action.extend);
        return true;
      case "tab": {
        const to = this.leaves ? null : tabbed(selection.active, action.back, size);
        if (to === null) return false;
        core.select(selectCell(to), to);
        return true;
      }
      case "select":
        if (action.what === "all") core.select(selectAll(selection, size), null);
        else core.select(widen(selection, action.what === "row" ? "rows" : "columns", size), null);
        this.saySelected();
        return true;
      case "edit":
        if (this.editor.open(action.text)) return !action.compose;
        this.announce(words.cannotEdit);
        return true;
      case "menu":
        this.openMenu();
        return true;
      case "leave":
        this.leaves = true;
        return true;
    }
  }

  private move(step: Step, extend: boolean): void {
    const { core } = this;
    const { selection, size } = core;
    if (selection === null) return;
    const from = extend ? selection.head : selection.active;
    if (step.by === "edge") {
      void this.moveToEdge(from, step.direction, extend);
    } else if (step.by === "cell" && step.direction === "up" && !extend && from.row === 0) {
      this.focus.toHeader(selection.active.column);
    } else this.land(this.target(from, step, size), extend);
  }

  private target(from: Place, step: Exclude<Step, { by: "edge" }>, size: Size): Place {
    switch (step.by) {
      case "cell":
        return moved(from, step.direction, 1, size);
      case "page":
        return moved(from, step.direction, this.page(step.direction), size);
      case "row-start":
        return { row: from.row, column: 0 };
      case "row-end":
        return { row: from.row, column: size.columns - 1 };
      case "sheet-start":
        return { row: 0, column: 0 };
      case "sheet-end":
        return { row: size.rows - 1, column: size.columns - 1 };
    }
  }

  private land(place: Place, extend: boolean): void {
    const { core } = this;
    const { selection, size } = core;
    if (selection === null) return;
    if (!extend) {
      core.select(selectCell(place), place);
      return;
    }
    core.select(extendTo(selection, place, size), place);
    this.saySelected();
  }

  private page(direction: Direction): number {
    const { scroller, model, shown } = this.core;
    if (direction === "left" || direction === "right") {
      return Math.max(1, shown.columns.end - shown.columns.first - 1);
    }
    return Math.max(1, Math.floor(scroller.bodyPx / model.rowHeightPx) - 1);
  }

  private async moveToEdge(from: Place, direction: Direction, extend: boolean): Promise<void> {
    const { core, moves } = this;
    const { size } = core;
    const most = Math.max(size.rows, size.columns);
    const end = moved(from, direction, most, size);
    try {
      const empty = await this.emptyCells(from, direction);
      if (moves !== this.moves) return;
      const by = dataEdge(empty);
      this.land(by === null ? end : moved(from, direction, by, size), extend);
    } catch {
      // Without the cells, the end of the sheet is still right.
      if (moves === this.moves) this.land(end, extend);
    }
  }

  /** Whether the cells are empty from a place on, in a direction, itself included. */
  private async emptyCells(from: Place, direction: Direction): Promise<boolean[]> {
    const { core } = this;
    const { source } = core.options;
    if (direction === "left" || direction === "right") {
      const columns = core.layout.columns.map((column) => column.id);
      const ids =
        direction === "left"
          ? columns.slice(0, from.column + 1).reverse()
          : columns.slice(from.column);
      const answer = await source.window(ids, from.row, 1);
      const cells = answer.rows[0]?.cells ?? [];
      return cells.map((cell) => isEmpty(cell.value));
    }
    const column = core.columnAt(from.column);
    if (column === undefined) return [];
    const start = direction === "down" ? from.row : Math.max(0, from.row - edgeRows);
    const end = direction === "down" ? Math.min(core.size.rows, from.row + edgeRows) : from.row + 1;
    const answer = await source.window([column.id], start, end - start);
    const empty = answer.rows.map((row) => isEmpty(row.cells[0]?.value ?? null));
    return direction === "down" ? empty : empty.reverse();
  }

  private openMenu(): void {
    const { core } = this;
    const { selection } = core;
    if (selection === null) return;
    core.reveal(selection.active);
    const box = core.boxOf(selection.active);
    const body = core.dom.body.getBoundingClientRect();
    const column = core.columnAt(selection.active.column)?.id ?? null;
    const target =
      selection.span === "rows" ? "row" : selection.span === "columns" ? "column" : "cell";
    core.emit({
      kind: "menu",
      target,
      column: target === "row" ? null : column,
      x: body.left + box.x + 16,
      y: body.top + Math.max(0, box.y) + core.model.rowHeightPx,
    });
  }

  private saySelected(): void {
    const { selection } = this.core;
    if (selection !== null) this.announce(words.selected(cellCount(selection)));
  }

  private headerKey(event: KeyboardEvent): boolean {
    const { core, focus, header } = this;
    const action = headerAction(event);
    if (action === null) return false;
    const place = focus.headerPlace ?? 0;
    const column = core.columnAt(place);
    switch (action.do) {
      case "go": {
        const { direction } = action;
        if (direction === "left" || direction === "right") {
          focus.toHeader(place + (direction === "left" ? -1 : 1));
        } else if (direction === "down" && core.selection !== null) {
          const row = core.selection.active.row;
          const to = kept({ row, column: place }, core.size);
          focus.toCells();
          core.select(selectCell(to), to);
        }
        return true;
      }
      case "end":
        focus.toHeader(action.last ? focus.lastHeader() : 0);
        return true;
      case "open":
        if (column === undefined) header.addColumn();
        else if (column.ai) core.emit({ kind: "open-column", column: column.id });
        else header.openMenu(column.id);
        return true;
    }
    if (column === undefined) return action.do !== "menu";
    if (action.do === "menu") header.openMenu(column.id);
    else if (action.do === "select") {
      focus.toCells();
      header.selectColumn(column.id, event);
    } else if (action.do === "sort")
      core.emit({ kind: "sort", column: column.id, add: action.add });
    else if (action.do === "shift") header.shift(column.id, action.by);
    else header.resize(column.id, column.widthPx + action.byPx);
    return true;
  }
}

function isEmpty(value: Value): boolean {
  return value === null || value === "";
}
