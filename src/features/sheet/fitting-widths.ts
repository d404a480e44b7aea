import { type Column, type ColumnId, ipc, type OpenedSheet, type Value } from "~/ipc";
import { valueText } from "~/lib/format";

/** Rows whose cells the first widths are measured by. */
const rowsMeasured = 24;
const columnsMeasured = 60;
const charactersMeasured = 120;
const bounds = { least: 72, greatest: 320, leastAi: 200 };
const cellRoomPx = 22;
/** The menu button and the sort mark beside a name. */
const headerRoomPx = 56;

/** How wide a text is drawn, in CSS pixels. */
export type Measure = (text: string, bold: boolean) => number;

/**
 * Widths for the columns that nobody gave one, by their names and first rows, so that an id does
 * not get the room of a letter. Nothing where the rows cannot be read: the grid will say why.
 */
export async function fittingWidths(opened: OpenedSheet): Promise<Record<ColumnId, number>> {
  const columns = opened.columns
    .filter((column) => !column.hidden && !column.width_px)
    .slice(0, columnsMeasured);
  if (columns.length === 0) return {};
  try {
    const ids = columns.map((column) => column.id);
    const page = await ipc.window(opened.info.id, null, ids, 0, rowsMeasured);
    const rows = page.rows.map((row) => row.cells.map((cell) => cell.value));
    return widthsFor(columns, rows, measureHere());
  } catch {
    return {};
  }
}

/** The widths that names and cells need, within bounds. */
export function widthsFor(
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  measure: Measure,
): Record<ColumnId, number> {
  const widths: Record<ColumnId, number> = {};
  for (const [index, column] of columns.entries()) {
    const isAi = column.kind.kind === "ai";
    let widest = measure(column.name, true) + headerRoomPx + (isAi ? 22 : 0);
    for (const row of rows) {
      const cell = valueText(row[index] ?? null).slice(0, charactersMeasured);
      for (const line of cell.split("\n")) {
        widest = Math.max(widest, measure(line, false) + cellRoomPx);
      }
    }
    // An AI column is empty at first, and what comes into it is longer than its name.
    const least = isAi ? bounds.leastAi : bounds.least;
    widths[column.id] = Math.ceil(Math.max(least, Math.min(bounds.greatest, widest)));
  }
  return widths;
}

function measureHere(): Measure {
  const context = document.createElement("canvas").getContext("2d");
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  return (text, bold) => {
    if (context === null) return text.length * 7;
    context.font = `${bold ? "600 " : ""}${fontSize} ${fontFamily}`;
    return context.measureText(text).width;
  };
}
