/** The width of the panel, remembered for the next time. */

const KEY = "braincells.inspector.width";

export const LEAST_WIDTH_PX = 320;
export const GREATEST_WIDTH_PX = 640;
const FIRST_WIDTH_PX = 400;

/** A width that the panel may have. */
export function allowedWidth(widthPx: number): number {
  if (!Number.isFinite(widthPx)) return FIRST_WIDTH_PX;
  return Math.round(Math.min(GREATEST_WIDTH_PX, Math.max(LEAST_WIDTH_PX, widthPx)));
}

/** The width of the last time. */
export function rememberedWidth(): number {
  const kept = localStorage.getItem(KEY);
  return kept === null ? FIRST_WIDTH_PX : allowedWidth(Number(kept));
}

/** Keeps a width for the next time. */
export function rememberWidth(widthPx: number): void {
  localStorage.setItem(KEY, String(allowedWidth(widthPx)));
}
