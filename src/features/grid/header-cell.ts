/** The elements of one column's header. */
import { harmless } from "~/lib/harmless";
import { element, headerPx, type IconName, icon, quietButton, setIcon } from "./grid-dom";
import { text as words } from "./strings";
import type { ColumnId, GridColumn } from "./types";

export interface HeaderCell {
  element: HTMLDivElement;
  sparkle: HTMLButtonElement;
  name: HTMLSpanElement;
  chip: HTMLSpanElement;
  filter: SVGSVGElement;
  sort: HTMLButtonElement;
  sortIcon: SVGSVGElement;
  sortPlace: HTMLSpanElement;
  menu: HTMLButtonElement;
  column: GridColumn | null;
  leftPx: number;
}

/** Makes an empty header. */
export function headerCell(id: ColumnId): HeaderCell {
  const cell = element("div", "grid-header-cell", "columnheader");
  cell.tabIndex = -1;
  cell.dataset.column = String(id);
  cell.dataset.testid = `grid-header-${id}`;
  cell.style.height = `${headerPx}px`;
  const sparkle = quietButton("grid-header-button grid-sparkle", "");
  sparkle.dataset.act = "open";
  sparkle.append(icon("sparkle"));
  const name = element("span", "grid-header-name");
  const chip = element("span", "grid-chip");
  const filter = icon("filter");
  filter.classList.add("grid-filtered");
  const sort = quietButton("grid-header-button grid-sort", "");
  sort.dataset.act = "sort";
  const sortIcon = icon("sort");
  const sortPlace = element("span", "grid-sort-place");
  sort.append(sortIcon, sortPlace);
  const menu = quietButton("grid-header-button grid-menu", "");
  menu.dataset.act = "menu";
  menu.append(icon("chevron-down"));
  const resize = element("div", "grid-resize", "presentation");
  cell.append(sparkle, name, chip, filter, sort, menu, resize);
  return {
    element: cell,
    sparkle,
    name,
    chip,
    filter,
    sort,
    sortIcon,
    sortPlace,
    menu,
    column: null,
    leftPx: -1,
  };
}

/** Shows a column in a header. */
export function fillHeader(cell: HeaderCell, column: GridColumn, place: number): void {
  cell.column = column;
  // Names come from files too.
  const shown = harmless(column.name);
  cell.element.style.width = `${column.widthPx}px`;
  cell.name.textContent = shown;
  cell.element.title = shown;
  const { chip } = column;
  const label = words.columnLabel(shown, column.ai, column.filtered, chip?.text ?? null);
  cell.element.setAttribute("aria-label", label);
  const order = column.sort === null ? "none" : column.sort.descending ? "descending" : "ascending";
  cell.element.setAttribute("aria-sort", order);
  cell.element.dataset.place = String(place);
  cell.element.classList.toggle("is-ai", column.ai);
  name(cell.sparkle, words.columnRecipe(shown));
  name(cell.sort, words.sortBy(shown));
  name(cell.menu, words.columnMenu(shown));
  cell.sparkle.hidden = !column.ai;
  cell.chip.hidden = chip === null;
  cell.chip.textContent = chip?.text ?? "";
  cell.chip.dataset.kind = chip?.kind ?? "info";
  cell.filter.style.display = column.filtered ? "" : "none";
  const sortName: IconName =
    column.sort === null ? "sort" : column.sort.descending ? "sort-desc" : "sort-asc";
  setIcon(cell.sortIcon, sortName);
  cell.sort.classList.toggle("is-on", column.sort !== null);
  cell.sortPlace.textContent =
    column.sort !== null && column.sort.place > 1 ? String(column.sort.place) : "";
}

function name(button: HTMLButtonElement, label: string): void {
  button.title = label;
  button.setAttribute("aria-label", label);
}
