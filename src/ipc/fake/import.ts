import type { DataType, Format, ImportOptions, ImportPreview, InputFile, Value } from "../bindings";
import { addColumn } from "./columns";
import { refuse } from "./failure";
import type { FakeSheet } from "./sheet";
import { delimiterOf, parseDelimited } from "./table-text";
import { hashOf, narrowestType, parseAs, SQL_TYPES, textOf } from "./values";
import type { DiskFile, World } from "./world";

/** A table as it was read: values are texts until they have their column's type. */
export interface ReadTable {
  names: string[];
  types: DataType[];
  rows: Value[][];
  preview: Pick<ImportPreview, "dialect" | "tables" | "table" | "size_bytes" | "warnings">;
}

const ENDINGS: Record<string, Format> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  parquet: "parquet",
  pq: "parquet",
  arrow: "arrow",
  feather: "arrow",
  xlsx: "xlsx",
  xls: "xls",
  ods: "ods",
};

/** The format of a file by its ending. */
export function formatOf(path: string): Format {
  const ending = path.split(".").at(-1)?.toLowerCase() ?? "";
  const known = ENDINGS[ending];
  if (known) return known;
  return refuse(
    "bad_input",
    `the format of \`${path}\` is not known`,
    "CSV, TSV, JSON, JSONL, Parquet, Arrow, XLSX, XLS and ODS can be read",
  );
}

/** Reads a file of the make-believe disk. */
export function readFile(world: World, file: InputFile): ReadTable {
  const format = file.format ?? formatOf(file.source);
  const found = world.disk.get(file.source);
  if (!found) {
    return refuse(
      "not_found",
      `there is no file at \`${file.source}\``,
      "check the path and its permissions",
    );
  }
  return readContent(found, format, file.options);
}

function readContent(file: DiskFile, format: Format, options: ImportOptions): ReadTable {
  const { content, sizeBytes } = file;
  if ("unreadable" in content) {
    return refuse(
      "bad_input",
      `\`${file.path}\` cannot be imported: ${content.unreadable}`,
      "check that the file opens in the program that made it",
    );
  }
  if ("tables" in content) {
    const tables = Object.keys(content.tables);
    const table = options.table ?? tables[0] ?? "";
    const text = content.tables[table];
    if (text === undefined) {
      return refuse("bad_input", `the workbook has no sheet \`${table}\``, `it has ${tables}`);
    }
    const read = readText(text, "csv", options, sizeBytes);
    return { ...read, preview: { ...read.preview, dialect: null, tables, table } };
  }
  return readText(content.text, format, options, sizeBytes);
}

/** Reads a text as a table. */
export function readText(
  text: string,
  format: Format,
  options: ImportOptions,
  sizeBytes = text.length,
): ReadTable {
  if (format === "json" || format === "jsonl") return readJson(text, format, options, sizeBytes);
  const delimiter = options.delimiter ?? (format === "tsv" ? "\t" : delimiterOf(text));
  const quote = options.quote === "none" ? null : options.quote ? options.quote.character : '"';
  const lines = parseDelimited(text, delimiter, quote);
  const width = lines[0]?.length ?? 0;
  const odd = lines.findIndex((line) => line.length !== width);
  if (odd >= 0) {
    refuse(
      "bad_input",
      `line ${odd + 1} has ${lines[odd]?.length} values, the lines before have ${width}`,
      "check the separator and the quotes",
    );
  }
  const header = options.header ?? true;
  const first = lines[0] ?? [];
  const names = header
    ? first.map((name, at) => name.trim() || `column_${at + 1}`)
    : first.map((_, at) => (at === 0 ? "column" : `column_${at + 1}`));
  const texts = chosen(header ? lines.slice(1) : lines, options);
  const dialect = { delimiter, quote, header, encoding: options.encoding ?? "utf8" };
  const preview = { dialect, tables: [], table: null, size_bytes: sizeBytes, warnings: [] };
  return typed(names, texts, options, preview);
}

function readJson(
  text: string,
  format: Format,
  options: ImportOptions,
  sizeBytes: number,
): ReadTable {
  let records: Value[];
  try {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    records = format === "json" ? JSON.parse(text) : lines.map((line) => JSON.parse(line) as Value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse("bad_input", `the text is not ${format.toUpperCase()}: ${reason}`, "check it");
  }
  const objects = records.filter(
    (record): record is { [name: string]: Value } =>
      typeof record === "object" && record !== null && !Array.isArray(record),
  );
  const names = [...new Set(objects.flatMap((record) => Object.keys(record)))];
  const rows = objects.map((record) => names.map((name) => record[name] ?? null));
  const preview = {
    dialect: null,
    tables: [],
    table: null,
    size_bytes: sizeBytes,
    warnings: [],
  };
  const read = typed(
    names,
    chosen(rows, options).map((row) => row.map(textOf)),
    options,
    preview,
  );
  names.forEach((_, at) => {
    if (rows.some((row) => typeof row[at] === "object" && row[at] !== null)) {
      read.types[at] = "json";
      for (const row of read.rows) row[at] = parseAs(textOf(row[at] ?? null), "json") ?? null;
    }
  });
  return read;
}

/** All rows, the first ones, or some at random in the order of the file. */
function chosen<T>(rows: T[], options: ImportOptions): T[] {
  const selection = options.rows ?? { kind: "all" };
  if (selection.kind === "all") return rows;
  if (selection.kind === "first") return rows.slice(0, selection.count);
  const luck = rows.map((_, at) => ({ at, by: hashOf(`${selection.seed}:${at}`) }));
  const lucky = luck.sort((left, right) => left.by - right.by).slice(0, selection.count);
  const kept = new Set(lucky.map((each) => each.at));
  return rows.filter((_, at) => kept.has(at));
}

function typed(
  names: string[],
  texts: string[][],
  options: ImportOptions,
  preview: ReadTable["preview"],
): ReadTable {
  const wanted = new Map(options.types ?? []);
  const types = names.map(
    (name, at) => wanted.get(name) ?? narrowestType(texts.map((row) => row[at] ?? "")),
  );
  const rows = texts.map((row, down) =>
    names.map((name, at) => {
      const text = row[at] ?? "";
      if (text === "") return null;
      const value = parseAs(text, types[at] ?? "text");
      if (value !== undefined) return value;
      return refuse(
        "bad_input",
        `\`${text.slice(0, 40)}\` in row ${down + 1} of \`${name}\` is not ${types[at]}`,
        "choose another type for the column",
      );
    }),
  );
  return { names, types, rows, preview };
}

/** The first rows of a table, for a look before it is imported. */
export function previewOf(read: ReadTable, rows: number): ImportPreview {
  const columns = read.names.map((name, at) => ({
    name,
    sql_type: SQL_TYPES[read.types[at] ?? "text"].sql,
  }));
  return { columns, rows: read.rows.slice(0, rows), ...read.preview };
}

/** Puts a table into a new sheet. */
export function fillSheet(sheet: FakeSheet, read: ReadTable): void {
  sheet.setRows(sheet.newRowIds(read.rows.length));
  const first = sheet.rowAt(0) ?? 1;
  read.names.forEach((name, at) => {
    const column = addColumn(sheet, name, read.types[at] ?? "text");
    sheet.setBase(column.id, (row) => {
      const value = read.rows[row - first]?.[at] ?? null;
      return { value, state: null, error: null, confidence: null, recipe_version: null };
    });
  });
}
