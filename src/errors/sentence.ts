/**
 * A message of the Rust side as a sentence of the window: it begins with a capital letter, unless
 * its first word is code (`in backticks`) or written in a way of its own, such as "iOS".
 */
export function sentence(message: string): string {
  const trimmed = message.trim();
  const first = trimmed.match(/^\p{Ll}+(?=[,:;.!?]?(?:\s|$))/u)?.[0];
  if (first === undefined) return trimmed;
  return trimmed.charAt(0).toLocaleUpperCase() + trimmed.slice(1);
}

/** A piece of a message: plain words, or something quoted in backticks. */
export interface Piece {
  text: string;
  quoted: boolean;
}

/** Cuts a message at its backticks, so that what they hold can be set apart. */
export function pieces(message: string): Piece[] {
  const parts = message.split("`");
  // An odd backtick at the end is only a backtick.
  if (parts.length % 2 === 0) {
    const last = parts.pop() ?? "";
    parts.push(`${parts.pop() ?? ""}\`${last}`);
  }
  return parts
    .map((part, place) => ({ text: part, quoted: place % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
