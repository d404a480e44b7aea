/** Changing settings: one at a time, each on top of the last, with the outcome at the field. */

import { sentence } from "~/errors";
import type { BackendLimits, Failure, Settings } from "~/ipc";
import { failureOf, ipc } from "~/ipc";
import type { AppState } from "~/state/app";

/** How the last change of a field went. */
export type Mark = { kind: "saving" } | { kind: "applied" } | { kind: "failed"; message: string };

/** The marks of the fields, by name. */
export type Marks = { [field: string]: Mark | undefined };

/** How long "Applied" stays. */
const APPLIED_FOR_MS = 4_000;

/** Every change waits for the one before: each begins from the settings that are true then. */
let last: Promise<unknown> = Promise.resolve();

/** Does something when all changes before it are done; those after it wait for it. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

/**
 * Does something in its turn that changes settings on the Rust side, and takes over what is true
 * then. Rejects with what the work throws.
 */
export function follow(app: AppState, work: () => Promise<unknown>): Promise<void> {
  return inTurn(async () => {
    await work();
    app.settings = await ipc.settings();
  });
}

/**
 * Changes settings and marks the field. `change` gets the settings as they are stored at that
 * moment, also by the command line, and returns the changed ones, or a promise of those that the
 * Rust side made.
 */
export function apply(
  app: AppState,
  marks: Marks,
  field: string,
  change: (settings: Settings) => Settings | Promise<Settings>,
): Promise<void> {
  return inTurn(async () => {
    marks[field] = { kind: "saving" };
    try {
      const changed = change(await ipc.settings());
      const stored = changed instanceof Promise ? await changed : await ipc.setSettings(changed);
      app.settings = stored;
      markApplied(marks, field);
    } catch (thrown) {
      marks[field] = { kind: "failed", message: failureText(failureOf(thrown)) };
    }
  });
}

/** Shows "Applied" at a field for a moment. */
export function markApplied(marks: Marks, field: string): void {
  const mark: Mark = { kind: "applied" };
  marks[field] = mark;
  setTimeout(() => {
    if (marks[field]?.kind === "applied") marks[field] = undefined;
  }, APPLIED_FOR_MS);
}

/** A failure in one or two sentences. */
export function failureText(failure: Failure): string {
  return [failure.message, failure.hint ?? ""]
    .filter((part) => part !== "")
    .map(sentence)
    .join(". ");
}

/** The settings with some engine options changed; "automatic" is null. */
export function withEngine(settings: Settings, options: Partial<Settings["engine"]>): Settings {
  return { ...settings, engine: { ...settings.engine, ...options } };
}

/** The settings with some limits of one backend changed. */
export function withLimits(
  settings: Settings,
  backend: string,
  changed: Omit<BackendLimits, "backend">,
): Settings {
  const all = settings.backends.limits ?? [];
  const before = all.find((limits) => limits.backend === backend) ?? {};
  const others = all.filter((limits) => limits.backend !== backend);
  const limits = { ...before, ...changed, backend };
  return { ...settings, backends: { ...settings.backends, limits: [...others, limits] } };
}
