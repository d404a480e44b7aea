import { expect, it } from "vitest";
import { windowError, windowHint } from "./hint";

it("keeps hints that make sense in a window", () => {
  const hint = "the columns are `id`, `text`";
  expect(windowHint({ code: "not_found", hint })).toBe(hint);
  expect(windowHint({ code: "not_found", hint: null })).toBeNull();
});

it.each([
  "`braincells sheets` lists what there is",
  "choose another home with `--home` or `BRAINCELLS_HOME`",
  "if it is UTF-16 text, say so with `--encoding utf-16`",
])("leaves out what only the command line can do: %s", (hint) => {
  expect(windowHint({ code: "not_found", hint })).toBeNull();
});

it("says where models are added", () => {
  const hint = "there are no models yet: run `scripts/starter-model`";
  expect(windowHint({ code: "model_missing", hint })).toContain("under Models");
});

it("says where keys are entered", () => {
  const hint = "enter a valid key in the settings, or with `braincells keys set`";
  expect(windowHint({ code: "key_refused", hint })).toContain("under Backends");
});

it("keeps the address where terms are accepted, and where a token is made", () => {
  const hint = (first: string) =>
    windowHint({
      code: "key_refused",
      hint: `${first}, then give your token: \`braincells keys\``,
    });
  const terms = "agree to them at https://huggingface.co/owner/name";
  expect(hint(terms)).toBe(
    `${terms}, then enter a token of that account in the settings, under Backends`,
  );
  const token = "make a token that may read at https://huggingface.co/settings/tokens";
  expect(hint(token)).toContain(`${token}, then enter a token`);
});

it("says where a token for a private repository is entered", () => {
  const hint =
    "check the spelling; for a private one give your token: `braincells keys set huggingface`";
  expect(windowHint({ code: "not_found", hint })).toBe(
    "check the spelling; for a private one enter a token that may read it in the settings, under Backends",
  );
});

it("says how another version of a model than the one on its way is had", () => {
  const hint =
    "`braincells models resume 3` goes on with that one; to have the other, `braincells models cancel 3`, then ask again";
  expect(windowHint({ code: "conflict", hint })).toBe("cancel that download, then ask again");
});

it("rewrites errors that come in events and lists", () => {
  const error = {
    code: "unreachable" as const,
    message: "m",
    hint: "see `braincells models downloads`",
  };
  expect(windowError(error)).toEqual({ ...error, hint: null });
});

it("sends nobody to the model files for a model of a backend", () => {
  const hint = "see `braincells backends models openai` for what there is";
  expect(windowHint({ code: "model_missing", hint })).not.toContain("GGUF");
});
