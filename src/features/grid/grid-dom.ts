/** Makes the grid's elements. Nothing here decides anything. */
import { text as words } from "./strings";

/** The height of the header; the style sheet has the same number. */
export const headerPx = 32;
/** Room behind the last row: the "add row" line and some air. */
export const tailPx = 40;

/** The elements that stay for the life of a grid. */
export interface GridDom {
  root: HTMLDivElement;
  scroller: HTMLDivElement;
  size: HTMLDivElement;
  viewport: HTMLDivElement;
  /** role=grid: the header and the rows, and nothing else. */
  table: HTMLDivElement;
  header: HTMLDivElement;
  headerTrack: HTMLDivElement;
  corner: HTMLDivElement;
  body: HTMLDivElement;
  rows: HTMLDivElement;
  /** Stands for the active cell while that is scrolled away, so that focus is not lost. */
  proxyRow: HTMLDivElement;
  proxy: HTMLDivElement;
  /** Editor, buttons and lines above the cells. */
  overlay: HTMLDivElement;
  addRow: HTMLButtonElement;
  addColumn: HTMLButtonElement;
  dropLine: HTMLDivElement;
  /** The line at which frozen columns end. */
  frozenEdge: HTMLDivElement;
  blank: HTMLDivElement;
  /** Takes the focus while the browser pastes. */
  catcher: HTMLTextAreaElement;
  live: HTMLDivElement;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  role?: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  if (role !== undefined) made.setAttribute("role", role);
  return made;
}

/** A button that keys reach in other ways, so it is no tab stop. */
export function quietButton(className: string, label: string): HTMLButtonElement {
  const button = element("button", className);
  button.type = "button";
  button.tabIndex = -1;
  button.title = label;
  button.setAttribute("aria-label", label);
  return button;
}

/** Builds the skeleton inside `host`. */
export function gridDom(host: HTMLElement): GridDom {
  const root = element("div", "grid-root");
  root.dataset.testid = "grid";
  const scroller = element("div", "grid-scroller");
  const size = element("div", "grid-size");
  const viewport = element("div", "grid-viewport");
  const table = element("div", "grid-table", "grid");
  table.setAttribute("aria-label", words.grid);
  table.setAttribute("aria-description", words.gridHint);
  table.setAttribute("aria-multiselectable", "true");

  const header = element("div", "grid-header", "row");
  header.setAttribute("aria-rowindex", "1");
  const headerTrack = element("div", "grid-track", "presentation");
  const corner = element("div", "grid-corner", "columnheader");
  corner.setAttribute("aria-colindex", "1");
  const cornerName = element("span", "grid-said");
  cornerName.textContent = words.selectAll;
  corner.append(cornerName);
  corner.title = words.selectAll;
  header.append(corner, headerTrack);

  const body = element("div", "grid-body", "presentation");
  const rows = element("div", "grid-rows", "rowgroup");
  body.append(rows);

  const proxyRow = element("div", "grid-proxy", "row");
  const proxy = element("div", "", "gridcell");
  proxy.tabIndex = -1;
  proxyRow.append(proxy);
  proxyRow.hidden = true;

  table.append(header, body, proxyRow);

  const overlay = element("div", "grid-overlay");
  const addRow = quietButton("grid-add-row", words.addRow);
  addRow.dataset.testid = "grid-add-row";
  addRow.append(icon("plus"), words.addRow);
  const addColumn = quietButton("grid-add-column", words.addColumn);
  addColumn.dataset.testid = "grid-add-column";
  addColumn.append(icon("plus"));
  const dropLine = element("div", "grid-drop-line");
  dropLine.hidden = true;
  const frozenEdge = element("div", "grid-frozen-edge");
  const blank = element("div", "grid-blank");
  blank.hidden = true;
  const catcher = element("textarea", "grid-catcher");
  catcher.tabIndex = -1;
  catcher.setAttribute("aria-hidden", "true");
  overlay.append(addRow, blank, dropLine, catcher);

  const live = element("div", "grid-live", "status");
  live.setAttribute("aria-live", "polite");

  viewport.append(table, frozenEdge, overlay, addColumn);
  size.append(viewport);
  scroller.append(size);
  root.append(scroller, live);
  host.append(root);
  return {
    root,
    scroller,
    size,
    viewport,
    table,
    header,
    headerTrack,
    corner,
    body,
    rows,
    proxyRow,
    proxy,
    overlay,
    addRow,
    addColumn,
    dropLine,
    frozenEdge,
    blank,
    catcher,
    live,
  };
}

