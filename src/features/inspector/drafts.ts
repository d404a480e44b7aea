/**
 * Unsaved changes of columns, for as long as the window is open. Closing the inspector or looking
 * at another column or sheet keeps them.
 */

import type { ColumnId, SheetId } from "~/ipc";
import { type Draft, plain } from "./draft";

const kept = new Map<string, Draft>();

function keyOf(sheet: SheetId, column: ColumnId | "new"): string {
  return `${sheet} ${column}`;
}

/** Remembers what was not saved yet. */
export function keepDraft(sheet: SheetId, column: ColumnId | "new", draft: Draft): void {
  kept.set(keyOf(sheet, column), plain(draft));
}

/** Forgets it: it was saved, thrown away, or is what is saved already. */
export function dropDraft(sheet: SheetId, column: ColumnId | "new"): void {
  kept.delete(keyOf(sheet, column));
}

/** What was left unsaved, or null. */
export function keptDraft(sheet: SheetId, column: ColumnId | "new"): Draft | null {
  const draft = kept.get(keyOf(sheet, column));
  return draft === undefined ? null : plain(draft);
}
