/** More of a cell is not painted: a cell may hold megabytes, a preview shows a line. */
const MOST_CHARACTERS = 240;

/**
 * The beginning of a cell's text in one line. Control characters and marks that turn the direction
 * of writing are replaced by visible ones, so that a hostile file cannot disguise what it holds.
 */
export function shownText(text: string, most = MOST_CHARACTERS): string {
  let cut = text.length > most ? text.slice(0, most) : text;
  // Half of a surrogate pair would be painted as a box.
  if (/[\uD800-\uDBFF]$/.test(cut)) cut = cut.slice(0, -1);
  const shown = cut.replace(/\r\n|[\n\r]/g, "⏎").replace(hidden, visible);
  return cut.length < text.length ? `${shown}…` : shown;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const hidden = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

function visible(character: string): string {
  if (character === "\t") return "⇥";
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "�";
}
