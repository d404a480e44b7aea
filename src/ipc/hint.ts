import type { AppError } from "./bindings";

/** Hints that speak of the command line, which shares the Rust side with the window. */
const COMMAND_LINE = /`(?:braincells |scripts\/|--[a-z]|BRAINCELLS_)/;

/** What to try where the command line would fetch or name a model. */
const ADD_MODEL = "get one under Models, or choose another model";

/** Where the window takes keys. */
const ENTER_KEY = "enter a valid key in the settings, under Backends";

/** The hint of an error as it is of use in the window; null when there is none. */
export function windowHint({ code, hint }: Pick<AppError, "code" | "hint">): string | null {
  if (hint === null || !COMMAND_LINE.test(hint)) return hint;
  if (code === "key_refused") return ENTER_KEY;
  if (code !== "model_missing") return null;
  return hint.includes("`braincells backends")
    ? "choose another model, or check its name"
    : ADD_MODEL;
}
