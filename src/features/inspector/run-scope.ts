/** Which cells a run is to fill, as it is chosen in the panel, and as it is asked for. */

import type {
  BackendInfo,
  BackendModel,
  Filter,
  RowId,
  RunCap,
  RunProgress,
  RunRequest,
} from "~/ipc";
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

/** What a run took before it stopped; null where nobody knows. */
export interface Spent {
  usd: number | null;
  tokens: number | null;
}

/**
 * What a run took: by its last figures, or else by the message that it stopped with, which is all
 * that is left of it after a restart.
 */
export function spentOf(
  end: Pick<RunProgress, "cost_usd" | "prompt_tokens" | "completion_tokens"> | null,
  message: string | null,
): Spent {
  const [, usd] = /\$([\d.]+) was spent/.exec(message ?? "") ?? [];
  const [, tokens] = /: (\d+) were taken/.exec(message ?? "") ?? [];
  return {
    usd: end?.cost_usd ?? (usd === undefined ? null : Number(usd)),
    tokens:
      end === null
        ? tokens === undefined
          ? null
          : Number(tokens)
        : end.prompt_tokens + end.completion_tokens,
  };
}

/** What is offered where a limit is reached: doubled until it is well above what was spent. */
export function raisedCap(cap: RunCap, spent: Spent): CapState {
  return {
    usd: raised(usdOf(cap.micro_usd), spent.usd, 0.01),
    tokens: raised(cap.tokens ?? null, spent.tokens, 1),
  };
}

function raised(limit: number | null, spent: number | null, least: number): number | null {
  if (limit === null) return null;
  let next = Math.max(limit, least) * 2;
  while (next < (spent ?? 0) * 1.5) next *= 2;
  return next;
}

/**
 * How a model is paid for: `here` by nobody, because its server is on this machine; `unpriced` by
 * tokens whose price is not known, so that money cannot be counted before it is spent.
 */
export type Billing = "priced" | "unpriced" | "here";

/** How a model is paid for; `exact` is what its backend lists of it, if it lists it. */
export function billingOf(
  backend: Pick<BackendInfo, "is_this_machine" | "is_custom">,
  exact: Pick<BackendModel, "price"> | undefined,
): Billing {
  if (backend.is_this_machine) return "here";
  // A provider has more names for a model than it lists; a server of one's own has no prices.
  const isKnown = exact === undefined ? !backend.is_custom : exact.price !== null;
  return isKnown ? "priced" : "unpriced";
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
