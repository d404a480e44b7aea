import type { ColumnId, SortBy, SortKey } from "~/ipc";

/** A sort order in one shape, so that two of them can be compared. */
function byOf(key: SortKey): SortBy {
  return key.by ?? "value";
}

/**
 * What a click on a header makes of the order: ascending, then descending, then none. With `add`
 * the other keys stay.
 */
export function cycleSort(keys: readonly SortKey[], column: ColumnId, add: boolean): SortKey[] {
  const present = keys.find((key) => key.column === column && byOf(key) === "value");
  const others = add ? keys.filter((key) => key !== present) : [];
  if (!present) return [...others, { column, descending: false }];
  if (present.descending) return others;
  const turned = { ...present, descending: true };
  return add ? keys.map((key) => (key === present ? turned : key)) : [turned];
}

/** Sorts by one key; with `add` it comes behind the others, or changes its direction in place. */
export function withSort(keys: readonly SortKey[], key: SortKey, add: boolean): SortKey[] {
  if (!add) return [key];
  return keys.some((other) => isSameKey(other, key))
    ? keys.map((other) => (isSameKey(other, key) ? key : other))
    : [...keys, key];
}

function isSameKey(a: SortKey, b: SortKey): boolean {
  return a.column === b.column && byOf(a) === byOf(b);
}

/** The order without a column that is gone or should not count. */
export function withoutColumn(keys: readonly SortKey[], column: ColumnId): SortKey[] {
  return keys.filter((key) => key.column !== column);
}

/** How a header shows the order: its direction and its place among the keys, from 1. */
export function sortMark(
  keys: readonly SortKey[],
  column: ColumnId,
): { descending: boolean; place: number } | null {
  const at = keys.findIndex((key) => key.column === column);
  const key = keys[at];
  return key ? { descending: key.descending ?? false, place: at + 1 } : null;
}
