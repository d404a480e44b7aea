import { harmless } from "~/lib/harmless";
import { fullText } from "./cell-render";
import type { GridCore } from "./grid-core";
import type { ColumnId } from "./types";

const bounds = { least: 56, greatest: 480 };
const cellPaddingPx = 18;
/** A label's own padding and the gap behind it. */
const chipRoomPx = 16;
/** Icons and buttons beside a column's name. */
const headerRoomPx = 64;
/** Rows on each side of the screen that are measured too, as far as they are loaded. */
const rowsAround = 100;
const charactersMeasured = 200;

/** The width at which the loaded rows near the screen and the header fit, within bounds. */
export function autofitWidth(core: GridCore, id: ColumnId): number {
  const column = core.model.columns.find((candidate) => candidate.id === id);
  const context = document.createElement("canvas").getContext("2d");
  if (column === undefined || context === null) return bounds.least;
  const font = getComputedStyle(core.dom.root);
  context.font = `600 ${font.fontSize} ${font.fontFamily}`;
  const roomPx = headerRoomPx + (column.ai ? 22 : 0) + (column.filtered ? 18 : 0);
  let widest = context.measureText(column.name).width + roomPx;
  context.font = `${font.fontSize} ${font.fontFamily}`;
  const { first, end } = core.shown.rows;
  for (let at = Math.max(0, first - rowsAround); at < end + rowsAround; at += 1) {
    const view = core.cache.cell(at, id);
    const shown = view?.state === "failed" ? view.error : (view?.value ?? null);
    if (shown === null) continue;
    if (column.labels !== null && typeof shown === "object") {
      const chips = Array.isArray(shown) ? shown : [];
      const widths = chips.map((chip) => context.measureText(fullText(chip)).width + chipRoomPx);
      widest = Math.max(
        widest,
        widths.reduce((sum, width) => sum + width, cellPaddingPx),
      );
      continue;
    }
    for (const line of fullText(shown).slice(0, charactersMeasured).split("\n")) {
      const roomPx = cellPaddingPx + (column.labels === null ? 0 : chipRoomPx);
      widest = Math.max(widest, context.measureText(harmless(line)).width + roomPx);
    }
  }
  return Math.ceil(Math.max(bounds.least, Math.min(bounds.greatest, widest)));
}
