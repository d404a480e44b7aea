import { describe, expect, it } from "vitest";
import type { Format } from "~/ipc";
import {
  type Choices,
  fieldsOf,
  firstChoices,
  formatOf,
  importOptions,
  inputFile,
  isUsableCharacter,
  previewKey,
  type Source,
} from "./choices";

function file(path: string): Source {
  return { kind: "file", path };
}
const pasted: Source = { kind: "text", text: "a\tb" };

/** Choices in which everything is chosen. */
function everything(source: Source, format: Format | null = null): Choices {
  return {
    ...firstChoices(source, "Pasted"),
    format,
    delimiter: ";",
    quote: "'",
    header: false,
    encoding: "latin1",
    table: "Sheet 2",
    types: { id: "text" },
    keepApostrophes: true,
  };
}

describe("options", () => {
  it("leave everything to the importer at first", () => {
    const source = file("/a/tickets.csv");
    expect(inputFile("/a/tickets.csv", firstChoices(source, ""))).toEqual({
      source: "/a/tickets.csv",
      format: null,
      name: "tickets",
      options: { rows: { kind: "all" }, types: [] },
    });
  });

  it("are left out where the importer would refuse them", () => {
    function keys(format: Format) {
      return Object.keys(importOptions(file("/a/x"), everything(file("/a/x"), format))).sort();
    }
    const always = ["rows", "types"];
    const delimited = ["encoding", "header", "keep_apostrophes", "quote"];
    expect(keys("csv")).toEqual(["delimiter", ...delimited, ...always].sort());
    expect(keys("tsv")).toEqual([...delimited, ...always].sort());
    expect(keys("json")).toEqual(["encoding", ...always].sort());
    expect(keys("jsonl")).toEqual(["encoding", ...always].sort());
    for (const format of ["xlsx", "xls", "ods"] as const) {
      expect(keys(format)).toEqual(["header", "table", ...always].sort());
    }
    for (const format of ["parquet", "arrow"] as const) expect(keys(format)).toEqual(always);
  });

  it("of a text are header, rows and types", () => {
    expect(importOptions(pasted, everything(pasted))).toEqual({
      header: false,
      rows: { kind: "all" },
      types: [["id", "text"]],
    });
    expect(fieldsOf(pasted, null)).toMatchObject({ textKind: true, header: true, format: false });
  });

  it("say rows and quotes in the importer's terms", () => {
    const source = file("/a/x.csv");
    const choices = { ...everything(source), rows: "random" as const, rowCount: 50, seed: 7 };
    expect(importOptions(source, choices)).toMatchObject({
      rows: { kind: "random", count: 50, seed: 7 },
      quote: { character: "'" },
    });
    expect(importOptions(source, { ...choices, rows: "first", quote: "none" })).toMatchObject({
      rows: { kind: "first", count: 50 },
      quote: "none",
    });
  });

  it("follow a format that was chosen over the name", () => {
    const source = file("/a/data.txt");
    expect(formatOf(source, { format: null })).toBeNull();
    expect(formatOf(source, { format: "tsv" })).toBe("tsv");
    expect(formatOf(file("/a/x.csv"), { format: "jsonl" })).toBe("jsonl");
  });
});

describe("a new preview", () => {
  const source = file("/a/x.csv");
  function key(changes: Partial<Choices>) {
    return previewKey(source, { ...firstChoices(source, ""), ...changes });
  }

  it("is due when the reading changes, not when the name does", () => {
    expect(key({ name: "other" })).toBe(key({}));
    for (const change of [
      { delimiter: ";" },
      { header: false },
      { types: { a: "text" as const } },
      { rows: "first" as const },
      { format: "tsv" as const },
    ]) {
      expect(key(change)).not.toBe(key({}));
    }
    expect(key({ rowCount: 5 })).toBe(key({}));
    // A workbook's sheet means nothing for CSV.
    expect(key({ table: "b" })).toBe(key({}));
  });
});

it("takes single ASCII characters as separators", () => {
  for (const character of [",", "^", "\t", " "]) expect(isUsableCharacter(character)).toBe(true);
  for (const other of ["", ",,", "\n", "é", "\0"]) expect(isUsableCharacter(other)).toBe(false);
});
