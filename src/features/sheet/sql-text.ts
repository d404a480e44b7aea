import type { Column, SqlResult } from "~/ipc";
import { formatCount } from "~/lib/format";
import { text } from "./strings";

/** Rows of a result that are shown. */
export const rowsShown = 200;

/** A name as SQL takes it, whatever characters it has. */
export function quotedName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) && !reserved.has(name.toLowerCase())
    ? name
    : `"${name.replaceAll('"', '""')}"`;
}

const reserved = new Set([
  "all",
  "and",
  "as",
  "asc",
  "by",
  "case",
  "column",
  "desc",
  "distinct",
  "end",
  "from",
  "group",
  "in",
  "is",
  "limit",
  "not",
  "null",
  "on",
  "or",
  "order",
  "select",
  "table",
  "then",
  "to",
  "union",
  "user",
  "using",
  "when",
  "where",
  "with",
]);

/** A query to begin with, in the names of this sheet. */
export function firstQuery(columns: readonly Column[]): string {
  const shown = columns.filter((column) => !column.hidden);
  // What groups well is short text: a label, a category, a yes or no.
  const grouped =
    shown.find((column) => column.kind.kind === "ai" && column.value_type === "text") ??
    shown.find((column) => column.value_type === "text") ??
    shown[0];
  if (!grouped) return "SELECT count(*) FROM sheet";
  return `SELECT ${quotedName(grouped.name)}, count(*)\nFROM sheet\nGROUP BY ALL\nORDER BY 2 DESC`;
}

/** What a result holds, and whether more was found than is shown. */
export function resultText(result: SqlResult): string {
  if (result.rows.length === 0) return text.sql.noRows;
  const parts = [text.sql.rows(text.rows(result.rows.length), text.columns(result.columns.length))];
  if (result.rows.length > rowsShown) {
    parts.push(text.sql.firstShown(formatCount(rowsShown), formatCount(result.rows.length)));
  }
  if (result.truncated) parts.push(text.sql.truncated);
  return parts.join("; ");
}
