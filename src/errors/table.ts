import type { Code } from "~/ipc";
import { text } from "./strings";

/** How loudly a failure is told. "silent" is not told at all: the person asked for it. */
export type Severity = "error" | "warning" | "silent";

/** Where a person can put right what a failure is about: a section of the settings. */
export interface WayOut {
  label: string;
  section: "backends" | "privacy";
}

export interface FailureKind {
  severity: Severity;
  /** What went wrong in a few words; the message of the failure says the rest. */
  title: string;
  wayOut?: WayOut;
}

const toBackends: WayOut = { label: text.toBackends, section: "backends" };

/** What each code means to a person. Total: a new code does not compile without a line here. */
export const failureKinds: Record<Code, FailureKind> = {
  internal: { severity: "error", title: text.internal },
  bad_input: { severity: "warning", title: text.badInput },
  bad_template: { severity: "warning", title: text.badTemplate },
  bad_recipe: { severity: "warning", title: text.badRecipe },
  not_found: { severity: "error", title: text.notFound },
  conflict: { severity: "warning", title: text.conflict },
  model_missing: { severity: "error", title: text.modelMissing },
  model_broken: { severity: "error", title: text.modelBroken },
  context_length: { severity: "error", title: text.contextLength },
  engine_failed: { severity: "error", title: text.engineFailed },
  output_invalid: { severity: "warning", title: text.outputInvalid },
  rate_limited: { severity: "warning", title: text.rateLimited },
  disk_full: { severity: "error", title: text.diskFull },
  storage: { severity: "error", title: text.storage },
  key_refused: { severity: "error", title: text.keyRefused, wayOut: toBackends },
  no_credit: { severity: "error", title: text.noCredit, wayOut: toBackends },
  unreachable: { severity: "error", title: text.unreachable, wayOut: toBackends },
  refused: { severity: "warning", title: text.refused },
  local_only: { severity: "warning", title: text.localOnly },
  limit_reached: { severity: "warning", title: text.limitReached },
  cancelled: { severity: "silent", title: text.cancelled },
};

/** The kind of a code; a code of a newer Rust side counts as "internal". */
export function failureKind(code: Code): FailureKind {
  return failureKinds[code] ?? failureKinds.internal;
}
