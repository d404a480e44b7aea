/** How wide the cell panel is; remembered for the next time. */

export const NARROWEST_PX = 320;
export const WIDEST_PX = 900;
const USUAL_PX = 440;
const KEY = "braincells.cell.width";

/** The width from last time, or the usual one. */
export function storedWidthPx(): number {
  const stored = Number(globalThis.localStorage?.getItem(KEY) ?? Number.NaN);
  return Number.isFinite(stored) && stored > 0 ? withinLimits(stored) : USUAL_PX;
}

export function storeWidthPx(widthPx: number): void {
  globalThis.localStorage?.setItem(KEY, String(widthPx));
}

/** The nearest width that leaves the panel usable. */
export function withinLimits(widthPx: number): number {
  return Math.round(Math.min(WIDEST_PX, Math.max(NARROWEST_PX, widthPx)));
}
