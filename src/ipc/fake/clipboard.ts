import type { ClipboardKind } from "../bindings";
import { delimiterOf, parseDelimited, parseHtmlTable } from "./table-text";

/** Clipboard text as a block of cells. */
export function parseClipboard(text: string, kind: ClipboardKind): string[][] {
  if (text === "") return [];
  const isHtml = kind === "html" || (kind === "detect" && /<table[\s>]/i.test(text));
  if (isHtml) return parseHtmlTable(text);
  const delimiter = kind === "tsv" || text.includes("\t") ? "\t" : delimiterOf(text);
  return parseDelimited(text, kind === "csv" ? "," : delimiter, '"');
}
