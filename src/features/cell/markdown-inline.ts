/** Bold, italic, code and links within a block of Markdown. */

/** A piece of a line. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis" | "strike"; content: Inline[] }
  | { kind: "link"; url: string; content: Inline[] }
  | { kind: "image"; description: string; url: string }
  | { kind: "break" };

type Wrapping = "strong" | "emphasis" | "strike";

const WRAPPINGS: readonly (readonly [string, Wrapping])[] = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "strike"],
  ["*", "emphasis"],
  ["_", "emphasis"],
];

const DEEPEST = 8;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const BARE_LINK = /^https?:\/\/[^\s<>"`]+/i;
/** A longer address is text: nobody could judge it before opening it. */
const LONGEST_URL = 2_000;

/** The pieces of a text. */
export function inlineOf(text: string, depth = 0): Inline[] {
  return new Reader(text, depth).read();
}

/** The address in the form that is shown and opened; null unless it is http(s). */
export function webAddress(url: string): string | null {
  if (url.length > LONGEST_URL || !/^https?:\/\//i.test(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

class Reader {
  private readonly pieces: Inline[] = [];
  /** Finished lines of the text that is being read, each with its break. */
  private lines: string[] = [];
  private plain = "";
  private at = 0;
  /** Marks that were searched for in vain: they are not searched for again. */
  private readonly missing = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly depth: number,
  ) {}

  read(): Inline[] {
    while (this.at < this.text.length) {
      if (!this.readPiece()) {
        this.plain += this.text.charAt(this.at);
        this.at += 1;
      }
    }
    this.endPlain();
    return this.pieces;
  }

  private readPiece(): boolean {
    switch (this.text.charAt(this.at)) {
      case "\\":
        return this.readEscape();
      case "\n":
        return this.readBreak();
      case "`":
        return this.readCode();
      case "!":
        return this.text.charAt(this.at + 1) === "[" && this.readLink(true);
      case "[":
        return this.readLink(false);
      case "<":
        return this.readBracketed();
      case "h":
      case "H":
        return this.readBareLink();
      case "*":
      case "_":
      case "~":
        return this.depth < DEEPEST && this.readWrapped();
      default:
        return false;
    }
  }

  private push(piece: Inline, length: number): true {
    this.endPlain();
    this.pieces.push(piece);
    this.at += length;
    return true;
  }

  private endPlain(): void {
    const text = this.lines.join("") + this.plain;
    if (text !== "") this.pieces.push({ kind: "text", text });
    this.lines = [];
    this.plain = "";
  }

  private readEscape(): boolean {
    const next = this.text.charAt(this.at + 1);
    if (next === "\n") return this.push({ kind: "break" }, 2);
    if (!ESCAPABLE.test(next)) return false;
    this.plain += next;
    this.at += 2;
    return true;
  }

  private readBreak(): boolean {
    const isHard = this.plain.endsWith("  ");
    this.plain = this.plain.trimEnd();
    if (isHard) return this.push({ kind: "break" }, 1);
    // Line by line: to trim all that was read so far at each break takes the square of the time.
    this.lines.push(`${this.plain}\n`);
    this.plain = "";
    this.at += 1;
    return true;
  }

  private readCode(): boolean {
    const marks = runOf(this.text, this.at, "`");
    const from = this.at + marks.length;
    const to = this.missing.has(marks) ? -1 : closingTicks(this.text, from, marks.length);
    if (to === -1) {
      this.missing.add(marks);
      this.plain += marks;
      this.at = from;
      return true;
    }
    const code = this.text.slice(from, to).replaceAll("\n", " ");
    const isPadded = code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "";
    const text = isPadded ? code.slice(1, -1) : code;
    return this.push({ kind: "code", text }, to + marks.length - this.at);
  }

  private readLink(isImage: boolean): boolean {
    const open = this.at + (isImage ? 1 : 0);
    // Up to the next bracket only: what is scanned here is scanned once.
    const close = nextBracket(this.text, open + 1);
    if (this.text.charAt(close) !== "]" || this.text.charAt(close + 1) !== "(") return false;
    const target = linkTarget(this.text, close + 2);
    if (!target) return false;
    const label = this.text.slice(open + 1, close);
    const length = target.end - this.at;
    if (isImage) {
      return this.push({ kind: "image", description: label, url: target.url }, length);
    }
    const url = webAddress(target.url);
    if (url === null || this.depth >= DEEPEST) return false;
    return this.push({ kind: "link", url, content: inlineOf(label, this.depth + 1) }, length);
  }

  private readBracketed(): boolean {
    const found = BARE_LINK.exec(this.text.slice(this.at + 1, this.at + 1 + LONGEST_URL));
    if (!found || this.text.charAt(this.at + 1 + found[0].length) !== ">") return false;
    const url = webAddress(found[0]);
    if (url === null) return false;
    const content: Inline[] = [{ kind: "text", text: found[0] }];
    return this.push({ kind: "link", url, content }, found[0].length + 2);
  }

  private readBareLink(): boolean {
    if (this.at > 0 && /[\p{L}\p{N}]/u.test(this.text.charAt(this.at - 1))) return false;
    if (this.text.charAt(this.at + 1).toLowerCase() !== "t") return false;
    const found = BARE_LINK.exec(this.text.slice(this.at, this.at + LONGEST_URL + 1));
    if (!found || found[0].length > LONGEST_URL) return false;
    const shown = withoutTrailingSigns(found[0]);
    const url = webAddress(shown);
    if (url === null) return false;
    return this.push({ kind: "link", url, content: [{ kind: "text", text: shown }] }, shown.length);
  }

  private readWrapped(): boolean {
    for (const [mark, kind] of WRAPPINGS) {
      if (!this.text.startsWith(mark, this.at)) continue;
      const from = this.at + mark.length;
      if (!this.opens(mark, from)) continue;
      const to = this.missing.has(mark) ? -1 : closingMark(this.text, from, mark);
      if (to === -1) {
        this.missing.add(mark);
        continue;
      }
      const content = inlineOf(this.text.slice(from, to), this.depth + 1);
      return this.push({ kind, content }, to + mark.length - this.at);
    }
    const marks = runOf(this.text, this.at, this.text.charAt(this.at));
    this.plain += marks;
    this.at += marks.length;
    return true;
  }

  private opens(mark: string, from: number): boolean {
    const next = this.text.charAt(from);
    if (next === "" || /\s/.test(next)) return false;
    if (mark.charAt(0) !== "_") return true;
    // snake_case is a name.
    return this.at === 0 || !/[\p{L}\p{N}_]/u.test(this.text.charAt(this.at - 1));
  }
}

function runOf(text: string, at: number, character: string): string {
  let end = at;
  while (text.charAt(end) === character) end += 1;
  return text.slice(at, end);
}

function closingTicks(text: string, from: number, count: number): number {
  let at = text.indexOf("`", from);
  while (at !== -1) {
    const length = runOf(text, at, "`").length;
    if (length === count) return at;
    at = text.indexOf("`", at + length);
  }
  return -1;
}

/** Where `mark` ends what began before `from`: not behind a space, not as part of a longer run. */
function closingMark(text: string, from: number, mark: string): number {
  const sign = mark.charAt(0);
  let at = text.indexOf(sign, from);
  while (at !== -1) {
    const run = runOf(text, at, sign).length;
    const isBehindSpace = /\s/.test(text.charAt(at - 1));
    const isEscaped = text.charAt(at - 1) === "\\";
    const fits = run >= mark.length && (mark.length === 2 || run !== 2);
    const endsWord = sign !== "_" || !/[\p{L}\p{N}]/u.test(text.charAt(at + run));
    if (at > from && fits && endsWord && !isBehindSpace && !isEscaped) {
      // `**bold *and italic***`: the outer mark closes at the end of the run.
      return at + run - mark.length;
    }
    at = text.indexOf(sign, at + run);
  }
  return -1;
}

function nextBracket(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === "\\") at += 1;
    else if (character === "[" || character === "]") return at;
    at += 1;
  }
  return -1;
}

/** `(address "title")` from behind its first parenthesis. */
function linkTarget(text: string, from: number): { url: string; end: number } | null {
  const last = Math.min(text.length, from + LONGEST_URL);
  let depth = 0;
  for (let at = from; at < last; at += 1) {
    const character = text.charAt(at);
    if (character === "\n") return null;
    if (character === "(") depth += 1;
    if (character === ")") {
      if (depth === 0) return { url: withoutTitle(text.slice(from, at)), end: at + 1 };
      depth -= 1;
    }
  }
  return null;
}

function withoutTitle(target: string): string {
  const trimmed = target.trim();
  const space = trimmed.search(/\s/);
  const url = space === -1 ? trimmed : trimmed.slice(0, space);
  return url.startsWith("<") && url.endsWith(">") ? url.slice(1, -1) : url;
}

/** A sentence's full stop or a closing parenthesis around an address is not part of it. */
function withoutTrailingSigns(url: string): string {
  let end = url.length;
  while (end > 0 && /[.,;:!?'*_~)\]]/.test(url.charAt(end - 1))) {
    if (url.charAt(end - 1) === ")" && url.slice(0, end).includes("(")) break;
    end -= 1;
  }
  return url.slice(0, end);
}
