import type { SheetInfo } from "~/ipc";
import { freeName } from "~/lib/free-name";
import { text } from "./strings";

/** How the list of sheets is sorted. */
export type SheetOrder = "recent" | "name" | "size";

/** All orders; the first is that of a new window. */
export const sheetOrders: readonly SheetOrder[] = ["recent", "name", "size"];

/** The order that a word stands for; the first one for a word that is none. */
export function sheetOrder(word: string | null): SheetOrder {
  return sheetOrders.find((order) => order === word) ?? "recent";
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const compare: Record<SheetOrder, (a: SheetInfo, b: SheetInfo) => number> = {
  recent: (a, b) => b.changed_at_ms - a.changed_at_ms,
  name: (a, b) => byName.compare(a.name, b.name),
  size: (a, b) => cells(b) - cells(a),
};

function cells(sheet: SheetInfo): number {
  return sheet.row_count * Math.max(1, sheet.column_count);
}

/** Letters without accents and case, so that "zurich" finds "Zürich". */
function plain(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/**
 * The sheets whose names hold every word of the search, in the given order; sheets that are equal
 * in it stand by name. The list that comes in is left as it is.
 */
export function shownSheets(
  sheets: readonly SheetInfo[],
  search: string,
  order: SheetOrder,
): SheetInfo[] {
  const words = plain(search).split(/\s+/).filter(Boolean);
  return sheets
    .filter((sheet) => words.every((word) => plain(sheet.name).includes(word)))
    .sort((a, b) => compare[order](a, b) || byName.compare(a.name, b.name));
}

/** A name for a new sheet that no other sheet has. */
export function newSheetName(sheets: readonly SheetInfo[]): string {
  return freeName(
    text.newSheetName,
    sheets.map((sheet) => sheet.name),
  );
}

/** How large a sheet is, in words. */
export function sizeText(sheet: SheetInfo): string {
  if (sheet.row_count === 0 && sheet.column_count === 0) return text.empty;
  return text.size(sheet.row_count, sheet.column_count);
}
