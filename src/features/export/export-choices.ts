import { extensionOf, formatFromPath, formatLabel, formats } from "~/features/import";
import type { Column, ColumnId, ExportFile, Format } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { text } from "./strings";

/** Which rows go out. */
export type ExportScope = "all" | "view" | "selected";

/** What a person chose in the export dialog. */
export interface ExportChoices {
  format: Format;
  scope: ExportScope;
  /** Columns that stay behind. */
  without: ColumnId[];
  neutralise: boolean;
}

/** What a workbook can hold below its header. */
export const WORKBOOK_ROWS = 1_048_575;
export const WORKBOOK_COLUMNS = 16_384;

/** The parts of the open sheet that an export depends on. */
export type ExportedSheet = Pick<SheetState, "info" | "columns" | "view" | "rowCount" | "selected">;

/** The formats that sheets are written to, in the order in which they are offered. */
export const writtenFormats: readonly Format[] = formats
  .filter((facts) => facts.isWritten)
  .map((facts) => facts.format);

/** The format that a word stands for; CSV for a word that is none. */
export function writtenFormat(word: string | null): Format {
  return writtenFormats.find((format) => format === word) ?? "csv";
}

/** What is chosen before a person chose anything: what they look at, all columns. */
export function firstChoices(sheet: ExportedSheet, format: Format): ExportChoices {
  return { format, scope: sheet.view ? "view" : "all", without: [], neutralise: true };
}

/** How many rows each choice has, or why it cannot be made. */
export type ScopeRows = { rows: number } | { reason: string };

/** The choices of rows for the sheet as it is now. */
export function scopes(sheet: ExportedSheet): Record<ExportScope, ScopeRows> {
  const { rows, several } = sheet.selected;
  return {
    all: { rows: sheet.info.row_count },
    view: sheet.view ? { rows: sheet.view.row_count } : { reason: text.viewMissing },
    selected: several
      ? { reason: text.selectionSeveral }
      : rows
        ? { rows: rows.last - rows.first + 1 }
        : { reason: text.selectionMissing },
  };
}

/** How many rows would be written. */
export function exportedRows(sheet: ExportedSheet, scope: ExportScope): number {
  const found = scopes(sheet)[scope];
  return "rows" in found ? found.rows : 0;
}

/** The columns that would be written, in display order. */
export function exportedColumns(sheet: ExportedSheet, without: readonly ColumnId[]): Column[] {
  return sheet.columns.filter((column) => !without.includes(column.id));
}

/** Why the export cannot be made as it is chosen, or null. */
export function exportProblem(sheet: ExportedSheet, choices: ExportChoices): string | null {
  const columns = exportedColumns(sheet, choices.without).length;
  const rows = scopes(sheet)[choices.scope];
  if ("reason" in rows) return rows.reason;
  if (columns === 0) return text.noColumns;
  if (choices.format !== "xlsx") return null;
  if (rows.rows > WORKBOOK_ROWS) return text.tooManyRows(WORKBOOK_ROWS);
  if (columns > WORKBOOK_COLUMNS) return text.tooManyColumns(WORKBOOK_COLUMNS);
  return null;
}

/** Why a chosen path does not go with the format, or null. */
export function pathProblem(path: string, format: Format): string | null {
  const named = formatFromPath(path);
  if (named === null || named === format) return null;
  return text.wrongEnding(extensionOf(path), formatLabel(format));
}

/** Whether the switch against formulas means anything, and what. */
export function neutraliseHint(format: Format): string | null {
  if (format === "csv" || format === "tsv") return text.neutraliseText;
  return format === "xlsx" ? text.neutraliseWorkbook : null;
}

/** The choices in the exporter's terms. */
export function exportFile(sheet: ExportedSheet, choices: ExportChoices, path: string): ExportFile {
  const { rows } = sheet.selected;
  const isSelected = choices.scope === "selected" && rows !== null;
  const columns = exportedColumns(sheet, choices.without);
  return {
    path,
    format: choices.format,
    columns: columns.length === sheet.columns.length ? null : columns.map((column) => column.name),
    view: choices.scope === "all" ? null : (sheet.view?.id ?? null),
    range: isSelected ? { start: rows.first, count: rows.last - rows.first + 1 } : null,
    neutralise_formulas: neutraliseHint(choices.format) === null || choices.neutralise,
  };
}

/** A file name for a sheet that every system takes. */
export function suggestedName(sheetName: string, extension: string): string {
  const plain = sheetName
    // biome-ignore lint/suspicious/noControlCharactersInRegex: file names must not have them
    .replace(/[\u0000-\u001F\u007F<>:"/\\|?*]+/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 120)
    .replace(/[. ]+$/, "");
  const isReserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(plain);
  return `${plain === "" || isReserved ? `sheet ${plain}`.trim() : plain}.${extension}`;
}
