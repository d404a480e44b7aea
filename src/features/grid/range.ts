/**
 * Which rows and columns are on screen. Pure: no element is touched here.
 *
 * WebKit clamps an element at 33,554,428 px, so a tall sheet cannot be as high as its rows. Above
 * the limit the scrolled element stays at 30,000,000 px and each of its pixels stands for several
 * pixels of content; the scroll bar then is coarser than a row, while wheel and keys stay exact
 * because the content's top is kept as a number of its own.
 */
import type { GridColumn } from "./types";

/** The greatest height that the scrolled element is given. */
export const scrollLimitPx = 30_000_000;

/** How content pixels relate to scroll pixels. */
export interface RowScale {
  rowCount: number;
  rowHeightPx: number;
  /** The height that shows rows. */
  bodyPx: number;
  /** The height of all rows and of what follows the last one. */
  contentPx: number;
  /** The height that the scrolled element gets. */
  scrollPx: number;
  /** Content pixels for each scroll pixel; 1 while the content fits. */
  factor: number;
}

/** `tailPx` is room behind the last row, such as that of the "add row" line. */
export function rowScale(
  rowCount: number,
  rowHeightPx: number,
  bodyPx: number,
  tailPx: number,
): RowScale {
  const contentPx = rowCount * rowHeightPx + tailPx;
  const scrollPx = Math.min(contentPx, scrollLimitPx);
  const scrollRange = scrollPx - bodyPx;
  const factor = contentPx > scrollPx && scrollRange > 0 ? (contentPx - bodyPx) / scrollRange : 1;
  return { rowCount, rowHeightPx, bodyPx, contentPx, scrollPx, factor };
}

/** The nearest content top that can be shown. */
export function clampTop(scale: RowScale, contentTop: number): number {
  return Math.max(0, Math.min(contentTop, scale.contentPx - scale.bodyPx));
}

/** The content top that a scroll position stands for. */
export function contentTopOf(scale: RowScale, scrollTop: number): number {
  return clampTop(scale, scrollTop * scale.factor);
}

/** The scroll position that stands for a content top. */
export function scrollTopOf(scale: RowScale, contentTop: number): number {
  return contentTop / scale.factor;
}

/** The rows that show at least one pixel; `end` is not included. */
export function rowsAt(scale: RowScale, contentTop: number): { first: number; end: number } {
  const first = Math.min(scale.rowCount, Math.floor(contentTop / scale.rowHeightPx));
  const end = Math.min(scale.rowCount, Math.ceil((contentTop + scale.bodyPx) / scale.rowHeightPx));
  return { first, end: Math.max(first, end) };
}

/** The content top nearest to the present one at which a whole row is on screen. */
export function topToShow(scale: RowScale, contentTop: number, position: number): number {
  const top = position * scale.rowHeightPx;
  const bottom = top + scale.rowHeightPx;
  if (top < contentTop) return clampTop(scale, top);
  if (bottom > contentTop + scale.bodyPx) return clampTop(scale, bottom - scale.bodyPx);
  return contentTop;
}

/** The row under a height measured from the top of the body, if there is one. */
export function rowUnder(scale: RowScale, contentTop: number, yPx: number): number | null {
  const position = Math.floor((contentTop + yPx) / scale.rowHeightPx);
  return position >= 0 && position < scale.rowCount ? position : null;
}

/** Where columns lie. Frozen ones come first and never move. */
export interface ColumnLayout {
  /** All columns in display order. */
  columns: GridColumn[];
  frozenCount: number;
  /** The column with the row numbers. */
  gutterPx: number;
  /** Row numbers and frozen columns together: where the moving columns begin. */
  frozenPx: number;
  /** The left edge of each column: from the gutter's right for frozen ones, else from `frozenPx`. */
  lefts: number[];
  /** The width of all moving columns. */
  trackPx: number;
}

/** At least this share of the width is left to columns that move. */
const movingShare = 0.4;

/** Lays columns out. Frozen columns that would fill the window move along with the others. */
export function columnLayout(
  columns: GridColumn[],
  gutterPx: number,
  viewportPx: number,
): ColumnLayout {
  const room = viewportPx * (1 - movingShare) - gutterPx;
  const frozen: GridColumn[] = [];
  const moving: GridColumn[] = [];
  let used = 0;
  for (const column of columns) {
    if (column.frozen && used + column.widthPx <= room) {
      frozen.push(column);
      used += column.widthPx;
    } else moving.push(column);
  }
  const ordered = [...frozen, ...moving];
  const lefts: number[] = [];
  let left = 0;
  ordered.forEach((column, index) => {
    if (index === frozen.length) left = 0;
    lefts.push(left);
    left += column.widthPx;
  });
  return {
    columns: ordered,
    frozenCount: frozen.length,
    gutterPx,
    frozenPx: gutterPx + used,
    lefts,
    trackPx: moving.length === 0 ? 0 : left,
  };
}

/** The moving columns that show at least one pixel; `end` is not included. */
export function columnsAt(
  layout: ColumnLayout,
  scrollLeft: number,
  viewportPx: number,
): { first: number; end: number } {
  const count = layout.columns.length;
  const right = scrollLeft + Math.max(0, viewportPx - layout.frozenPx);
  let low = layout.frozenCount;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rightOf(layout, middle) > scrollLeft) high = middle;
    else low = middle + 1;
  }
  let end = low;
  while (end < count && (layout.lefts[end] ?? 0) < right) end += 1;
  return { first: low, end };
}

function rightOf(layout: ColumnLayout, index: number): number {
  return (layout.lefts[index] ?? 0) + (layout.columns[index]?.widthPx ?? 0);
}

/** The scroll position nearest to the present one at which a whole column is on screen. */
export function leftToShow(
  layout: ColumnLayout,
  scrollLeft: number,
  viewportPx: number,
  index: number,
): number {
  if (index < layout.frozenCount) return scrollLeft;
  const left = layout.lefts[index] ?? 0;
  const right = rightOf(layout, index);
  const room = Math.max(0, viewportPx - layout.frozenPx);
  if (left < scrollLeft || right - left > room) return left;
  if (right > scrollLeft + room) return right - room;
  return scrollLeft;
}

/** The left edge of a column on screen, measured from the left of the grid. */
export function columnX(layout: ColumnLayout, scrollLeft: number, index: number): number {
  const left = layout.lefts[index] ?? 0;
  return index < layout.frozenCount ? layout.gutterPx + left : layout.frozenPx + left - scrollLeft;
}

/** What lies under a distance from the left of the grid: a column, the gutter (-1) or nothing. */
export function columnUnder(layout: ColumnLayout, scrollLeft: number, xPx: number): number | null {
  if (xPx < layout.gutterPx) return -1;
  const count = layout.columns.length;
  if (xPx < layout.frozenPx) {
    for (let index = 0; index < layout.frozenCount; index += 1) {
      if (layout.gutterPx + rightOf(layout, index) > xPx) return index;
    }
  }
  const along = xPx - layout.frozenPx + scrollLeft;
  for (let index = layout.frozenCount; index < count; index += 1) {
    if (rightOf(layout, index) > along) return index;
  }
  return null;
}

/** The width of the column with the row numbers. */
export function gutterWidth(rowCount: number): number {
  return Math.max(44, String(Math.max(1, rowCount)).length * 8 + 20);
}
