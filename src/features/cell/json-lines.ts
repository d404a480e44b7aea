/** A JSON value as the lines of a tree that folds. Only what is unfolded is ever looked at. */
import type { Value } from "~/ipc";

/** Names a place in the value: keys and places, separated so that no key can imitate another. */
export type Path = string;

/** One line of the tree. */
export interface JsonLine {
  path: Path;
  depth: number;
  /** The key in an object, the place in a list, null at the root. */
  key: string | number | null;
  kind: "object" | "list" | "text" | "number" | "boolean" | "null" | "more" | "end";
  /** What stands on the line behind the key. */
  text: string;
  /** Of an object or a list: its entries, and whether they are shown. */
  count: number;
  isOpen: boolean;
  /** Of a "more" line: how many entries it stands for. */
  left: number;
}

/** What a person unfolded, folded, or asked more of. */
export interface Unfolded {
  open: { readonly [path: Path]: boolean };
  /** How many times more entries of a place were asked for. */
  more: { readonly [path: Path]: number };
}

/** Entries of a list or an object that are shown at once. */
export const ENTRIES_AT_ONCE = 100;
/** Lines beyond this are left out, with a last line that says so. */
export const MOST_LINES = 3_000;
/** Longer texts are cut on their line; the text view has them whole. */
export const LONGEST_TEXT = 2_000;
/** What is unfolded at first. */
const OPEN_DEPTH = 2;
const OPEN_COUNT = 50;

/** The lines of a value as it is unfolded at present. */
export function jsonLines(value: Value, unfolded: Unfolded): JsonLine[] {
  const lines: JsonLine[] = [];
  addLines(lines, value, { path: "$", depth: 0, key: null }, unfolded);
  return lines;
}

interface Place {
  path: Path;
  depth: number;
  key: string | number | null;
}

function addLines(lines: JsonLine[], value: Value, place: Place, unfolded: Unfolded): void {
  if (lines.length >= MOST_LINES) return;
  if (value === null || typeof value !== "object") {
    lines.push({ ...place, ...leaf(value), count: 0, isOpen: false, left: 0 });
    return;
  }
  const isList = Array.isArray(value);
  const keys = isList ? null : Object.keys(value);
  const count = isList ? value.length : (keys?.length ?? 0);
  const isOpen =
    count > 0 && (unfolded.open[place.path] ?? (place.depth < OPEN_DEPTH && count <= OPEN_COUNT));
  const [opening, closing] = isList ? ["[", "]"] : ["{", "}"];
  const kind = isList ? "list" : "object";
  const text = isOpen ? opening : count === 0 ? `${opening}${closing}` : `${opening}…${closing}`;
  lines.push({ ...place, kind, text, count, isOpen, left: 0 });
  if (!isOpen) return;
  const shown = Math.min(count, ENTRIES_AT_ONCE * (1 + (unfolded.more[place.path] ?? 0)));
  for (let at = 0; at < shown; at += 1) {
    const key = keys ? (keys[at] ?? "") : at;
    const entry = isList ? value[at] : value[key];
    const path = `${place.path}/${JSON.stringify(key)}`;
    addLines(lines, entry ?? null, { path, depth: place.depth + 1, key }, unfolded);
    if (lines.length >= MOST_LINES) {
      addLimit(lines);
      return;
    }
  }
  const inner = { path: place.path, depth: place.depth + 1, key: null };
  if (shown < count) {
    const left = count - shown;
    lines.push({ ...inner, kind: "more", text: "", count: 0, isOpen: false, left });
  }
  const end = { path: place.path, depth: place.depth, key: null };
  lines.push({ ...end, kind: "end", text: closing ?? "", count: 0, isOpen: false, left: 0 });
}

/** Ends the lines with one that says that there are more than are shown; once. */
function addLimit(lines: JsonLine[]): void {
  if (lines.at(-1)?.path === LIMIT_PATH) return;
  const none = { key: null, text: "", count: 0, isOpen: false, left: 0 };
  lines.push({ ...none, path: LIMIT_PATH, depth: 0, kind: "more" });
}

/** The path of the line that says that the value has more lines than are shown. */
export const LIMIT_PATH = "limit";

function leaf(value: null | boolean | number | string): Pick<JsonLine, "kind" | "text"> {
  if (value === null) return { kind: "null", text: "null" };
  if (typeof value === "boolean") return { kind: "boolean", text: String(value) };
  if (typeof value === "number") return { kind: "number", text: String(value) };
  const isLong = value.length > LONGEST_TEXT;
  const text = isLong
    ? `${JSON.stringify(value.slice(0, LONGEST_TEXT)).slice(0, -1)}…`
    : JSON.stringify(value);
  return { kind: "text", text };
}
