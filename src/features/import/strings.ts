import type { DataType } from "~/ipc";
import { formatCount } from "~/lib/format";

function files(count: number): string {
  return count === 1 ? "1 file" : `${formatCount(count)} files`;
}

/** All that the import says. */
export const text = {
  title: (name: string) => `Import ${name}`,
  titleNothing: "Import",
  place: (at: number, of: number) => `${at} of ${of}`,
  pastedText: "pasted text",
  pastedName: "Pasted table",
  pastedKinds: { html: "HTML table", tsv: "Tab-separated text", csv: "Comma-separated text" },

  name: "Sheet name",
  format: "Read as",
  formatAutomatic: (label: string) => `${label} (from the name)`,
  formatChoose: "Choose a format",
  textKind: "Text is",
  textKindAutomatic: (label: string) => `${label} (found)`,
  delimiter: "Separator",
  automatic: "Automatic",
  automaticFound: (found: string) => `Automatic: ${found}`,
  delimiters: {
    ",": "Comma",
    ";": "Semicolon",
    "\t": "Tab",
    "|": "Bar",
    " ": "Space",
    ":": "Colon",
  } as Record<string, string>,
  other: "Other…",
  otherCharacter: "Character",
  otherCharacterError: "One character, such as ^ or ~",
  quote: "Quote",
  quotes: { '"': 'Double " "', "'": "Single ' '", none: "None" } as Record<string, string>,
  header: "First row",
  headerNames: "Names the columns",
  headerValues: "Is data",
  encoding: "Encoding",
  encodings: { utf8: "UTF-8", utf16: "UTF-16", latin1: "Latin-1 (Windows)" },
  table: "Sheet of the workbook",
  rows: "Rows",
  rowsAll: "All",
  rowsFirst: "First",
  rowsRandom: "Random",
  rowCount: "How many rows",
  seed: "Seed",
  seedHint: "The same seed chooses the same rows",
  keepApostrophes: "Keep apostrophes before formulas",
  keepApostrophesHint: "Exports put them there so that no text runs as a formula",
  options: "How to read it",

  preview: "Preview",
  previewing: "Reading…",
  previewLabel: (rows: number, columns: number) =>
    `Preview: ${formatCount(rows)} ${rows === 1 ? "row" : "rows"}, ${formatCount(columns)} ${columns === 1 ? "column" : "columns"}`,
  previewSize: (rows: number, columns: number) =>
    `First ${formatCount(rows)} ${rows === 1 ? "row" : "rows"} · ${formatCount(columns)} ${columns === 1 ? "column" : "columns"}`,
  previewWhole: (rows: number, columns: number) =>
    `${formatCount(rows)} ${rows === 1 ? "row" : "rows"} · ${formatCount(columns)} ${columns === 1 ? "column" : "columns"}`,
  previewNoRows: "No rows",
  moreColumns: (count: number) => `Show ${formatCount(count)} more`,
  rowNumber: "Row",
  typeOf: (column: string) => `Type of ${column}`,
  typeFound: (type: string) => `${type} (found)`,
  types: {
    text: "Text",
    integer: "Whole number",
    number: "Number",
    boolean: "Yes or no",
    date: "Date",
    timestamp: "Date and time",
    json: "JSON",
  } satisfies Record<DataType, string> as Record<string, string>,

  unknownTitle: "This is no format that Braincells reads",
  reads: (formats: string) => `Braincells reads ${formats}`,
  unknownChoose: "If it is one of these under another name, choose the format",
  recipeTitle: "This looks like a recipe, not a table",
  recipeBody: "Open a sheet and choose Recipe… there to use it",
  leftOut: (names: string, more: number) =>
    more > 0 ? `Left out: ${names} and ${formatCount(more)} more` : `Left out: ${names}`,
  leftOutTitle: (count: number) => `${files(count)} cannot be imported`,

  import: "Import",
  importAll: (count: number) => `Import all ${formatCount(count)}`,
  importAllTitle: "Imports the others too, each with what is found automatically",
  skip: "Skip",
  cancel: "Cancel",
  stop: "Stop",
  stopping: "Stopping…",
  close: "Close",
  importing: (name: string) => `Importing ${name}`,
  written: (size: string) => `${size} written`,
  preparing: "Reading the file",
  imported: (count: number) => `${formatCount(count)} sheets imported`,
  importedRows: (name: string, rows: number) =>
    `${name}: ${formatCount(rows)} ${rows === 1 ? "row" : "rows"} imported`,

  nothingInFolder: "There is no table in this folder",
} as const;
