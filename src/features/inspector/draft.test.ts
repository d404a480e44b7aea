import { describe, expect, it } from "vitest";
import type { Recipe } from "~/ipc";
import {
  draftOf,
  draftProblems,
  freeName,
  isChanged,
  isRecalibration,
  isSameRecipe,
  nameProblem,
  newDraft,
  recipeOf,
  setFields,
  setSchema,
  stopLines,
  stopsOf,
} from "./draft";
import { dropDraft, keepDraft, keptDraft } from "./drafts";
import { saveEffect } from "./save-effect";
import { newField } from "./schema";

const full: Recipe = {
  prompt: "Sort {{message}}",
  system: "Be brief.",
  model: "small.gguf",
  output: { type: "label", labels: ["a", "b"] },
  sampling: {
    max_tokens: 20,
    temperature: 0.7,
    top_p: 0.9,
    top_k: 40,
    seed: 7,
    stop: ["\n", "\\n"],
  },
  examples: { max_count: 3, max_tokens: 100 },
  example_rows: [{ inputs: { message: "x" }, value: "a" }],
};

describe("a draft", () => {
  it("says the same as its recipe", () => {
    expect(recipeOf(draftOf(full))).toEqual(full);
    const least = { ...full, sampling: { ...full.sampling, min_p: 0.05 } };
    expect(recipeOf(draftOf(least))).toEqual(least);
    expect(isSameRecipe(full, least)).toBe(false);
  });

  it("is unchanged against a recipe that leaves out what is usual", () => {
    const short: Recipe = { prompt: "x", model: "m" };
    expect(isChanged(draftOf(short), short)).toBe(false);
    expect(isSameRecipe(short, { ...short, system: null, output: { type: "text" } })).toBe(true);
    expect(isSameRecipe(short, { ...short, system: "  " })).toBe(true);
  });

  it("notices every change of meaning", () => {
    const changes: ((draft: ReturnType<typeof draftOf>) => void)[] = [
      (draft) => (draft.prompt += "!"),
      (draft) => (draft.system = ""),
      (draft) => (draft.model = "other"),
      (draft) => (draft.outputType = "text"),
      (draft) => draft.labels.reverse(),
      (draft) => (draft.sampling.temperature = 0),
      (draft) => (draft.sampling.maxTokens = null),
      (draft) => (draft.sampling.stops = ""),
      (draft) => (draft.examples.max_count = 0),
    ];
    for (const change of changes) {
      const draft = draftOf(full);
      change(draft);
      expect(isChanged(draft, full)).toBe(true);
    }
  });

  it("keeps labels and schema while another output type is tried", () => {
    const draft = draftOf(full);
    draft.outputType = "number";
    expect(recipeOf(draft).output).toEqual({ type: "number" });
    draft.outputType = "label";
    expect(recipeOf(draft).output).toEqual(full.output);
    draft.outputType = "labels";
    expect(recipeOf(draft).output).toEqual({ type: "labels", labels: ["a", "b"] });
  });

  it("says another calibration than the usual one, and that this is all that is new", () => {
    const draft = draftOf(full);
    expect(draft.calibration).toBe("prior");
    draft.calibration = "none";
    const changed = recipeOf(draft);
    expect(changed).toEqual({ ...full, calibration: "none" });
    expect(isChanged(draft, full)).toBe(true);
    expect(isRecalibration(full, changed)).toBe(true);
    expect(isRecalibration(changed, full)).toBe(true);
    expect(isRecalibration(full, full)).toBe(false);
    expect(isRecalibration(full, { ...changed, prompt: "x" })).toBe(false);
    const text = { prompt: "x", model: "m", output: { type: "text" } } as const;
    expect(isRecalibration(text, { ...text, calibration: "none" })).toBe(false);
    expect(saveEffect(full, changed, { done: 4 })).toEqual({ kind: "recalibrated" });
    expect(saveEffect(full, changed, { validated: 4 })).toEqual({ kind: "none" });
  });

  it("says the limits of a number, and nothing where there are none", () => {
    const output = { type: "number", integer: true, min: 0, max: 5 } as const;
    const draft = draftOf({ ...full, output });
    expect(recipeOf(draft).output).toEqual(output);
    expect(isChanged(draft, { ...full, output })).toBe(false);
    draft.limits.max = null;
    expect(recipeOf(draft).output).toEqual({ type: "number", integer: true, min: 0 });
    draft.limits.max = -1;
    expect(draftProblems(draft, ["message"], null)).toEqual([{ field: "number", number: "order" }]);
  });
});

describe("the schema of a draft", () => {
  it("keeps two fields of one name apart until one is renamed", () => {
    const draft = { ...newDraft("a", "b", "c"), outputType: "json" as const };
    const [first] = draft.fields ?? [];
    if (first === undefined) throw new Error("a new draft has a field");
    setFields(draft, [first, { ...first, kind: "number" }]);
    expect(draft.fields).toHaveLength(2);
    expect(draftProblems(draft, [], [])).toMatchObject([{ fields: { kind: "repeated" } }]);
    setFields(draft, [first, { ...first, name: "other" }]);
    expect(draftProblems(draft, [], [])).toEqual([]);
  });

  it("has no list of fields while its text is unfinished", () => {
    const draft = newDraft("a", "b", "c");
    setSchema(draft, "{");
    expect(draft.fields).toBeNull();
    setSchema(draft, '{"type":"object","properties":{"x":{"type":"number"}}}');
    expect(draft.fields).toMatchObject([{ name: "x", kind: "number" }]);
  });
});

