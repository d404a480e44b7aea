import type { Column, ColumnId, DataType } from "~/ipc";
import { placeByOne } from "./column-order";
import {
  type ColumnScene,
  cellMenu,
  columnMenu,
  type MenuEntry,
  type MenuScene,
  rowMenu,
} from "./menus";
import { aiColumnsAmong, cellsIn, columnsOf, rowsIn, spansOf } from "./selection";
import { text } from "./strings";
import { columnOf, type SheetTools, selectionOf, shownIds } from "./tools";

/** Opens the context menu of a cell, a row or a column. */
export function openMenu(
  tools: SheetTools,
  at: { target: "cell" | "row" | "column"; column: ColumnId | null; x: number; y: number },
): void {
  const column = at.column === null ? null : columnOf(tools, at.column);
  const scene = sceneOf(tools);
  const { x, y } = at;
  if (at.target === "column") {
    if (!column) return;
    const entries = columnMenu(scene, columnScene(tools, column, scene.columns));
    tools.ui.menu = { x, y, label: column.name, entries };
    return;
  }
  const entries = at.target === "row" ? rowMenu(scene) : cellMenu(scene);
  tools.ui.menu = { x, y, label: text.menu.cell, entries };
}

/** The data types that a new column may have, in the order of the menu. */
const dataTypes: DataType[] = ["text", "number", "integer", "boolean", "date", "timestamp", "json"];

/** The kinds of columns that can be added. */
export function addColumnEntries(): MenuEntry[] {
  return [
    { label: text.tools.aiColumn, icon: "sparkle", action: { do: "add-ai-column" } },
    ...dataTypes.map((dataType, index) => ({
      label: text.types[dataType],
      action: { do: "add-data-column", dataType } as const,
      separatorBefore: index === 0,
    })),
  ];
}

/** Opens the menu for adding a column at a point of the window. */
export function openAddColumnMenu(tools: SheetTools, x: number, y: number): void {
  tools.ui.menu = { x, y, label: text.tools.addColumnLabel, entries: addColumnEntries() };
}

function sceneOf(tools: SheetTools): MenuScene {
  const { sheet, ui } = tools;
  const { active, ranges } = selectionOf(tools);
  const displayed = shownIds(tools);
  const columns = columnsOf(ranges, displayed);
  const cell = active && ui.view?.cellAt(active.position, active.column);
  return {
    readOnly: sheet.readOnly !== null,
    rows: rowsIn(spansOf(ranges)),
    cells: cellsIn(ranges, displayed),
    columns,
    hasAi: aiColumnsAmong(sheet.columns, columns).length > 0,
    state: cell?.state ?? null,
  };
}

function columnScene(tools: SheetTools, column: Column, selected: ColumnId[]): ColumnScene {
  const { sheet, ui, runs } = tools;
  const { id } = column;
  return {
    column,
    isFrozen: ui.frozen.includes(id),
    othersSorted: sheet.sort.some((key) => key.column !== id),
    canMoveLeft: placeByOne(sheet.columns, ui.frozen, id, -1) !== null,
    canMoveRight: placeByOne(sheet.columns, ui.frozen, id, 1) !== null,
    isLive: runs.live.some(
      ({ progress }) => progress.sheet === sheet.info.id && progress.column === id,
    ),
    deletes: isWholeColumns(tools) && selected.includes(id) ? selected : [id],
  };
}

/** Whether whole columns are selected; a header's menu is about all of them then. */
function isWholeColumns(tools: SheetTools): boolean {
  const { ranges } = selectionOf(tools);
  const last = tools.sheet.rowCount - 1;
  return ranges.length > 0 && ranges.every((range) => range.top === 0 && range.bottom >= last);
}