/** One cell of a pooled row. It remembers what it shows, so that only differences are written. */
export interface CellSlot {
  element: HTMLDivElement;
  content: Text;
  /** The column it stands for now, or -1. */
  column: number;
  leftPx: number;
  widthPx: number;
  className: string;
  label: string | null;
  title: string | null;
  selected: boolean;
  busy: boolean;
  invalid: boolean;
  mark: { svg: SVGSVGElement; name: IconName | null } | null;
  /** The labels of a list of them; those beyond `shown` are kept for another row. */
  chips: { element: HTMLDivElement; slots: ChipSlot[]; shown: number } | null;
  bar: { element: HTMLDivElement; confidence: number } | null;
  retry: HTMLButtonElement | null;
}

/** One label of a cell that can hold several. */
export interface ChipSlot {
  element: HTMLSpanElement;
  content: Text;
  className: string;
}

/** One pooled row. */
export interface RowSlot {
  element: HTMLDivElement;
  gutter: HTMLDivElement;
  gutterContent: Text;
  gutterSelected: boolean;
  track: HTMLDivElement;
  frozen: CellSlot[];
  moving: CellSlot[];
  /** The row it stands for now, or -1. */
  position: number;
  topPx: number;
  shiftPx: number;
}

export function cellSlot(): CellSlot {
  const cell = element("div", "grid-cell", "gridcell");
  cell.tabIndex = -1;
  cell.setAttribute("aria-selected", "false");
  const span = element("span", "grid-text");
  const content = document.createTextNode("");
  span.append(content);
  cell.append(span);
  return {
    element: cell,
    content,
    column: -1,
    leftPx: -1,
    widthPx: -1,
    className: "grid-cell",
    label: null,
    title: null,
    selected: false,
    busy: false,
    invalid: false,
    mark: null,
    chips: null,
    bar: null,
    retry: null,
  };
}

export function rowSlot(): RowSlot {
  const row = element("div", "grid-row", "row");
  const gutter = element("div", "grid-gutter", "rowheader");
  gutter.setAttribute("aria-colindex", "1");
  const gutterContent = document.createTextNode("");
  gutter.append(gutterContent);
  const track = element("div", "grid-track", "presentation");
  row.append(gutter, track);
  return {
    element: row,
    gutter,
    gutterContent,
    gutterSelected: false,
    track,
    frozen: [],
    moving: [],
    position: -1,
    topPx: -1,
    shiftPx: 0,
  };
}

const paths = {
  plus: "M8 3v10M3 8h10",
  pencil: "M3 13l.6-2.8L10.8 3a1.2 1.2 0 0 1 1.7 0l.5.5a1.2 1.2 0 0 1 0 1.7L5.8 12.400z",
  "thumbs-up":
    "M5 7.500l2.400-5c1 0 1.600.8 1.400 1.800L8.400 6.500h3.700c.8 0 1.300.7 1.100 1.500l-1 4.300c-.1.700-.7 1.200-1.400 1.200H5zM5 7.500H2.800v6H5",
  sparkle: "M8 2l1.400 4.600L14 8l-4.600 1.400L8 14l-1.400-4.600L2 8l4.600-1.400z",
  retry: "M13 8a5 5 0 1 1-1.600-3.700M13 2.500V5.500H10",
  "chevron-down": "M4 6l4 4 4-4",
  "sort-asc": "M8 13V3M4.500 6.500L8 3l3.500 3.500",
  "sort-desc": "M8 3v10M4.500 9.500L8 13l3.500-3.500",
  sort: "M5 12.500v-9M2.800 5.700L5 3.500l2.200 2.200M11 3.500v9M8.800 10.300L11 12.500l2.200-2.200",
  filter: "M2.500 3.500h11L9.400 8.400v4.100L6.600 11V8.400z",
} as const;

export type IconName = keyof typeof paths;

/** An icon drawn with lines. Elements, not data URLs: the page's policy allows no images by URL. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "grid-icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: IconName): void {
  svg.firstElementChild?.setAttribute("d", paths[name]);
}
