import type { Encoding, Format, ImportPreview } from "~/ipc";
import type { Choices, Source } from "./choices";
import { formatFromPath, formatLabel, formats } from "./formats";
import { looksLike } from "./source";
import { text } from "./strings";

/** One line of a select. */
export interface Option {
  value: string;
  label: string;
}

/** The value of a select that leaves a thing to the importer. */
export const AUTOMATIC = "";
/** The value of a select that asks for a character. */
export const OTHER = "other";

const encodings: readonly Encoding[] = ["utf8", "utf16", "latin1"];

/** The formats that a file may be read as; first what its name says. */
export function formatOptions(path: string): Option[] {
  const named = formatFromPath(path);
  const first = named ? text.formatAutomatic(formatLabel(named)) : text.formatChoose;
  return [
    { value: AUTOMATIC, label: first },
    ...formats.map((facts) => ({ value: facts.format, label: facts.label })),
  ];
}

/** The format that a select's value stands for. */
export function formatOfOption(value: string): Format | null {
  return formats.find((facts) => facts.format === value)?.format ?? null;
}

/** How a pasted text may be read; first what it looks like. */
export function textKindOptions(source: Source): Option[] {
  const kinds = ["html", "tsv", "csv"] as const;
  const found = source.kind === "text" ? looksLike(source.text) : "csv";
  return [
    { value: "detect", label: text.textKindAutomatic(text.pastedKinds[found]) },
    ...kinds.map((kind) => ({ value: kind, label: text.pastedKinds[kind] })),
  ];
}

/** The separators; the one that was found is said while none is chosen. */
export function delimiterOptions(choices: Choices, preview: ImportPreview | undefined): Option[] {
  const found = preview?.dialect?.delimiter ?? null;
  return [
    automatic(choices.delimiter === null && found ? characterName(found) : null),
    ...Object.entries(text.delimiters).map(([value, label]) => ({ value, label })),
    { value: OTHER, label: text.other },
  ];
}

/** The marks that enclose values. */
export function quoteOptions(choices: Choices, preview: ImportPreview | undefined): Option[] {
  const dialect = preview?.dialect;
  const found = dialect ? (dialect.quote ?? "none") : null;
  return [
    automatic(choices.quote === null && found ? (text.quotes[found] ?? found) : null),
    ...Object.entries(text.quotes).map(([value, label]) => ({ value, label })),
  ];
}

/** Whether the first row names the columns. */
export function headerOptions(choices: Choices, preview: ImportPreview | undefined): Option[] {
  const dialect = preview?.dialect;
  const found = dialect ? (dialect.header ? text.headerNames : text.headerValues) : null;
  return [
    automatic(choices.header === null ? found : null),
    { value: "names", label: text.headerNames },
    { value: "values", label: text.headerValues },
  ];
}

/** The ways in which characters may be written. */
export function encodingOptions(choices: Choices, preview: ImportPreview | undefined): Option[] {
  const found = preview?.dialect?.encoding ?? null;
  return [
    automatic(choices.encoding === null && found ? text.encodings[found] : null),
    ...encodings.map((value) => ({ value, label: text.encodings[value] })),
  ];
}

/** The encoding that a select's value stands for. */
export function encodingOfOption(value: string): Encoding | null {
  return encodings.find((encoding) => encoding === value) ?? null;
}

/**
 * The sheets of a workbook. A name may be anything, "" included, so the values are positions; the
 * first option is the sheet that the importer takes by itself.
 */
export function tableOptions(
  choices: Choices,
  tables: readonly string[],
  preview: ImportPreview | undefined,
): Option[] {
  const found = choices.table === null ? (preview?.table ?? null) : null;
  return [automatic(found), ...tables.map((label, at) => ({ value: String(at), label }))];
}

function automatic(found: string | null): Option {
  return { value: AUTOMATIC, label: found ? text.automaticFound(found) : text.automatic };
}

function characterName(character: string): string {
  return text.delimiters[character] ?? character;
}
