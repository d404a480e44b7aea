import { describe, expect, it } from "vitest";
import type { Column, ValueType } from "~/ipc";
import {
  chosenLabels,
  LONGEST_EDIT,
  notEditable,
  textToEdit,
  typedLabels,
  typedValue,
} from "./edit-value";

function column(value_type: ValueType): Column {
  return { id: 1, name: "C", value_type, sql_type: "", kind: { kind: "data" } };
}

describe("editing", () => {
  it("hands text over as it is, blank or not", () => {
    expect(typedValue(" a ", column("text"))).toEqual({ ok: true, value: " a " });
    expect(typedValue("", column("text"))).toEqual({ ok: true, value: "" });
  });

  it("empties a cell of another type", () => {
    expect(typedValue(" ", column("number"))).toEqual({ ok: true, value: null });
  });

  it("leaves reading numbers and dates to the column", () => {
    expect(typedValue("1.50", column("number"))).toEqual({ ok: true, value: "1.50" });
  });

  it("reads lists and objects", () => {
    expect(typedValue('{"a": [1]}', column("nested"))).toEqual({ ok: true, value: { a: [1] } });
    expect(typedValue("{a", column("nested"))).toEqual({ ok: false, problem: "json" });
  });

  it("refuses whole numbers whose digits would be lost", () => {
    expect(typedValue('{"id": 12345678901234567890}', column("nested"))).toEqual({
      ok: false,
      problem: "digits",
    });
    expect(typedValue('{"id": "12345678901234567890"}', column("nested")).ok).toBe(true);
    expect(typedValue('{"id": 1234567890123456.5}', column("nested")).ok).toBe(true);
  });

  it("shows structure over several lines and everything else as it is", () => {
    expect(textToEdit({ a: 1 }, column("nested"))).toBe('{\n  "a": 1\n}');
    expect(textToEdit(null, column("nested"))).toBe("");
    expect(textToEdit(2.5, column("number"))).toBe("2.5");
  });

  it("does not offer what a text area cannot hold", () => {
    expect(notEditable("x", column("binary"))).toBe("binary");
    expect(notEditable("x".repeat(LONGEST_EDIT + 1), column("text"))).toBe("long");
    expect(notEditable("x".repeat(LONGEST_EDIT), column("text"))).toBeNull();
    expect(notEditable(null, column("time"))).toBeNull();
  });
});

describe("labels", () => {
  const one = column("text");
  const several = column("nested");

  it("are chosen from what the cell holds, and written as it holds them", () => {
    expect(chosenLabels(textToEdit("a, b", one), one)).toEqual(["a, b"]);
    expect(chosenLabels(textToEdit(["a", "b"], several), several)).toEqual(["a", "b"]);
    expect(typedValue(typedLabels(["b"], one), one)).toEqual({ ok: true, value: "b" });
    expect(typedValue(typedLabels([], several), several)).toEqual({ ok: true, value: [] });
    // Looking and choosing nothing else is no change.
    expect(typedLabels(["a", "b"], several)).toBe(textToEdit(["a", "b"], several));
  });

  it("are none in an empty cell, and in one that holds something else", () => {
    for (const text of ["", " "]) expect(chosenLabels(text, one)).toEqual([]);
    for (const text of ["{", "{}", "3"]) expect(chosenLabels(text, several)).toEqual([]);
  });
});
