/**
 * Where a text stops being JSON. The engines of browsers say it each in another way, and one of
 * them not at all; a person who types a schema wants the line.
 */

/** What would have been right at the place. */
export type Expected =
  | "value"
  | "name"
  | "colon"
  | "comma_or_brace"
  | "comma_or_bracket"
  | "quote"
  | "escape"
  | "digit"
  | "end"
  | "less_depth";

/** The place where a text stops being JSON; lines and columns count from 1. */
export interface JsonProblem {
  expected: Expected;
  /** How many UTF-16 units come before it. */
  offset: number;
  line: number;
  column: number;
}

/** Deeper nesting is refused: no schema needs it, and readers of JSON give up at some depth. */
const MOST_DEPTH = 120;

/** The first thing that keeps a text from being JSON; null when `JSON.parse` takes it. */
export function jsonProblem(text: string): JsonProblem | null {
  const reader = new Reader(text);
  try {
    reader.value(0);
    reader.space();
    if (reader.at < text.length) reader.stop("end");
    return null;
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    const before = text.slice(0, reader.at);
    const lineStart = before.lastIndexOf("\n") + 1;
    return {
      expected: thrown.expected,
      offset: reader.at,
      line: before.split("\n").length,
      column: reader.at - lineStart + 1,
    };
  }
}

class Stop extends Error {
  constructor(readonly expected: Expected) {
    super(expected);
  }
}

const LITERAL = /(?:true|false|null)(?![\w$])/y;
const INTEGER = /-?(?:0|[1-9]\d*)/y;
const FRACTION = /\.\d+/y;
const EXPONENT = /[eE][+-]?\d+/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

class Reader {
  at = 0;

  constructor(private readonly text: string) {}

  stop(expected: Expected): never {
    throw new Stop(expected);
  }

  space(): void {
    this.take(SPACE);
  }

  value(depth: number): void {
    this.space();
    if (depth > MOST_DEPTH) this.stop("less_depth");
    const first = this.text[this.at];
    if (first === "{") this.members(depth);
    else if (first === "[") this.items(depth);
    else if (first === '"') this.string();
    else if (first === "-" || (first !== undefined && first >= "0" && first <= "9")) this.number();
    else if (!this.take(LITERAL)) this.stop("value");
  }

  private members(depth: number): void {
    this.at += 1;
    this.space();
    if (this.skip("}")) return;
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.stop("name");
      this.string();
      this.space();
      if (!this.skip(":")) this.stop("colon");
      this.value(depth + 1);
      this.space();
      if (this.skip("}")) return;
      if (!this.skip(",")) this.stop("comma_or_brace");
    }
  }

  private items(depth: number): void {
    this.at += 1;
    this.space();
    if (this.skip("]")) return;
    for (;;) {
      this.value(depth + 1);
      this.space();
      if (this.skip("]")) return;
      if (!this.skip(",")) this.stop("comma_or_bracket");
    }
  }

  private string(): void {
    this.at += 1;
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined || next < " ") this.stop("quote");
      if (next === '"') break;
      if (next !== "\\") this.at += 1;
      else if (!this.take(ESCAPE)) this.stop("escape");
    }
    this.at += 1;
  }

  private number(): void {
    if (!this.take(INTEGER)) {
      this.at += 1;
      this.stop("digit");
    }
    if (this.text[this.at] === "." && !this.take(FRACTION)) this.stop("digit");
    if (/[eE]/.test(this.text[this.at] ?? "") && !this.take(EXPONENT)) this.stop("digit");
  }

  private skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return false;
    this.at += found[0].length;
    return true;
  }
}
