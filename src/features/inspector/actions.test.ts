import { describe, expect, it } from "vitest";
import type { Column, ValueType, Window } from "~/ipc";
import { ACTIONS, actionPrompt, isUntouched, likelyColumn, readableColumns } from "./actions";
import { draftProblems, newDraft, setSchema } from "./draft";
import { schemaText } from "./schema-text";

function column(id: number, name: string, value_type: ValueType = "text"): Column {
  return { id, name, value_type, sql_type: "VARCHAR", kind: { kind: "data" } };
}

const columns = [
  column(1, "id"),
  column(2, "amount", "number"),
  column(3, "message"),
  column(4, "photo", "binary"),
  column(5, "bad }} name"),
];

const rows: Window = {
  columns: [1, 3],
  start: 0,
  row_count: 2,
  rows: ["T001", "T002"].map((id, row) => ({
    row,
    cells: [id, "My monstera arrived with two snapped leaves"].map((value) => ({
      value,
      state: null,
      error: null,
      confidence: null,
    })),
  })),
};

describe("ready-made actions", () => {
  it("make recipes that can be used as they are", () => {
    for (const action of ACTIONS) {
      const draft = newDraft(action.columnName, actionPrompt(action, "message"), "m");
      draft.outputType = action.output.type;
      if (action.output.type === "label") draft.labels = action.output.labels;
      if (action.output.type === "json") setSchema(draft, schemaText(action.output.schema));
      expect(draftProblems(draft, ["message"], ["message"]), action.id).toEqual([]);
    }
  });

  it("have different names", () => {
    expect(new Set(ACTIONS.map((action) => action.label)).size).toBe(ACTIONS.length);
  });

  it("know their own prompts from those of a person", () => {
    const [first] = ACTIONS;
    expect(first && isUntouched(actionPrompt(first, "message"), ["message"])).toBe(true);
    expect(isUntouched(" ", [])).toBe(true);
    expect(isUntouched("Mine {{message}}", ["message"])).toBe(false);
  });
});

describe("the column that an action is about", () => {
  it("can be spelt in a prompt, texts first", () => {
    expect(readableColumns(columns, null).map((one) => one.name)).toEqual([
      "id",
      "message",
      "amount",
    ]);
    expect(readableColumns(columns, 3).map((one) => one.name)).toEqual(["id", "amount"]);
  });

  it("has the longest texts", () => {
    expect(likelyColumn(columns, rows, null)).toBe("message");
    expect(likelyColumn(columns, rows, 1)).toBe("message");
    expect(likelyColumn(columns, null, 3)).toBe("message");
  });

  it("may be of another type, or none", () => {
    expect(likelyColumn([column(2, "amount", "number")], null, null)).toBe("amount");
    expect(likelyColumn([], null, null)).toBe("");
  });
});
