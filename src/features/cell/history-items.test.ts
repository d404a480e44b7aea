import { describe, expect, it } from "vitest";
import type { CellState, HistoryEntry, Value } from "~/ipc";
import { answers, figuresOf, historyItems, latestAnswer } from "./history-items";

function entry(
  seq: number,
  state: CellState,
  value: Value,
  more: Partial<HistoryEntry> = {},
): HistoryEntry {
  return {
    seq,
    at_ms: seq,
    state,
    value,
    step: seq,
    step_name: "Step",
    undone: false,
    run: null,
    recipe_version: null,
    error: null,
    reasoning: null,
    figures: {
      model: null,
      prompt_tokens: 0,
      completion_tokens: 0,
      duration_ms: 0,
      confidence: null,
      cut_off: false,
    },
    ...more,
  };
}

describe("the list of a history", () => {
  it("marks the entry whose value the cell has now", () => {
    const items = historyItems([
      entry(5, "edited", "undone", { undone: true }),
      entry(4, "stale", null),
      entry(3, "failed", null, { error: "the model stopped" }),
      entry(2, "done", "good"),
      entry(1, "done", "old"),
    ]);
    expect(items.map((item) => item.isNow)).toEqual([false, false, false, true, false]);
    expect(items.map((item) => item.canGoBack)).toEqual([true, false, false, false, true]);
    expect(items[2]).toMatchObject({ value: "the model stopped", isRemark: true });
  });

  it("tells an emptied cell from one with an empty text", () => {
    const [cleared, blank] = historyItems([entry(2, "empty", null), entry(1, "edited", "")]);
    expect(cleared?.value).toBe("Cleared");
    expect(blank?.value).toBe("An empty text");
  });
});

describe("answers", () => {
  const asked = { recipe_version: 2 };
  const history = [
    entry(5, "edited", "by hand"),
    entry(4, "done", "undone", { ...asked, undone: true }),
    entry(3, "failed", null, asked),
    entry(2, "done", "a", asked),
    entry(1, "done", null, { step: null }),
  ];

  it("are the entries that a model was asked for", () => {
    expect(answers(history).map((found) => found.seq)).toEqual([4, 3, 2]);
  });

  it("have a latest one that counts", () => {
    expect(latestAnswer(history)?.seq).toBe(3);
    expect(latestAnswer([])).toBeNull();
  });
});

it("names a model by its file and says when an answer was kept", () => {
  const made = entry(1, "done", "x", {
    recipe_version: 3,
    figures: {
      model: "/models/Small-Q4.gguf",
      prompt_tokens: 512,
      completion_tokens: 34,
      duration_ms: 1_200,
      confidence: null,
      cut_off: false,
    },
  });
  expect(figuresOf(made).map((figure) => figure.text)).toEqual([
    "Small-Q4",
    "recipe 3",
    "512 + 34 tokens",
    "1.2 s",
  ]);
  const kept = { ...made, figures: { ...made.figures, cached: true } };
  expect(figuresOf(kept).map((figure) => figure.text)).toEqual([
    "Small-Q4",
    "recipe 3",
    "kept answer",
  ]);
  const labels = [
    { label: "a", raw: 0.6, calibrated: 0.3 },
    { label: "b", raw: 0.4, calibrated: 0.7 },
  ];
  const chosen = { ...made, value: "b", labels, figures: { ...kept.figures, confidence: 0.7 } };
  expect(figuresOf(chosen)[2]).toEqual({ text: "70% sure", hint: "b: 70%\na: 30%" });
});
