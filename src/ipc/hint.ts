import type { AppError } from "./bindings";

/** Hints that speak of the command line, which shares the Rust side with the window. */
const COMMAND_LINE = /`(?:braincells |scripts\/|--[a-z]|BRAINCELLS_)/;

/** What to try where the command line would fetch or name a model. */
const ADD_MODEL = "get one under Models, or choose another model";

/** Where the window takes keys. */
const ENTER_KEY = "enter a valid key in the settings, under Backends";
const ENTER_TOKEN = "enter a token of that account in the settings, under Backends";

/** "check the spelling; for a private one give your token: `braincells keys ...`". */
const GIVE_TOKEN = /^(.*)give your token: `braincells keys [^`]*`$/s;
const READING_TOKEN = "enter a token that may read it in the settings, under Backends";

/** Where another version of a model is on its way: its line in the list has the buttons. */
const CANCEL_OTHER = "cancel that download, then ask again";

/** What comes before it: "agree to them at https://..., then ...". */
const FIRST_ELSEWHERE = /^(.*https?:\/\/[^\s,]+), then /s;

/** The hint of an error as it is of use in the window; null when there is none. */
export function windowHint({ code, hint }: Pick<AppError, "code" | "hint">): string | null {
  if (hint === null || !COMMAND_LINE.test(hint)) return hint;
  if (code === "key_refused") {
    const [, first] = FIRST_ELSEWHERE.exec(hint) ?? [];
    return first === undefined ? ENTER_KEY : `${first}, then ${ENTER_TOKEN}`;
  }
  if (code === "not_found") {
    const [, first] = GIVE_TOKEN.exec(hint) ?? [];
    return first === undefined ? null : `${first}${READING_TOKEN}`;
  }
  if (code === "conflict") return hint.includes("`braincells models cancel") ? CANCEL_OTHER : null;
  if (code !== "model_missing") return null;
  return hint.includes("`braincells backends")
    ? "choose another model, or check its name"
    : ADD_MODEL;
}

/** The same error as it is told in the window: those of events and in lists come as they are. */
export function windowError(error: AppError): AppError {
  return { ...error, hint: windowHint(error) };
}
