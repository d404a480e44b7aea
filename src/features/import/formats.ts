import type { Format } from "~/ipc";

/** What the window knows about a file format, beside its word. */
export interface FormatFacts {
  format: Format;
  /** The name that people know it by. */
  label: string;
  /** What files of it are called, without the dot; the first is the usual one. */
  extensions: readonly string[];
  /** Whether sheets can be exported to it. */
  isWritten: boolean;
}

/** All formats, in the order in which they are offered. */
export const formats: readonly FormatFacts[] = [
  { format: "csv", label: "CSV", extensions: ["csv"], isWritten: true },
  { format: "tsv", label: "TSV", extensions: ["tsv", "tab"], isWritten: true },
  { format: "xlsx", label: "Excel workbook", extensions: ["xlsx", "xlsm"], isWritten: true },
  { format: "parquet", label: "Parquet", extensions: ["parquet", "pq"], isWritten: true },
  { format: "jsonl", label: "JSON Lines", extensions: ["jsonl", "ndjson"], isWritten: true },
  { format: "json", label: "JSON", extensions: ["json"], isWritten: true },
  {
    format: "arrow",
    label: "Arrow",
    extensions: ["arrow", "feather", "ipc", "arrows"],
    isWritten: true,
  },
  { format: "xls", label: "Excel 97–2003", extensions: ["xls"], isWritten: false },
  { format: "ods", label: "OpenDocument", extensions: ["ods"], isWritten: false },
];

/** The name that people know a format by. */
export function formatLabel(format: Format): string {
  return formats.find((facts) => facts.format === format)?.label ?? format;
}

/** The usual end of a file's name, without the dot. */
export function formatExtension(format: Format): string {
  return formats.find((facts) => facts.format === format)?.extensions[0] ?? format;
}

/** The last part of a path of any platform. */
export function fileName(path: string): string {
  const trimmed = path.replace(/[/\\]+$/, "");
  return trimmed.slice(Math.max(trimmed.lastIndexOf("/"), trimmed.lastIndexOf("\\")) + 1) || path;
}

/** What stands behind the last dot of a file's name, in small letters; "" if nothing does. */
export function extensionOf(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** What the end of a file's name says about its format, if it says anything. */
export function formatFromPath(path: string): Format | null {
  const extension = extensionOf(path);
  return formats.find((facts) => facts.extensions.includes(extension))?.format ?? null;
}

/** What a sheet made of this file is called unless a person says otherwise. */
export function sheetNameFromPath(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

/** Whether a file is a recipe, which is no table but is easily dropped like one. */
export function isRecipePath(path: string): boolean {
  return ["yml", "yaml"].includes(extensionOf(path));
}

/** Of several files, those that can be imported; a file on its own is always tried. */
export function importable(paths: readonly string[]): { files: string[]; leftOut: string[] } {
  if (paths.length === 1) return { files: [...paths], leftOut: [] };
  const files = paths.filter((path) => formatFromPath(path) !== null);
  return { files, leftOut: paths.filter((path) => formatFromPath(path) === null) };
}

/** The formats in one line, for a person who has another kind of file. */
export function allFormats(): string {
  return formats.map((facts) => `${facts.label} (.${facts.extensions.join(", .")})`).join(", ");
}
