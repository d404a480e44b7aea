/** Brings the look of a cell into its elements, writing only what differs. */
import { type CellLook, type Chip, doubtfulConfidence } from "./cell-render";
import { type CellSlot, type ChipSlot, element, icon, quietButton, setIcon } from "./grid-dom";
import { text as words } from "./strings";

/** What selection and dragging add to the look of a cell. */
export interface CellMarks {
  selected: boolean;
  active: boolean;
  filling: boolean;
}

/** Paints a cell. */
export function paintCell(slot: CellSlot, look: CellLook, marks: CellMarks): void {
  const { element: cell } = slot;
  if (slot.content.data !== look.text) slot.content.data = look.text;

  let className = `grid-cell${look.classes}`;
  if (marks.selected) className += " is-selected";
  if (marks.active) className += " is-active";
  if (marks.filling) className += " is-filling";
  if (slot.className !== className) {
    slot.className = className;
    cell.className = className;
  }
  if (slot.label !== look.label) {
    slot.label = look.label;
    setOrRemove(cell, "aria-label", look.label);
  }
  if (slot.title !== look.title) {
    slot.title = look.title;
    setOrRemove(cell, "title", look.title);
  }
  if (slot.selected !== marks.selected) {
    slot.selected = marks.selected;
    cell.setAttribute("aria-selected", marks.selected ? "true" : "false");
  }
  if (slot.busy !== look.busy) {
    slot.busy = look.busy;
    setOrRemove(cell, "aria-busy", look.busy ? "true" : null);
  }
  if (slot.invalid !== look.invalid) {
    slot.invalid = look.invalid;
    setOrRemove(cell, "aria-invalid", look.invalid ? "true" : null);
  }
  paintChips(slot, look.chips);
  paintMark(slot, look);
  paintConfidence(slot, look);
  paintRetry(slot, look);
}

function paintChips(slot: CellSlot, chips: readonly Chip[]): void {
  if (slot.chips === null) {
    if (chips.length === 0) return;
    slot.chips = { element: element("div", "grid-labels"), slots: [], shown: 0 };
    slot.element.append(slot.chips.element);
  }
  const { element: box, slots, shown } = slot.chips;
  for (const [at, chip] of chips.entries()) {
    const made = slots[at] ?? addChip(box, slots);
    if (made.content.data !== chip.text) made.content.data = chip.text;
    const className = chip.colour === null ? "grid-label" : `grid-label label-${chip.colour}`;
    if (made.className !== className) {
      made.className = className;
      made.element.className = className;
    }
    if (at >= shown) made.element.hidden = false;
  }
  for (const gone of slots.slice(chips.length, shown)) gone.element.hidden = true;
  if (box.hidden !== (chips.length === 0)) box.hidden = chips.length === 0;
  slot.chips.shown = chips.length;
}

function addChip(box: HTMLElement, slots: ChipSlot[]): ChipSlot {
  const chip = element("span", "grid-label");
  const content = document.createTextNode("");
  chip.append(content);
  // The space keeps the words apart for who copies or reads the page.
  box.append(chip, " ");
  const made = { element: chip, content, className: "grid-label" };
  slots.push(made);
  return made;
}

function setOrRemove(cell: HTMLElement, name: string, value: string | null): void {
  if (value === null) cell.removeAttribute(name);
  else cell.setAttribute(name, value);
}

function paintMark(slot: CellSlot, look: CellLook): void {
  const name = look.mark === "edited" ? "pencil" : look.mark === "validated" ? "thumbs-up" : null;
  if ((slot.mark?.name ?? null) === name) return;
  if (slot.mark === null) {
    const svg = icon("pencil");
    svg.classList.add("grid-mark");
    slot.mark = { svg, name: null };
    slot.element.append(svg);
  }
  slot.mark.name = name;
  slot.mark.svg.style.display = name === null ? "none" : "";
  if (name !== null) setIcon(slot.mark.svg, name);
}

function paintConfidence(slot: CellSlot, look: CellLook): void {
  if ((slot.bar?.confidence ?? -1) === look.confidence) return;
  if (slot.bar === null) {
    slot.bar = { element: element("div", "grid-confidence"), confidence: -1 };
    slot.element.append(slot.bar.element);
  }
  slot.bar.confidence = look.confidence;
  slot.bar.element.hidden = look.confidence < 0;
  if (look.confidence < 0) return;
  slot.bar.element.style.setProperty("--share", `${Math.round(look.confidence * 100)}%`);
  slot.bar.element.classList.toggle("is-low", look.confidence < doubtfulConfidence);
}

function paintRetry(slot: CellSlot, look: CellLook): void {
  if (slot.retry === null) {
    if (!look.retry) return;
    slot.retry = quietButton("grid-cell-button grid-retry", words.retry);
    slot.retry.dataset.act = "retry";
    slot.retry.append(icon("retry"));
    slot.element.append(slot.retry);
  } else if (slot.retry.hidden === look.retry) slot.retry.hidden = !look.retry;
}
