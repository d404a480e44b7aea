/** Which cells a run is to fill, as it is chosen in the panel, and as it is asked for. */

import type { Filter, RowId, RunRequest } from "~/ipc";
import { plain } from "./draft";

export type ScopeChoice =
  | "empty"
  | "pending"
  | "failed"
  | "all"
  | "selected"
  | "filtered"
  | "first";

/** The choices for a column that is there, in the order of the list. */
export const SCOPES: readonly ScopeChoice[] = [
  "empty",
  "pending",
  "failed",
  "all",
  "selected",
  "filtered",
  "first",
];

/** The choices for a column that is to be added: all its cells are empty. */
export const NEW_SCOPES = ["empty", "first", "selected", "filtered"] as const;

/** What is chosen beside the Run button. */
export interface ScopeState {
  choice: ScopeChoice;
  firstCount: number;
  fresh: boolean;
}

/** As many rows as a person waits for: they go before other runs. */
const SHORT_RUN_ROWS = 20;

/**
 * The request for a run. `selected` are the rows of the selection, `filter` is that of the sheet;
 * null when the choice needs one that is not there.
 */
export function requestOf(
  scope: ScopeState,
  selected: readonly RowId[],
  filter: Filter | null,
): RunRequest | null {
  const rest = scope.fresh ? { fresh: true } : {};
  switch (scope.choice) {
    case "selected": {
      if (selected.length === 0) return null;
      const isShort = selected.length <= SHORT_RUN_ROWS;
      const priority = isShort ? { priority: "now" as const } : {};
      return { rows: "these", ids: [...selected], ...rest, ...priority };
    }
    case "filtered":
      return filter === null ? null : { rows: "all", only: plain(filter), ...rest };
    case "first":
      return { rows: "first", count: scope.firstCount, ...rest };
    default:
      return { rows: scope.choice, ...rest };
  }
}
