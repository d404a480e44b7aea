import { expect, it } from "vitest";
import { windowHint } from "./hint";

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

it("sends nobody to the model files for a model of a backend", () => {
  const hint = "see `braincells backends models openai` for what there is";
  expect(windowHint({ code: "model_missing", hint })).not.toContain("GGUF");
});
