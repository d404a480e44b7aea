import type { ColumnId, SheetId } from "~/ipc";

/** Heights of a row in the grid, in CSS pixels. */
export type RowHeightPx = 28 | 56 | 112;

/** How somebody wants to see one sheet; it is no part of the sheet itself. */
export interface SheetPreferences {
  rowHeightPx: RowHeightPx;
  frozen: ColumnId[];
}

const initial: SheetPreferences = { rowHeightPx: 28, frozen: [] };

type Store = Pick<Storage, "getItem" | "setItem">;

function keyOf(sheet: SheetId): string {
  return `braincells.sheet.${sheet}`;
}

/** What was remembered for a sheet; the initial values where nothing usable was. */
export function readPreferences(sheet: SheetId, store: Store = localStorage): SheetPreferences {
  try {
    const found: unknown = JSON.parse(store.getItem(keyOf(sheet)) ?? "null");
    if (typeof found !== "object" || found === null) return initial;
    const { rowHeightPx, frozen } = found as Record<string, unknown>;
    return {
      rowHeightPx: isRowHeight(rowHeightPx) ? rowHeightPx : initial.rowHeightPx,
      frozen: Array.isArray(frozen) ? frozen.filter((id) => typeof id === "number") : [],
    };
  } catch {
    return initial;
  }
}

/** Remembers how a sheet is shown. Where nothing can be stored it lasts until the sheet is closed. */
export function writePreferences(
  sheet: SheetId,
  preferences: SheetPreferences,
  store: Store = localStorage,
): void {
  try {
    store.setItem(keyOf(sheet), JSON.stringify(preferences));
  } catch {
    // A full or forbidden storage takes nothing away from the sheet.
  }
}

function isRowHeight(value: unknown): value is RowHeightPx {
  return value === 28 || value === 56 || value === 112;
}
