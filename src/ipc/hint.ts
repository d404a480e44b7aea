import type { AppError } from "./bindings";

/** Hints that speak of the command line, which shares the Rust side with the window. */
const COMMAND_LINE = /`(?:braincells |scripts\/|--[a-z]|BRAINCELLS_)/;

/** What to try where the command line would fetch or name a model. */
const ADD_MODEL = "get one under Models, or choose another model";

/** The hint of an error as it is of use in the window; null when there is none. */
export function windowHint({ code, hint }: Pick<AppError, "code" | "hint">): string | null {
  if (hint === null || !COMMAND_LINE.test(hint)) return hint;
  return code === "model_missing" ? ADD_MODEL : null;
}
