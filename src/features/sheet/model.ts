import type { GridModel } from "~/features/grid";
import type { Column } from "~/ipc";
import { labelColours, labelsOfColumn } from "~/lib/label-colours";
import type { SheetState } from "~/state/sheet";
import { displayedColumns, widthOf } from "./column-order";
import { columnsRead } from "./conditions";
import { sortMark } from "./sorting";
import type { SheetUi } from "./tools";

function coloursOf(column: Column): GridModel["columns"][number]["labels"] {
  const labels = labelsOfColumn(column);
  return labels === null ? null : labelColours(labels);
}

/** What the grid shows of a sheet, without its cells. */
export function gridModel(
  sheet: Pick<SheetState, "columns" | "sort" | "filter" | "rowCount" | "readOnly">,
  ui: Pick<SheetUi, "frozen" | "widthsPx" | "fittingPx" | "chips" | "rowHeightPx">,
): GridModel {
  const filtered = new Set(columnsRead(sheet.filter));
  return {
    columns: displayedColumns(sheet.columns, ui.frozen).map((column) => ({
      labels: coloursOf(column),
      id: column.id,
      name: column.name,
      valueType: column.value_type,
      ai: column.kind.kind === "ai",
      widthPx: widthOf(column, ui.widthsPx, ui.fittingPx),
      frozen: ui.frozen.includes(column.id),
      sort: sortMark(sheet.sort, column.id),
      filtered: filtered.has(column.id),
      chip: ui.chips[column.id] ?? null,
    })),
    rowCount: sheet.rowCount,
    readOnly: sheet.readOnly !== null,
    rowHeightPx: ui.rowHeightPx,
  };
}
