import type { Column, ExportFile, Format, InputFile, RowId, SheetInfo, Value } from "../bindings";
import { parseClipboard } from "./clipboard";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { fillSheet, formatOf, previewOf, type ReadTable, readFile, readText } from "./import";
import { freeSheetName, newSheet } from "./new-sheet";
import type { FakeSheet } from "./sheet";
import { parseHtmlTable, writeDelimited, writeTable } from "./table-text";
import { rowsAt } from "./views";
import type { World } from "./world";

const MOST_CELLS = 1_000_000;
/** Pieces in which a long call works; between two of them it can be stopped. */
const PIECES = 8;

function nameOf(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? path).replace(/\.[^.]+$/, "");
}

function imported(world: World, read: ReadTable, name: string): SheetInfo {
  const sheet = newSheet(world, freeSheetName(world, name));
  fillSheet(sheet, read);
  return sheet.info;
}

function textTable(text: string, kind: Parameters<typeof parseClipboard>[1]): string {
  const isHtml = kind === "html" || (kind === "detect" && /<table[\s>]/i.test(text));
  const block = isHtml ? parseHtmlTable(text) : parseClipboard(text, kind);
  if (block.length === 0) {
    refuse("bad_input", "the text has no table in it", "copy the cells of a table first");
  }
  return writeDelimited(block, ",");
}

function valuesOf(sheet: FakeSheet, rows: RowId[], columns: Column[]): Value[][] {
  return rows.map((row) => columns.map((column) => sheet.cell(row, column).value));
}

const EXPORTABLE: Format[] = ["csv", "tsv", "jsonl", "parquet", "arrow", "xlsx"];

function written(
  sheet: FakeSheet,
  file: ExportFile,
  format: Format,
): { text: string; count: number } {
  const columns =
    file.columns?.map(
      (name) =>
        sheet.columns.find((column) => column.name === name) ??
        refuse("not_found", `there is no column \`${name}\``),
    ) ?? sheet.columns;
  const { start, count } = file.range ?? { start: 0, count: Number.MAX_SAFE_INTEGER };
  const rows = rowsAt(sheet, file.view, start, count);
  const values = valuesOf(sheet, rows, columns).map((row) =>
    row.map((value) =>
      file.neutralise_formulas && typeof value === "string" && /^[=+\-@\t\r]/.test(value)
        ? `'${value}`
        : value,
    ),
  );
  const names = columns.map((column) => column.name);
  const kind = format === "tsv" || format === "jsonl" ? format : "csv";
  return { text: writeTable(kind, names, values, true), count: rows.length };
}

export function transferCommands(world: World): Part<TransferCommand> {
  const long = (task: string, bytes: number, work: () => SheetInfo): Promise<SheetInfo> =>
    world.task(task, async (pause) => {
      const isLarge = bytes > 50_000_000;
      const pieces = isLarge ? PIECES * 4 : PIECES;
      for (let piece = 1; piece <= pieces; piece += 1) {
        world.emit({
          event: "import_progress",
          bytes_written: Math.round((bytes * piece) / pieces),
        });
        await pause(isLarge ? world.importPieceMs : 15);
      }
      return work();
    });
  return {
    previewImport: (file, rows, task) =>
      world.task(task, async (pause) => {
        await pause(30);
        return previewOf(readFile(world, file), rows);
      }),
    importFile: (file: InputFile, task) => {
      const read = readFile(world, file);
      const name = file.name ?? nameOf(file.source);
      return long(task, read.preview.size_bytes, () => imported(world, read, name));
    },
    previewText: (text, kind, options, rows) =>
      previewOf(readText(textTable(text, kind), "csv", options, text.length), rows),
    importText: (text, kind, name, options) =>
      imported(world, readText(textTable(text, kind), "csv", options), name),
    exportSheet: (id, file, task) =>
      world.task(task, async (pause) => {
        const format = file.format ?? formatOf(file.path);
        if (!EXPORTABLE.includes(format)) {
          refuse(
            "bad_input",
            `a sheet cannot be written as ${format}`,
            `choose one of ${EXPORTABLE.join(", ")}`,
          );
        }
        const { text, count } = written(world.sheet(id), file, format);
        for (let piece = 0; piece < PIECES; piece += 1) await pause(25);
        world.written.set(file.path, text);
        return count;
      }),
    copyCells: (id, request) => {
      const sheet = world.sheet(id);
      const columns = request.columns.map((column) => sheet.column(column));
      const cells = columns.length * request.count;
      if (cells > MOST_CELLS) {
        refuse("bad_input", `${cells} cells are too many for the clipboard`, "export them instead");
      }
      const rows = rowsAt(sheet, request.view, request.start, request.count);
      const names = columns.map((column) => column.name);
      const values = valuesOf(sheet, rows, columns);
      world.clipboard = writeTable(request.format, names, values, request.header);
      return rows.length * columns.length;
    },
    copyText: (text) => {
      world.clipboard = text;
      return null;
    },
  };
}

type TransferCommand =
  | "previewImport"
  | "importFile"
  | "previewText"
  | "importText"
  | "exportSheet"
  | "copyCells"
  | "copyText";
