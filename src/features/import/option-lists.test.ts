import { expect, it } from "vitest";
import type { ImportPreview } from "~/ipc";
import { firstChoices } from "./choices";
import {
  delimiterOptions,
  encodingOfOption,
  formatOfOption,
  formatOptions,
  headerOptions,
  quoteOptions,
  tableOptions,
  textKindOptions,
} from "./option-lists";

const choices = firstChoices({ kind: "file", path: "/a.csv" }, "");
const preview: ImportPreview = {
  columns: [],
  rows: [],
  dialect: { delimiter: ";", quote: null, header: true, encoding: "utf8" },
  tables: ["Orders", ""],
  table: "Orders",
  size_bytes: 0,
  warnings: [],
};

it("says what was found, until something else is chosen", () => {
  expect(delimiterOptions(choices, preview)[0]?.label).toBe("Automatic: Semicolon");
  expect(quoteOptions(choices, preview)[0]?.label).toBe("Automatic: None");
  expect(headerOptions(choices, preview)[0]?.label).toBe("Automatic: Names the columns");
  expect(delimiterOptions({ ...choices, delimiter: "," }, preview)[0]?.label).toBe("Automatic");
  expect(delimiterOptions(choices, undefined)[0]?.label).toBe("Automatic");
});

it("names the sheets of a workbook by position, as a name may be empty", () => {
  expect(tableOptions(choices, preview.tables, preview).map((option) => option.value)).toEqual([
    "",
    "0",
    "1",
  ]);
});

it("offers the format that the name tells first, and asks where it tells none", () => {
  expect(formatOptions("/a.csv")[0]?.label).toBe("CSV (from the name)");
  expect(formatOptions("/a.bin")[0]?.label).toBe("Choose a format");
  expect(formatOfOption("parquet")).toBe("parquet");
  expect(formatOfOption("")).toBeNull();
  expect(encodingOfOption("latin1")).toBe("latin1");
  expect(encodingOfOption("")).toBeNull();
});

it("says what a pasted text looks like", () => {
  expect(textKindOptions({ kind: "text", text: "a\tb" })[0]?.label).toBe(
    "Tab-separated text (found)",
  );
});
