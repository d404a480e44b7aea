/**
 * Markdown as a tree, read from text that nobody vouches for. It never makes HTML: the view draws
 * known elements, everything else stays the text it is. Images are named, never loaded; only
 * http(s) links are links. The time taken grows with the length of the text, whatever is in it.
 */
import { type Inline, inlineOf } from "./markdown-inline";

export type { Inline } from "./markdown-inline";

export type Align = "start" | "center" | "end";

/** A block of a Markdown text. */
export type Block =
  | { kind: "heading"; level: number; content: Inline[] }
  | { kind: "paragraph"; content: Inline[] }
  | { kind: "list"; ordered: boolean; start: number; items: ListItem[] }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "table"; header: Inline[][]; align: Align[]; rows: Inline[][][] }
  | { kind: "rule" };

/** An item of a list; `checked` is null for one that is no to-do. */
export interface ListItem {
  checked: boolean | null;
  blocks: Block[];
}

/** Lists and quotes deeper than this stay text. */
const DEEPEST = 12;

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const FENCE = /^( {0,3})(`{3,}|~{3,})([^`]*)$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|$)/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const TODO = /^\[([ xX])\][ \t]+/;

/** The blocks of a text. */
export function parseMarkdown(text: string): Block[] {
  return blocksOf(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const taken =
      codeBlock(lines, at) ??
      heading(line) ??
      rule(line) ??
      (depth < DEEPEST ? (quote(lines, at, depth) ?? list(lines, at, depth)) : null) ??
      table(lines, at) ??
      paragraph(lines, at, depth);
    blocks.push(taken.block);
    at += taken.lines;
  }
  return blocks;
}

interface Taken {
  block: Block;
  lines: number;
}

function codeBlock(lines: readonly string[], at: number): Taken | null {
  const fence = FENCE.exec(lines[at] ?? "");
  if (!fence) return null;
  const [, indent = "", marks = "", info = ""] = fence;
  const content: string[] = [];
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    next += 1;
    if (closesFence(line, marks)) break;
    content.push(line.startsWith(indent) ? line.slice(indent.length) : line.trimStart());
  }
  const language = info.trim().split(/\s+/, 1)[0] ?? "";
  return { block: { kind: "code", language, text: content.join("\n") }, lines: next - at };
}

function closesFence(line: string, marks: string): boolean {
  const trimmed = line.trim();
  const mark = marks.charAt(0);
  return trimmed.length >= marks.length && [...trimmed].every((character) => character === mark);
}

function heading(line: string): Taken | null {
  const found = HEADING.exec(line);
  if (!found) return null;
  const [, marks = "", content = ""] = found;
  return {
    block: {
      kind: "heading",
      level: marks.length,
      content: inlineOf(withoutClosingMarks(content)),
    },
    lines: 1,
  };
}

/** `Title ##` is `Title`; written without a pattern, which would be slow on many marks. */
function withoutClosingMarks(content: string): string {
  const trimmed = content.trim();
  let end = trimmed.length;
  while (end > 0 && trimmed.charAt(end - 1) === "#") end -= 1;
  const closes = end < trimmed.length && (end === 0 || /\s/.test(trimmed.charAt(end - 1)));
  return closes ? trimmed.slice(0, end).trimEnd() : trimmed;
}

function isRule(line: string): boolean {
  // A long line is no rule, and the pattern is not for long lines.
  return line.length <= 200 && RULE.test(line);
}

function rule(line: string): Taken | null {
  return isRule(line) ? { block: { kind: "rule" }, lines: 1 } : null;
}

function quote(lines: readonly string[], at: number, depth: number): Taken | null {
  const content: string[] = [];
  let next = at;
  while (next < lines.length && QUOTE.test(lines[next] ?? "")) {
    content.push((lines[next] ?? "").replace(QUOTE, ""));
    next += 1;
  }
  if (content.length === 0) return null;
  return { block: { kind: "quote", blocks: blocksOf(content, depth + 1) }, lines: next - at };
}

interface Marker {
  ordered: boolean;
  number: number;
  /** The bullet, or what stands behind the number: another one begins another list. */
  sign: string;
  /** Where the content begins. */
  indent: number;
  content: string;
}