describe("stop texts", () => {
  it("stand one a line with escapes", () => {
    const stops = ["\n", "###", "a\tb", "\\n"];
    expect(stopLines(stops)).toBe("\\n\n###\na\\tb\n\\\\n");
    expect(stopsOf(stopLines(stops))).toEqual(stops);
    expect(stopsOf("\n\n")).toEqual([]);
    expect(stopsOf(" x ")).toEqual([" x "]);
  });
});

describe("what keeps a draft from being used", () => {
  function draft() {
    return newDraft("Topic", "About {{message}}", "m");
  }

  it("is nothing for a good one", () => {
    expect(draftProblems(draft(), ["message"], ["message"])).toEqual([]);
  });

  it("is found in the order of the page", () => {
    const bad = newDraft(" ", " ", "");
    bad.outputType = "label";
    bad.sampling.temperature = 3;
    bad.sampling.topP = 0;
    bad.sampling.minP = 2;
    bad.sampling.maxTokens = 0;
    const problems = draftProblems(bad, [], []);
    expect(problems.map((problem) => problem.field)).toEqual([
      "name",
      "prompt",
      "labels",
      "model",
      "sampling",
      "sampling",
      "sampling",
      "sampling",
    ]);
  });

  it("is an unknown column, with what was meant", () => {
    const bad = { ...draft(), prompt: "{{mesage}}" };
    expect(draftProblems(bad, ["message"], null)).toEqual([
      {
        field: "prompt",
        why: "template",
        template: { kind: "unknown", name: "mesage", suggestion: "message" },
      },
    ]);
  });

  it("is a schema that is not one, or fields without a name", () => {
    const json = { ...draft(), outputType: "json" as const };
    expect(draftProblems({ ...json, schema: "{" }, ["message"], null)).toMatchObject([
      { field: "schema", why: "text", text: { why: "syntax" } },
    ]);
    const nameless = { ...json };
    setFields(nameless, [{ ...newField([]), name: " " }]);
    expect(draftProblems(nameless, ["message"], null)).toMatchObject([
      { field: "schema", why: "fields" },
    ]);
    // What the list of fields would not take is still a schema.
    for (const schema of ['{"type":"object"}', '{"properties":{"":{"type":"string"}}}']) {
      const raw = { ...json };
      setSchema(raw, schema);
      expect(draftProblems(raw, ["message"], null)).toEqual([]);
    }
    expect(draftProblems(json, ["message"], null)).toEqual([]);
  });
});

describe("names", () => {
  it("may not be blank, unusable or taken, whatever the letter case", () => {
    expect(nameProblem(" ", [])).toBe("blank");
    expect(nameProblem("a{{b", [])).toBe("unusable");
    expect(nameProblem("topic", ["Topic"])).toBe("taken");
    expect(nameProblem("topic 2", ["Topic"])).toBeNull();
  });

  it("get the first free number", () => {
    expect(freeName("Summary", [])).toBe("Summary");
    expect(freeName("Summary", ["summary", "Summary 2"])).toBe("Summary 3");
  });
});

describe("what saving does to cells", () => {
  const states = { done: 12, stale: 3, edited: 2, validated: 1, failed: 1 };

  it("makes finished cells stale", () => {
    expect(saveEffect(full, { ...full, prompt: "x" }, states)).toEqual({
      kind: "stale",
      cells: 12,
    });
    expect(saveEffect(full, { ...full, output: { type: "text" } }, states)).toEqual({
      kind: "stale",
      cells: 12,
    });
  });

  it("empties the column when it is stored as another type", () => {
    expect(saveEffect(full, { ...full, output: { type: "number" } }, states)).toEqual({
      kind: "emptied",
      cells: 15,
    });
  });

  it("empties the column when only whole numbers may be in it from now on", () => {
    const number = { ...full, output: { type: "number" } } as const;
    const whole = { ...full, output: { type: "number", integer: true } } as const;
    expect(saveEffect(number, whole, states)).toEqual({ kind: "emptied", cells: 15 });
    const limited = { ...full, output: { type: "number", max: 3 } } as const;
    expect(saveEffect(number, limited, states)).toEqual({ kind: "stale", cells: 12 });
  });

  it("touches nothing where nothing was made", () => {
    expect(saveEffect(full, { ...full, output: { type: "date" } }, { empty: 5 })).toEqual({
      kind: "none",
    });
  });
});

describe("unsaved drafts", () => {
  it("are kept apart by sheet and column, as copies", () => {
    const draft = newDraft("a", "b", "c");
    keepDraft("s", 1, draft);
    draft.prompt = "changed";
    expect(keptDraft("s", 1)?.prompt).toBe("b");
    expect(keptDraft("s", "new")).toBeNull();
    expect(keptDraft("other", 1)).toBeNull();
    dropDraft("s", 1);
    expect(keptDraft("s", 1)).toBeNull();
  });
});
