import type { CellEdit, CellState, Column, ColumnId, RowId, RowPlace, Value } from "../bindings";
import { type Cell, NO_FIGURES } from "./cell";
import { parseClipboard } from "./clipboard";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { labelShares } from "./labels";
import type { FakeSheet } from "./sheet";
import { partsOf } from "./template";
import { isEmpty, valueFor } from "./values";
import type { World } from "./world";

/** Puts a value by hand and says which AI cells of the row are out of date now. */
function putByHand(sheet: FakeSheet, column: Column, row: RowId, value: Value, state: CellState) {
  const isAi = column.kind.kind === "ai";
  keepFirstValue(sheet, column, row);
  const version = column.kind.kind === "ai" ? column.kind.recipe_version : null;
  const confidence = state === "validated" ? sheet.cell(row, column).confidence : null;
  const cell: Cell = {
    value,
    state: isAi ? state : null,
    error: null,
    confidence,
    recipe_version: version,
  };
  sheet.putCell(row, column.id, state === "empty" ? { ...cell, value: null } : cell);
  sheet.log(row, column.id, {
    state,
    value,
    step: sheet.stepId,
    run: null,
    recipe_version: null,
    error: null,
    reasoning: null,
    figures: NO_FIGURES,
    messages: [],
  });
  if (state !== "validated") markStale(sheet, column, row);
}

/** A cell's log begins with the value from before the first change. */
function keepFirstValue(sheet: FakeSheet, column: Column, row: RowId): void {
  if (sheet.entries.get(column.id)?.has(row)) return;
  const before = sheet.cell(row, column);
  if (isEmpty(before.value)) return;
  sheet.log(row, column.id, {
    state: before.state ?? "edited",
    value: before.value,
    step: null,
    run: null,
    recipe_version: null,
    error: null,
    reasoning: null,
    figures: NO_FIGURES,
    messages: [],
  });
}

/** AI cells whose inputs changed are stale. */
export function markStale(sheet: FakeSheet, changed: Column, row: RowId): void {
  for (const column of sheet.columns) {
    if (column.kind.kind !== "ai" || column.id === changed.id) continue;
    const reads = partsOf(column.kind.recipe.prompt).some(
      (part) => "name" in part && part.name === changed.name,
    );
    const cell = sheet.cell(row, column);
    if (!reads || cell.state !== "done") continue;
    sheet.putCell(row, column.id, {
      value: cell.value,
      state: "stale",
      error: null,
      confidence: cell.confidence,
      recipe_version: column.kind.recipe_version,
    });
    markStale(sheet, column, row);
  }
}

function refuseMissingRow(sheet: FakeSheet, row: RowId): void {
  if (sheet.positionOf(row) < 0) refuse("not_found", `there is no row with the id ${row}`);
}

/** Edits within a step; all or none, because a refused value undoes the step. */
export function editCells(sheet: FakeSheet, edits: CellEdit[]): void {
  for (const { column: id, row, value } of edits) {
    const column = sheet.column(id);
    refuseMissingRow(sheet, row);
    const kept = valueFor(column, row, value);
    putByHand(sheet, column, row, kept, kept === null ? "empty" : "edited");
  }
}

function stepName(sheet: FakeSheet, verb: string, count: number, columns: ColumnId[]): string {
  const cells = count === 1 ? "a cell" : `${count} cells`;
  const first = columns[0];
  const isOne = first !== undefined && columns.every((column) => column === first);
  return isOne ? `${verb} ${cells} of \`${sheet.column(first).name}\`` : `${verb} ${cells}`;
}

function placeOf(sheet: FakeSheet, rows: RowId[], place: RowPlace): number {
  if (place === "first") return 0;
  if (place === "last") return rows.length;
  const row = "before" in place ? place.before : place.behind;
  refuseMissingRow(sheet, row);
  return rows.indexOf(row) + ("behind" in place ? 1 : 0);
}

const rowsText = (count: number): string => (count === 1 ? "a row" : `${count} rows`);

