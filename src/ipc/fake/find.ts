import type { Column, FindRequest, FoundCell, Replacement, RowId, SheetId } from "../bindings";
import { editCells } from "./cells";
import type { Part } from "./commands";
import { patternOf, testOf } from "./filter";
import type { FakeSheet } from "./sheet";
import { textOf } from "./values";
import { viewOf } from "./views";
import type { World } from "./world";

interface Match {
  row: RowId;
  column: Column;
  before: string;
}

function patternFor(request: FindRequest): RegExp {
  const plain = request.regex ? request.text : request.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const whole = request.whole ? `^(?:${plain})$` : plain;
  return patternOf(whole, request.match_case ? "gu" : "giu");
}

function matches(sheet: FakeSheet, request: FindRequest, rows: RowId[]): Match[] {
  if (request.text === "") return [];
  const pattern = patternFor(request);
  const columns = request.columns?.map((id) => sheet.column(id)) ?? sheet.columns;
  const test = request.filter ? testOf(sheet, request.filter) : () => true;
  const found: Match[] = [];
  for (const row of rows) {
    if (!test(row)) continue;
    for (const column of columns) {
      const before = textOf(sheet.cell(row, column).value);
      pattern.lastIndex = 0;
      if (before !== "" && pattern.test(before)) found.push({ row, column, before });
    }
  }
  return found;
}

function replacements(sheet: FakeSheet, request: FindRequest, replacement: string): Replacement[] {
  const pattern = patternFor(request);
  const text = request.regex ? replacement : replacement.replaceAll("$", "$$$$");
  return matches(sheet, request, sheet.allRows())
    .map(({ row, column, before }) => {
      pattern.lastIndex = 0;
      return { row, column: column.id, before, after: before.replace(pattern, text) };
    })
    .filter((each) => each.before !== each.after);
}

export function findCommands(world: World): Part<"find" | "previewReplacements" | "replace"> {
  const sheetOf = (id: SheetId) => world.sheet(id);
  return {
    find: (id, request, view) => {
      const sheet = sheetOf(id);
      const rows = view === null ? sheet.allRows() : viewOf(sheet, view).rows;
      const all = matches(sheet, request, rows).map(
        ({ row, column }): FoundCell => ({ row, column: column.id }),
      );
      const skip = request.skip ?? 0;
      return { cells: all.slice(skip, skip + request.limit), total: all.length };
    },
    previewReplacements: (id, request, replacement) => {
      const skip = request.skip ?? 0;
      const all = replacements(sheetOf(id), request, replacement);
      return all.slice(skip, skip + request.limit);
    },
    replace: (id, request, replacement) => {
      const sheet = sheetOf(id);
      const all = replacements(sheet, request, replacement);
      if (all.length === 0) return 0;
      const edits = all.map(({ row, column, after }) => ({ row, column, value: after }));
      const cells = all.length === 1 ? "a cell" : `${all.length} cells`;
      sheet.act(`Replace in ${cells}`, () => editCells(sheet, edits));
      return all.length;
    },
  };
}
