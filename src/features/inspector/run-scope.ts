/** Which cells a run is to fill, as it is chosen in the panel, and as it is asked for. */

import type { Filter, RowId, RunCap, RunRequest } from "~/ipc";
import { microUsd, usdOf } from "~/lib/money";
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

/** What the next run may take of a backend; null has no limit of its own. */
export interface CapState {
  usd: number | null;
  tokens: number | null;
}

/** The limits as the Rust side keeps them; null when none is set. */
export function capOf(cap: CapState): RunCap | null {
  if (cap.usd === null && cap.tokens === null) return null;
  return { micro_usd: microUsd(cap.usd), tokens: cap.tokens };
}

/** What is offered where a limit is reached: twice as much of what was limited. */
export function raisedCap(cap: RunCap): CapState {
  const usd = usdOf(cap.micro_usd);
  const tokens = cap.tokens ?? null;
  return { usd: usd === null ? null : usd * 2, tokens: tokens === null ? null : tokens * 2 };
}

/** As many rows as a person waits for: they go before other runs. */
const SHORT_RUN_ROWS = 20;

/**
 * The request for a run, with limits where its model is one of a backend. `selected` are the rows of the selection, `filter` is that of the sheet;
 * null when the choice needs one that is not there.
 */
export function requestOf(
  scope: ScopeState,
  selected: readonly RowId[],
  filter: Filter | null,
  cap: RunCap | null = null,
): RunRequest | null {
  const rest = { ...(scope.fresh ? { fresh: true } : {}), ...(cap === null ? {} : { cap }) };
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
