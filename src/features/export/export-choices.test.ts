import { describe, expect, it } from "vitest";
import type { Column } from "~/ipc";
import {
  type ExportedSheet,
  exportedRows,
  exportFile,
  exportProblem,
  firstChoices,
  neutraliseHint,
  pathProblem,
  scopes,
  suggestedName,
  WORKBOOK_ROWS,
  writtenFormat,
  writtenFormats,
} from "./export-choices";

function column(id: number, name: string): Column {
  return {
    id,
    name,
    value_type: "text",
    sql_type: "VARCHAR",
    kind: { kind: "data" },
  };
}

function sheet(changes: Partial<ExportedSheet> = {}): ExportedSheet {
  return {
    info: {
      id: "s",
      name: "Tickets",
      row_count: 100,
      column_count: 3,
      created_at_ms: 0,
      changed_at_ms: 0,
      local_only: false,
    },
    columns: [column(1, "a"), column(2, "b"), column(3, "c")],
    view: null,
    rowCount: 100,
    selected: { row: null, column: null, rows: null, columns: [], several: false },
    ...changes,
  };
}
function selected(first: number, last: number, several = false) {
  return {
    row: 1,
    column: 1,
    rows: { first, last },
    columns: [1],
    several,
  };
}

describe("rows", () => {
  it("are at first those that a person looks at", () => {
    expect(firstChoices(sheet(), "csv").scope).toBe("all");
    expect(firstChoices(sheet({ view: { id: 7, row_count: 5 } }), "csv").scope).toBe("view");
  });

  it("are offered with their number, or with the reason why not", () => {
    const found = scopes(sheet({ view: { id: 7, row_count: 5 }, selected: selected(2, 4) }));
    expect(found).toEqual({ all: { rows: 100 }, view: { rows: 5 }, selected: { rows: 3 } });
    expect(scopes(sheet()).view).toHaveProperty("reason");
    expect(scopes(sheet()).selected).toHaveProperty("reason");
    expect(scopes(sheet({ selected: selected(1, 2, true) })).selected).toHaveProperty("reason");
    expect(exportedRows(sheet(), "view")).toBe(0);
  });

  it("are told to the exporter by view and positions", () => {
    const open = sheet({ view: { id: 7, row_count: 50 }, selected: selected(10, 19) });
    const choices = firstChoices(open, "csv");
    function place(scope: "all" | "view" | "selected", of = open) {
      const { view, range } = exportFile(of, { ...choices, scope }, "/x.csv");
      return { view, range };
    }
    expect(place("all")).toEqual({ view: null, range: null });
    expect(place("view")).toEqual({ view: 7, range: null });
    expect(place("selected")).toEqual({ view: 7, range: { start: 10, count: 10 } });
    expect(place("selected", sheet({ selected: selected(0, 0) }))).toEqual({
      view: null,
      range: { start: 0, count: 1 },
    });
  });
});

describe("columns", () => {
  it("are all, or those that are left, in display order", () => {
    const choices = firstChoices(sheet(), "csv");
    expect(exportFile(sheet(), choices, "/x.csv").columns).toBeNull();
    expect(exportFile(sheet(), { ...choices, without: [2] }, "/x.csv").columns).toEqual(["a", "c"]);
    expect(exportProblem(sheet(), { ...choices, without: [1, 2, 3] })).not.toBeNull();
  });
});

describe("formats", () => {
  it("that are only read are not offered", () => {
    expect(writtenFormats).toContain("json");
    expect(writtenFormats).not.toContain("xls");
    expect(writtenFormats).not.toContain("ods");
    expect(writtenFormat("parquet")).toBe("parquet");
    expect(writtenFormat("ods")).toBe("csv");
  });

  it("that are too small for the sheet are refused before the work", () => {
    const large = sheet();
    large.info.row_count = WORKBOOK_ROWS + 1;
    const choices = firstChoices(large, "xlsx");
    expect(exportProblem(large, choices)).toMatch(/1.048.575/);
    expect(exportProblem(large, { ...choices, format: "parquet" })).toBeNull();
    large.info.row_count = WORKBOOK_ROWS;
    expect(exportProblem(large, choices)).toBeNull();
  });

  it("protect from formulas where there can be any", () => {
    for (const format of ["csv", "tsv", "xlsx"] as const) {
      expect(neutraliseHint(format)).not.toBeNull();
      const choices = { ...firstChoices(sheet(), format), neutralise: false };
      expect(exportFile(sheet(), choices, "/x").neutralise_formulas).toBe(false);
    }
    expect(neutraliseHint("parquet")).toBeNull();
  });

  it("must not contradict the file's name", () => {
    expect(pathProblem("/x/data.xlsx", "csv")).toMatch(/\.xlsx/);
    expect(pathProblem("/x/data.CSV", "csv")).toBeNull();
    expect(pathProblem("/x/data.pq", "parquet")).toBeNull();
    expect(pathProblem("/x/data", "csv")).toBeNull();
    expect(pathProblem("/x/data.backup", "csv")).toBeNull();
  });
});

it("suggests a file name that every system takes", () => {
  expect(suggestedName("Tickets 2026", "csv")).toBe("Tickets 2026.csv");
  expect(suggestedName('a/b\\c: "d" <e>|?*\n', "csv")).toBe("a b c d e.csv");
  expect(suggestedName("...", "xlsx")).toBe("sheet.xlsx");
  expect(suggestedName("", "xlsx")).toBe("sheet.xlsx");
  expect(suggestedName("CON", "csv")).toBe("sheet CON.csv");
  expect(suggestedName("x".repeat(400), "csv")).toHaveLength(124);
});
