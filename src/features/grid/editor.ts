/** Editing a cell in its place. */
import { fullText } from "./cell-render";
import type { GridCore, GridPart } from "./grid-core";
import { element } from "./grid-dom";
import { editorAction } from "./keymap";
import type { Direction, Place } from "./selection";
import { text as words } from "./strings";
import type { ColumnId, RowId } from "./types";

/** Longer texts are edited in the cell panel: a text field in a cell would be of no use for them. */
const longestInPlace = 20_000;
const greatestPx = { width: 480, height: 260 };

interface Editing {
  place: Place;
  row: RowId;
  column: ColumnId;
  before: string;
  /** Began by typing: arrows then end it, as in every spreadsheet. */
  quick: boolean;
}

export class CellEditor implements GridPart {
  private readonly field: HTMLTextAreaElement;
  private editing: Editing | null = null;

  /** `onMove` is told where to go after a commit. */
  constructor(
    private readonly core: GridCore,
    private readonly onMove: (move: Direction | "tab" | "tab-back") => void,
  ) {
    this.field = element("textarea", "grid-editor");
    this.field.dataset.testid = "grid-editor";
    this.field.spellcheck = false;
    this.field.hidden = true;
    this.field.addEventListener("keydown", this.key);
    this.field.addEventListener("input", this.grow);
    this.field.addEventListener("blur", this.blur);
    core.dom.overlay.append(this.field);
  }

  get isOpen(): boolean {
    return this.editing !== null;
  }

  /**
   * Opens the editor on the active cell. `typed` replaces the content; null keeps it. Returns
   * whether it did: unread, binary, running and very long cells cannot be edited in place.
   */
  open(typed: string | null): boolean {
    const { core } = this;
    if (core.model.readOnly || core.selection === null) return false;
    const place = core.selection.active;
    const column = core.columnAt(place.column);
    const view = core.viewAt(place);
    const row = core.cache.row(place.row);
    if (column === undefined || view === undefined || row === null) return false;
    if (column.valueType === "binary" || view.state === "running") return false;
    const before = fullText(view.value);
    if (before.length > longestInPlace && typed === null) {
      core.emit({ kind: "open-cell" });
      return true;
    }
    core.reveal(place);
    this.editing = { place, row, column: column.id, before, quick: typed !== null };
    this.field.value = typed ?? before;
    this.field.setAttribute("aria-label", words.editCell(column.name, place.row + 1));
    this.field.hidden = false;
    this.field.classList.toggle("is-number", column.valueType === "number");
    this.draw();
    this.grow();
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    return true;
  }

  /** Stores what was typed, if it differs. */
  commit(): void {
    const { editing, core } = this;
    if (editing === null) return;
    const typed = this.field.value;
    this.close();
    if (typed === editing.before) return;
    core.painter.setPending(editing.row, editing.column, typed);
    core.emit({
      kind: "edit",
      position: editing.place.row,
      row: editing.row,
      column: editing.column,
      text: typed,
    });
  }

  /** Closes without storing. */
  close(): void {
    this.editing = null;
    this.field.hidden = true;
    this.core.requestFrame();
  }

  draw(): void {
    const { editing, core } = this;
    if (editing === null) return;
    if (core.model.readOnly || core.columnAt(editing.place.column)?.id !== editing.column) {
      const place = core.placeOf(editing.column);
      if (core.model.readOnly || place < 0) {
        this.close();
        return;
      }
      editing.place = { row: editing.place.row, column: place };
    }
    const box = core.boxOf(editing.place);
    this.field.style.transform = `translate(${box.x}px,${box.y}px)`;
    this.field.style.minWidth = `${box.widthPx + 1}px`;
    this.field.style.minHeight = `${core.model.rowHeightPx + 1}px`;
  }

  private readonly grow = (): void => {
    const { editing, core, field } = this;
    if (editing === null) return;
    const box = core.boxOf(editing.place);
    const isOut = box.y < 0 || box.y + core.model.rowHeightPx > core.scroller.bodyPx;
    if (isOut) {
      core.reveal(editing.place);
      this.draw();
    }
    // Grown in width first, then in height; never beyond the right and lower edges.
    const roomPx = core.scroller.widthPx - Math.max(0, box.x) - 4;
    const limit = Math.min(greatestPx.width, Math.max(box.widthPx, roomPx));
    field.style.height = "0";
    field.style.width = `${box.widthPx + 1}px`;
    field.style.whiteSpace = "pre";
    const isWide = field.scrollWidth > field.clientWidth;
    const wanted = isWide ? field.scrollWidth + 20 : box.widthPx + 1;
    field.style.width = `${Math.max(box.widthPx + 1, Math.min(limit, wanted))}px`;
    field.style.whiteSpace = "pre-wrap";
    field.style.height = `${Math.min(greatestPx.height, field.scrollHeight + 2)}px`;
  };

  private readonly key = (event: KeyboardEvent): void => {
    const { editing } = this;
    event.stopPropagation();
    if (editing === null) return;
    // Older engines tell of a composing input method only by this code.
    if (event.keyCode === 229) return;
    const action = editorAction(event, editing.quick);
    if (action === null) {
      // A click or a caret key inside the text means that it is being worked on.
      if (event.key === "F2") editing.quick = false;
      return;
    }
    event.preventDefault();
    if (action.do === "newline") {
      // `insertText` keeps the field's own undo, which setting the value would not.
      document.execCommand("insertText", false, "\n");
      return;
    }
    if (action.do === "cancel") this.close();
    else this.commit();
    this.core.takeFocus();
    if (action.do === "commit" && action.move !== null) this.onMove(action.move);
  };

  private readonly blur = (): void => {
    // Another window in front is no reason to end the edit.
    if (document.hasFocus()) this.commit();
  };
}
