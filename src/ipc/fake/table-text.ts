import type { Value } from "../bindings";
import { textOf } from "./values";

/** Reads separated values; quotes may enclose separators, quotes and line breaks. */
export function parseDelimited(text: string, delimiter: string, quote: string | null): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (isQuoted) {
      if (character !== quote) field += character;
      else if (text[at + 1] === quote) {
        field += quote;
        at += 1;
      } else isQuoted = false;
    } else if (character === quote && field === "") isQuoted = true;
    else if (character === delimiter) {
      row.push(field);
      field = "";
    } else if (character === "\n" || character === "\r") {
      if (character === "\r" && text[at + 1] === "\n") at += 1;
      rows.push([...row, field]);
      row = [];
      field = "";
    } else field += character;
  }
  if (field !== "" || row.length > 0) rows.push([...row, field]);
  return rows;
}

/** Writes separated values, quoted as RFC 4180 says. */
export function writeDelimited(rows: string[][], delimiter: string): string {
  const quoted = (field: string): string =>
    field.includes(delimiter) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
  return rows.map((row) => row.map(quoted).join(delimiter)).join("\n");
}

/** The separator that splits every line alike, and into most fields. */
export function delimiterOf(text: string): string {
  const head = text.slice(0, 20_000);
  const width = (delimiter: string): number => parseDelimited(head, delimiter, '"')[0]?.length ?? 0;
  const candidates = [",", "\t", ";", "|"];
  return candidates.reduce((best, each) => (width(each) > width(best) ? each : best), ",");
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " };

/** The cells of the first table of an HTML text. */
export function parseHtmlTable(html: string): string[][] {
  const plain = (inner: string): string =>
    inner
      .replace(/<br\s*\/?>/gi, "\n")
      .replace(/<[^>]*>/g, "")
      .replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
      .trim();
  return [...html.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/gi)].map((row) =>
    [...(row[1] ?? "").matchAll(/<t[dh][^>]*>([\s\S]*?)<\/t[dh]>/gi)].map((cell) =>
      plain(cell[1] ?? ""),
    ),
  );
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A table as text for the clipboard or a file. */
export function writeTable(
  format: "tsv" | "csv" | "html" | "markdown" | "json" | "jsonl",
  names: string[],
  rows: Value[][],
  header: boolean,
): string {
  const texts = rows.map((row) => row.map(textOf));
  const lines = header ? [names, ...texts] : texts;
  const objects = () => rows.map((row) => Object.fromEntries(row.map((v, at) => [names[at], v])));
  switch (format) {
    case "tsv":
      return writeDelimited(lines, "\t");
    case "csv":
      return writeDelimited(lines, ",");
    case "json":
      return JSON.stringify(objects(), null, 2);
    case "jsonl":
      return objects()
        .map((row) => JSON.stringify(row))
        .join("\n");
    case "html": {
      const cells = (row: string[]) => row.map((text) => `<td>${escaped(text)}</td>`).join("");
      return `<table>${lines.map((row) => `<tr>${cells(row)}</tr>`).join("")}</table>`;
    }
    case "markdown": {
      const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
      const line = (row: string[]) => `| ${row.map(cell).join(" | ")} |`;
      return [line(names), line(names.map(() => "---")), ...texts.map(line)].join("\n");
    }
  }
}
