/** Text from files and models, without anything hidden in it. */

const bidi: { [code: number]: string } = {
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
};

// A flag such as that of Wales is made of tag characters; anywhere else they hide text.
const flag = "\\u{1F3F4}[\\u{E0020}-\\u{E007F}]+";
const hidden =
  "[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u202A-\\u202E\\u2066-\\u2069\\u200B\\u2060\\uFEFF\\u{E0000}-\\u{E007F}]";
const hostile = new RegExp(`${flag}|${hidden}`, "gu");
const suspicious = new RegExp(hidden, "u");

/** The text with control characters and direction overrides made visible. Line breaks stay. */
export function harmless(text: string): string {
  const clean = suspicious.test(text) ? text.replace(hostile, visible) : text;
  return clean.includes("\r") ? clean.replace(/\r\n?/g, "\n") : clean;
}

function visible(found: string): string {
  const code = found.codePointAt(0) ?? 0;
  if (code === 0x1f3f4) return found;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  const name = bidi[code];
  return name === undefined ? "\uFFFD" : `\u27E8${name}\u27E9`;
}
