/** Long texts, shown piece by piece so that five megabytes do not stop the window. */

/** The first piece. */
export const FIRST_PIECE = 50_000;
/** Each further piece. */
export const NEXT_PIECE = 200_000;

/** The first pieces of a text, and how many characters are not in them. */
export interface Pieces {
  pieces: string[];
  left: number;
}

/** Cuts a text into its first `1 + more` pieces, never within a character. */
export function firstPieces(text: string, more: number): Pieces {
  const pieces: string[] = [];
  let from = 0;
  for (let count = 0; count <= more && from < text.length; count += 1) {
    const to = wholeCharacters(text, from + (count === 0 ? FIRST_PIECE : NEXT_PIECE));
    pieces.push(text.slice(from, to));
    from = to;
  }
  return { pieces, left: text.length - from };
}

/** The nearest end at or before `end` that does not divide a character of two code units. */
function wholeCharacters(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const unit = text.charCodeAt(end - 1);
  const isFirstHalf = unit >= 0xd800 && unit <= 0xdbff;
  return isFirstHalf ? end - 1 : end;
}

/** The beginning of a text in one line, for lists. */
export function snippet(text: string, length = 120): string {
  const start = text
    .slice(0, length * 4)
    .replace(/\s+/g, " ")
    .trim();
  if (start.length <= length) return text.length > length * 4 ? `${start}…` : start;
  return `${start.slice(0, wholeCharacters(start, length)).trimEnd()}…`;
}