export function cellCommands(world: World): Part<CellCommand> {
  return {
    insertRows: (id, place, count) => {
      const sheet = world.sheet(id);
      return sheet.act(`Insert ${rowsText(count)}`, () => {
        const rows = sheet.allRows();
        const added = sheet.newRowIds(count);
        const at = placeOf(sheet, rows, place);
        sheet.setRows([...rows.slice(0, at), ...added, ...rows.slice(at)]);
        return added;
      });
    },
    deleteRows: (id, rows) => {
      const sheet = world.sheet(id);
      const gone = new Set(rows);
      sheet.act(`Delete ${rowsText(rows.length)}`, () =>
        sheet.setRows(sheet.allRows().filter((row) => !gone.has(row))),
      );
      return null;
    },
    moveRows: (id, rows, place) => {
      const sheet = world.sheet(id);
      const moved = new Set(rows);
      sheet.act(`Move ${rowsText(rows.length)}`, () => {
        const all = sheet.allRows();
        const at = placeOf(sheet, all, place);
        const stays = (row: RowId): boolean => !moved.has(row);
        const block = all.filter((row) => moved.has(row));
        sheet.setRows([
          ...all.slice(0, at).filter(stays),
          ...block,
          ...all.slice(at).filter(stays),
        ]);
      });
      return null;
    },
    editCells: (id, edits) => {
      const sheet = world.sheet(id);
      const columns = edits.map((edit) => edit.column);
      sheet.act(stepName(sheet, "Edit", edits.length, columns), () => editCells(sheet, edits));
      return null;
    },
    clearCells: (id, columns, rows) => {
      const sheet = world.sheet(id);
      const name = stepName(sheet, "Clear", columns.length * rows.length, columns);
      sheet.act(name, () => {
        for (const row of rows) {
          for (const column of columns) putByHand(sheet, sheet.column(column), row, null, "empty");
        }
      });
      return null;
    },
    paste: (id, columns, rows, block) => {
      const sheet = world.sheet(id);
      const width = Math.max(0, ...block.map((line) => line.length));
      if (width > columns.length) {
        refuse(
          "bad_input",
          `the block is ${width} columns wide and there is room for ${columns.length}`,
          "paste further left, or add columns first",
        );
      }
      const written = block.reduce((count, line) => count + line.length, 0);
      const used = columns.slice(0, width);
      return sheet.act(stepName(sheet, "Paste", written, used), () => {
        const missing = Math.max(0, block.length - rows.length);
        const added = sheet.newRowIds(missing);
        if (missing > 0) sheet.setRows([...sheet.allRows(), ...added]);
        const places = [...rows, ...added];
        const edits = block.flatMap((line, down): CellEdit[] =>
          line.flatMap((value, across) => {
            const row = places[down];
            const column = columns[across];
            return row === undefined || column === undefined ? [] : { row, column, value };
          }),
        );
        editCells(sheet, edits);
        return written;
      });
    },
    parseClipboard: (text, html) =>
      html !== null && /<table[\s>]/i.test(html)
        ? parseClipboard(html, "html")
        : parseClipboard(text, "tsv"),
    validateCells: (id, columnId, rows) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      if (column.kind.kind !== "ai") {
        refuse(
          "bad_input",
          `the column \`${column.name}\` holds data and has no recipe`,
          "only AI columns are filled and approved",
        );
      }
      sheet.act(stepName(sheet, "Approve", rows.length, [columnId]), () => {
        for (const row of rows) {
          const { value } = sheet.cell(row, column);
          if (isEmpty(value)) refuse("bad_input", "the cell is empty, there is nothing to approve");
          putByHand(sheet, column, row, value, "validated");
        }
      });
      return null;
    },
    steps: (id) => world.sheet(id).steps(),
    undo: (id) => world.sheet(id).undo(),
    redo: (id) => world.sheet(id).redo(),
    cellHistory: (id, column, row) => {
      const sheet = world.sheet(id);
      const { kind } = sheet.column(column);
      const recipe = kind.kind === "ai" ? kind.recipe : null;
      const entries = sheet.entries.get(column)?.get(row) ?? [];
      return entries.map(({ messages: _, error, ...entry }) => {
        const step = entry.step === null ? null : sheet.stepInfo(entry.step);
        const shown = { step_name: step?.name ?? null, undone: step?.undone ?? false };
        const labels = labelShares(recipe, entry.figures.label_scores ?? []);
        return { ...entry, ...shown, error: error?.message ?? null, labels };
      });
    },
    restoreCell: (id, columnId, row, seq) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      const entry = sheet.entries
        .get(columnId)
        ?.get(row)
        ?.find((each) => each.seq === seq);
      if (!entry) return refuse("not_found", `the cell has no entry ${seq}`);
      sheet.act(`Go back to an earlier value of \`${column.name}\``, () =>
        putByHand(sheet, column, row, entry.value, entry.value === null ? "empty" : "edited"),
      );
      return null;
    },
    cellPrompt: (id, column, row, seq) => {
      const entry = world
        .sheet(id)
        .entries.get(column)
        ?.get(row)
        ?.find((each) => each.seq === seq);
      if (!entry || entry.messages.length === 0) {
        return refuse("bad_input", `no model made entry ${seq} of that cell`);
      }
      return { messages: entry.messages, is_partial: false };
    },
  };
}

type CellCommand =
  | "insertRows"
  | "deleteRows"
  | "moveRows"
  | "editCells"
  | "clearCells"
  | "paste"
  | "parseClipboard"
  | "validateCells"
  | "steps"
  | "undo"
  | "redo"
  | "cellHistory"
  | "restoreCell"
  | "cellPrompt";
