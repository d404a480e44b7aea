import { describe, expect, it } from "vitest";
import type { Column } from "~/ipc";
import {
  firstChoices,
  shownProperty,
  splitMessage,
  splitProblem,
  splitRequest,
} from "./split-plan";

function column(id: number, name: string): Column {
  return { id, name, value_type: "text", sql_type: "VARCHAR", kind: { kind: "data" } };
}

const columns = [column(1, "Name"), column(2, "details")];
const properties = [
  { property: "name", data_type: "text" },
  { property: "name 2", data_type: "integer" },
  { property: " ", data_type: "json" },
] as const;

describe("splitting a JSON column", () => {
  it("begins with every property under a name that is free", () => {
    const choices = firstChoices(properties, columns);
    expect(choices.map((choice) => choice.name)).toEqual(["name 2", "name 2 2", "Column"]);
    expect(choices.map(shownProperty)).toEqual(["name", "name 2", "(no name)"]);
    expect(splitRequest(choices, columns)).toEqual([
      { property: "name", name: "name 2", data_type: "text" },
      { property: "name 2", name: "name 2 2", data_type: "integer" },
      { property: " ", name: "Column", data_type: "json" },
    ]);
  });

  it("asks for nothing while a chosen name is blank or taken", () => {
    const choices = firstChoices(properties, columns);
    const [first, second] = choices;
    if (!first || !second) throw new Error("there are three");
    first.name = "DETAILS ";
    second.name = " ";
    expect([0, 1, 2].map((at) => splitProblem(choices, at, columns))).toEqual([
      "taken",
      "blank",
      null,
    ]);
    expect(splitRequest(choices, columns)).toEqual([]);
    first.isChosen = false;
    second.isChosen = false;
    expect(splitRequest(choices, columns)).toHaveLength(1);
  });

  it("does not take two new columns of one name", () => {
    const choices = firstChoices(properties, columns);
    for (const choice of choices) choice.name = "x";
    expect(splitProblem(choices, 0, columns)).toBe("taken");
    for (const choice of choices.slice(1)) choice.isChosen = false;
    expect(splitProblem(choices, 0, columns)).toBeNull();
  });

  it("says what did not fit", () => {
    const made = {
      column: column(3, "amount"),
      property: "amount",
      filled: 7,
      misfit_example: "x",
    };
    expect(splitMessage({ columns: [{ ...made, misfits: 0 }], no_objects: 0 })).toEqual({
      title: "Made 1 column",
      detail: null,
    });
    const { detail } = splitMessage({ columns: [{ ...made, misfits: 2 }], no_objects: 1 });
    expect(detail).toBe(
      "amount: 2 values did not fit and are empty\n1 cell holds no object and was left out",
    );
  });
});
