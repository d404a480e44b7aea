import { describe, expect, it } from "vitest";
import type { SheetInfo } from "~/ipc";
import { newSheetName, sheetOrder, shownSheets, sizeText } from "./sheet-order";

function sheet(name: string, changed_at_ms = 0, row_count = 0, column_count = 1): SheetInfo {
  return {
    id: name,
    name,
    row_count,
    column_count,
    created_at_ms: 0,
    changed_at_ms,
    local_only: false,
  };
}
function names(sheets: SheetInfo[]) {
  return sheets.map((info) => info.name);
}

describe("the list of sheets", () => {
  const sheets = [
    sheet("Zürich prices", 3, 10, 2),
    sheet("reviews 10", 1, 1000, 3),
    sheet("Reviews 9", 2, 5, 1),
  ];

  it("is sorted by change, name or size", () => {
    expect(names(shownSheets(sheets, "", "recent"))).toEqual([
      "Zürich prices",
      "Reviews 9",
      "reviews 10",
    ]);
    expect(names(shownSheets(sheets, "", "name"))).toEqual([
      "Reviews 9",
      "reviews 10",
      "Zürich prices",
    ]);
    expect(names(shownSheets(sheets, "", "size"))).toEqual([
      "reviews 10",
      "Zürich prices",
      "Reviews 9",
    ]);
  });

  it("is searched by words in any order, without accents or case", () => {
    expect(names(shownSheets(sheets, "zurich", "recent"))).toEqual(["Zürich prices"]);
    expect(names(shownSheets(sheets, " 9  REV ", "recent"))).toEqual(["Reviews 9"]);
    expect(shownSheets(sheets, "nothing", "recent")).toEqual([]);
  });

  it("that comes in stays as it is", () => {
    const before = names(sheets);
    shownSheets(sheets, "", "name");
    expect(names(sheets)).toEqual(before);
  });
});

it("remembers only orders that there are", () => {
  expect(sheetOrder("size")).toBe("size");
  expect(sheetOrder("colour")).toBe("recent");
  expect(sheetOrder(null)).toBe("recent");
});

it("gives a new sheet a name that is free", () => {
  expect(newSheetName([])).toBe("Untitled sheet");
  expect(newSheetName([sheet("Untitled sheet"), sheet("Untitled sheet 2")])).toBe(
    "Untitled sheet 3",
  );
});

it("says how large a sheet is", () => {
  expect(sizeText(sheet("a", 0, 1, 1))).toBe("1 row × 1 column");
  expect(sizeText(sheet("a", 0, 1_000_000, 20))).toMatch(/^1.000.000 rows × 20 columns$/);
  expect(sizeText(sheet("a", 0, 0, 0))).toBe("Empty");
});
