/**
 * The `{{column}}` language of prompts, read as `core/src/template.rs` reads it, but forgiving:
 * a half-written reference is marked and reading goes on, because a person is still typing.
 */

/** A stretch of a prompt; the pieces of a prompt follow each other without gaps. */
export type Piece =
  | { kind: "text"; start: number; end: number }
  /** `\{{`, which stands for `{{` itself. */
  | { kind: "escape"; start: number; end: number }
  | { kind: "reference"; start: number; end: number; name: string }
  /** A `{{` that is never closed, or a reference without a name. */
  | { kind: "broken"; start: number; end: number; why: "unclosed" | "empty" };

/** What is wrong with a prompt. */
export type TemplateProblem =
  | { kind: "unclosed" | "empty"; line: number }
  | { kind: "unknown"; name: string; suggestion: string | null };

/** The half-written reference that the caret stands in. */
export interface Completion {
  /** Where its `{{` begins. */
  start: number;
  /** Where the text that it replaces ends: the caret, or behind the rest of an old reference. */
  end: number;
  /** What was typed behind `{{`. */
  typed: string;
}

/** Takes a prompt apart. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let textStart = 0;
  let at = 0;
  function cut(start: number): void {
    if (start > textStart) pieces.push({ kind: "text", start: textStart, end: start });
  }
  for (let found = text.indexOf("{{"); found !== -1; found = text.indexOf("{{", at)) {
    const slashes = slashesBefore(text, at, found);
    if (slashes % 2 === 1) {
      cut(found - 1);
      pieces.push({ kind: "escape", start: found - 1, end: found + 2 });
      at = found + 2;
    } else {
      let open = found;
      while (text[open + 2] === "{") open += 1;
      cut(open);
      const piece = pieceAt(text, open);
      pieces.push(piece);
      at = piece.end;
    }
    textStart = at;
  }
  cut(text.length);
  return pieces;
}

function slashesBefore(text: string, from: number, end: number): number {
  let start = end;
  while (start > from && text[start - 1] === "\\") start -= 1;
  return end - start;
}

function pieceAt(text: string, open: number): Piece {
  const inner = open + 2;
  const close = text.indexOf("}}", inner);
  const name = close === -1 ? null : text.slice(inner, close).trim();
  if (name === null || name.includes("{{")) {
    return { kind: "broken", start: open, end: inner, why: "unclosed" };
  }
  if (name === "") return { kind: "broken", start: open, end: close + 2, why: "empty" };
  return { kind: "reference", start: open, end: close + 2, name };
}

/** The names that a prompt refers to, each once, in the order of first use. */
export function referencesOf(text: string): string[] {
  const names = piecesOf(text).flatMap((piece) => (piece.kind === "reference" ? [piece.name] : []));
  return [...new Set(names)];
}

/** What the Rust side would refuse about a prompt, each name once. */
export function templateProblems(text: string, names: readonly string[]): TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  const seen = new Set<string>();
  for (const piece of piecesOf(text)) {
    if (piece.kind === "broken") {
      problems.push({ kind: piece.why, line: text.slice(0, piece.start).split("\n").length });
    } else if (piece.kind === "reference" && !names.includes(piece.name) && !seen.has(piece.name)) {
      seen.add(piece.name);
      problems.push({
        kind: "unknown",
        name: piece.name,
        suggestion: nearestName(piece.name, names),
      });
    }
  }
  return problems;
}

/** Whether a prompt can refer to a column of that name. */
export function canReference(name: string): boolean {
  return name !== "" && name === name.trim() && !name.includes("{{") && !name.includes("}}");
}

/** How a prompt refers to a column; braces at the ends of the name are kept apart. */
export function referenceTo(name: string): string {
  return name.startsWith("{") || name.endsWith("}") ? `{{ ${name} }}` : `{{${name}}}`;
}

/** The same prompt with another name in its references to one column. */
export function withReference(text: string, from: string, to: string): string {
  const pieces = piecesOf(text).map((piece) =>
    piece.kind === "reference" && piece.name === from
      ? referenceTo(to)
      : text.slice(piece.start, piece.end),
  );
  return pieces.join("");
}

/** The reference that is being written at the caret, or null. */
export function completionAt(text: string, caret: number): Completion | null {
  const before = text.slice(0, caret);
  const last = piecesOf(before).findLast((piece) => piece.kind === "broken");
  if (last === undefined || last.kind !== "broken" || last.why !== "unclosed") return null;
  const typed = before.slice(last.end);
  if (typed.includes("\n") || typed.includes("{{")) return null;
  const rest = /^[^{}\n]*\}\}/.exec(text.slice(caret))?.[0] ?? "";
  return { start: last.start, end: caret + rest.length, typed };
}

/** The names that fit what was typed, the best first: its beginning, a word's, then anywhere. */
export function matchingNames(names: readonly string[], typed: string): string[] {
  const wanted = typed.trim().toLowerCase();
  return names
    .filter(canReference)
    .map((name) => ({ name, rank: rankOf(name.toLowerCase(), wanted) }))
    .filter((one) => one.rank < 3)
    .sort((one, other) => one.rank - other.rank)
    .map((one) => one.name);
}

function rankOf(name: string, wanted: string): number {
  if (name.startsWith(wanted)) return 0;
  if (name.split(/[\s_\-.]+/).some((word) => word.startsWith(wanted))) return 1;
  return name.includes(wanted) ? 2 : 3;
}

/** Below this similarity a suggestion confuses more than it helps. */
const SIMILAR = 0.6;

/** The one of `names` that was probably meant, if one is close enough. */
export function nearestName(name: string, names: readonly string[]): string | null {
  const wanted = name.toLowerCase();
  let best: { name: string; similarity: number } | null = null;
  for (const known of names) {
    const similarity = similarityOf(wanted, known.trim().toLowerCase());
    if (similarity >= SIMILAR && (best === null || similarity >= best.similarity)) {
      best = { name: known, similarity };
    }
  }
  return best?.name ?? null;
}

/** 1 for the same text, 0 for nothing in common: edits and swaps against the longer length. */
function similarityOf(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  const longest = Math.max(left.length, right.length);
  return longest === 0 ? 1 : 1 - distance(left, right) / longest;
}

function distance(left: string[], right: string[]): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      next.push(cost);
    }
    [beforeLast, last] = [last, next];
  }
  return last[right.length] ?? 0;
}