function markerOf(line: string): Marker | null {
  if (isRule(line)) return null;
  const found = ITEM.exec(line);
  if (!found) return null;
  const [, before = "", mark = "", space = " ", content = ""] = found;
  const ordered = mark.length > 1;
  // More than four spaces behind the mark belong to the content.
  const gap = space.length > 4 ? 1 : Math.max(1, space.length);
  return {
    ordered,
    number: ordered ? Number.parseInt(mark, 10) : 0,
    sign: mark.charAt(mark.length - 1),
    indent: before.length + mark.length + gap,
    content: space.slice(gap) + content,
  };
}

function list(lines: readonly string[], at: number, depth: number): Taken | null {
  const first = markerOf(lines[at] ?? "");
  if (!first) return null;
  const items: ListItem[] = [];
  let next = at;
  while (next < lines.length) {
    const marker = markerOf(lines[next] ?? "");
    if (!marker || marker.ordered !== first.ordered || marker.sign !== first.sign) break;
    const { content, end } = itemLines(lines, next, marker);
    items.push(listItem(content, depth));
    next = end;
  }
  const { ordered, number: start } = first;
  return { block: { kind: "list", ordered, start, items }, lines: next - at };
}

/** The lines of an item without its mark: those behind it that are indented, and blank ones. */
function itemLines(
  lines: readonly string[],
  at: number,
  marker: Marker,
): { content: string[]; end: number } {
  const content = [marker.content];
  let end = at + 1;
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    const indent = line.length - line.trimStart().length;
    const isBlank = line.trim() === "";
    // Two spaces nest under a number too: models write it so.
    const belongs = isBlank || indent >= Math.min(marker.indent, 2);
    if (!belongs && !(next === end && isContinuation(line))) break;
    content.push(isBlank ? "" : line.slice(Math.min(indent, marker.indent)));
    next += 1;
    if (!isBlank) end = next;
  }
  // Blank lines at the end are between this item and what follows.
  return { content: content.slice(0, end - at), end: next };
}

/** Whether a line that is not indented goes on with the sentence of the line above. */
function isContinuation(line: string): boolean {
  return !beginsBlock(line) && !markerOf(line);
}

function listItem(content: string[], depth: number): ListItem {
  const todo = TODO.exec(content[0] ?? "");
  const lines = todo ? [(content[0] ?? "").slice(todo[0].length), ...content.slice(1)] : content;
  return {
    checked: todo ? todo[1] !== " " : null,
    blocks: blocksOf(lines, depth + 1),
  };
}

function table(lines: readonly string[], at: number): Taken | null {
  const header = lines[at] ?? "";
  const under = lines[at + 1] ?? "";
  if (!header.includes("|") || !under.includes("-") || !TABLE_RULE.test(under)) return null;
  const names = cellsOf(header);
  const align = cellsOf(under).map(alignOf);
  if (names.length !== align.length) return null;
  const rows: Inline[][][] = [];
  let next = at + 2;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    if (line.trim() === "" || !line.includes("|")) break;
    const cells = cellsOf(line);
    rows.push(names.map((_, place) => inlineOf(cells[place] ?? "")));
    next += 1;
  }
  const block: Block = { kind: "table", header: names.map(inlineOf), align, rows };
  return { block, lines: next - at };
}

function alignOf(rule: string): Align {
  const isEnd = rule.endsWith(":");
  if (isEnd && rule.startsWith(":")) return "center";
  return isEnd ? "end" : "start";
}

/** The cells of a table's line; `\|` and pipes in code do not end one. */
function cellsOf(line: string): string[] {
  let trimmed = line.trim();
  if (trimmed.startsWith("|")) trimmed = trimmed.slice(1);
  const cells: string[] = [];
  let cell = "";
  let isCode = false;
  for (let at = 0; at < trimmed.length; at += 1) {
    const character = trimmed.charAt(at);
    if (character === "\\" && trimmed.charAt(at + 1) === "|") {
      cell += "|";
      at += 1;
    } else if (character === "|" && !isCode) {
      cells.push(cell.trim());
      cell = "";
    } else {
      if (character === "`") isCode = !isCode;
      cell += character;
    }
  }
  if (cell.trim() !== "" || cells.length === 0) cells.push(cell.trim());
  return cells;
}

function beginsBlock(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || isRule(line);
}

function paragraph(lines: readonly string[], at: number, depth: number): Taken {
  const content = [lines[at] ?? ""];
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    if (line.trim() === "" || beginsBlock(line)) break;
    if (depth < DEEPEST && markerOf(line)) break;
    if (table(lines, next)) break;
    content.push(line);
    next += 1;
  }
  const text = content.map((line) => line.trimStart()).join("\n");
  return { block: { kind: "paragraph", content: inlineOf(text) }, lines: next - at };
}
