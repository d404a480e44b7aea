import type { ClipboardKind, DataType, Encoding, Format, ImportOptions, InputFile } from "~/ipc";
import { formatFromPath, sheetNameFromPath } from "./formats";

/** What a sheet is made of: a file, or a text that was pasted. */
export type Source = { kind: "file"; path: string } | { kind: "text"; text: string };

/** Which rows come in. */
export type RowsWord = "all" | "first" | "random";

/** What a person chose in the import dialog; null and "" leave it to the importer. */
export interface Choices {
  name: string;
  /** The format of a file whose name does not tell, or tells wrong. */
  format: Format | null;
  /** How a pasted text holds its table. */
  textKind: ClipboardKind;
  delimiter: string | null;
  /** A character, or "none". */
  quote: string | null;
  header: boolean | null;
  encoding: Encoding | null;
  table: string | null;
  rows: RowsWord;
  rowCount: number;
  seed: number;
  /** Types by column name, instead of those that are found. */
  types: Record<string, DataType>;
  keepApostrophes: boolean;
}

/** Which options a source has; the others mean nothing for it and are not shown. */
export interface Fields {
  format: boolean;
  textKind: boolean;
  delimiter: boolean;
  quote: boolean;
  header: boolean;
  encoding: boolean;
  table: boolean;
  keepApostrophes: boolean;
}

/** What is chosen before a person chose anything. */
export function firstChoices(source: Source, textName: string): Choices {
  return {
    name: source.kind === "file" ? sheetNameFromPath(source.path) : textName,
    format: null,
    textKind: "detect",
    delimiter: null,
    quote: null,
    header: null,
    encoding: null,
    table: null,
    rows: "all",
    rowCount: 1000,
    seed: 0,
    types: {},
    keepApostrophes: false,
  };
}

/** The format that a source is read as: chosen, or told by the file's name. A text has none. */
export function formatOf(source: Source, choices: Pick<Choices, "format">): Format | null {
  if (source.kind === "text") return null;
  return choices.format ?? formatFromPath(source.path);
}

/** Which options to show. They are those that the importer does not refuse for the format. */
export function fieldsOf(source: Source, format: Format | null): Fields {
  if (source.kind === "text") {
    return { ...noFields, textKind: true, header: true };
  }
  const delimited = format === "csv" || format === "tsv";
  const workbook = format === "xlsx" || format === "xls" || format === "ods";
  return {
    format: true,
    textKind: false,
    delimiter: format === "csv",
    quote: delimited,
    header: delimited || workbook,
    encoding: delimited || format === "json" || format === "jsonl",
    table: workbook,
    keepApostrophes: delimited,
  };
}

const noFields: Fields = {
  format: false,
  textKind: false,
  delimiter: false,
  quote: false,
  header: false,
  encoding: false,
  table: false,
  keepApostrophes: false,
};

/** The choices in the importer's terms; what means nothing for the source is left out. */
export function importOptions(source: Source, choices: Choices): ImportOptions {
  const fields = fieldsOf(source, formatOf(source, choices));
  const options: ImportOptions = {
    rows: rowSelection(choices),
    types: Object.entries(choices.types),
  };
  if (fields.delimiter && choices.delimiter) options.delimiter = choices.delimiter;
  if (fields.quote && choices.quote) {
    options.quote = choices.quote === "none" ? "none" : { character: choices.quote };
  }
  if (fields.header && choices.header !== null) options.header = choices.header;
  if (fields.encoding && choices.encoding) options.encoding = choices.encoding;
  if (fields.table && choices.table !== null) options.table = choices.table;
  if (fields.keepApostrophes && choices.keepApostrophes) options.keep_apostrophes = true;
  return options;
}

function rowSelection(choices: Choices): NonNullable<ImportOptions["rows"]> {
  if (choices.rows === "first") return { kind: "first", count: choices.rowCount };
  if (choices.rows === "random") {
    return { kind: "random", count: choices.rowCount, seed: choices.seed };
  }
  return { kind: "all" };
}

/** A file to import, as the Rust side takes it. */
export function inputFile(path: string, choices: Choices): InputFile {
  const name = choices.name.trim();
  return {
    source: path,
    format: choices.format,
    name: name === "" ? null : name,
    options: importOptions({ kind: "file", path }, choices),
  };
}

/** All that a preview depends on, as a text that differs when a new preview is due. */
export function previewKey(source: Source, choices: Choices): string {
  return JSON.stringify([choices.format, choices.textKind, importOptions(source, choices)]);
}

/** The names of columns depend on these choices, so types that were chosen for them go. */
export function withoutTypes(choices: Choices): void {
  if (Object.keys(choices.types).length > 0) choices.types = {};
}

/** A single character that a person may type as separator or quote. */
export function isUsableCharacter(text: string): boolean {
  return /^[\t -~]$/.test(text);
}
