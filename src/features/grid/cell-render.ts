/**
 * What a cell looks like, as plain data. Pure; `cell-paint` brings it into elements.
 *
 * Content comes from files and from models, so it is hostile: it is only ever shown as text, what
 * is invisible or turns the direction of writing is made visible, and a long text is cut before it
 * reaches the page.
 */
import type { Value } from "~/ipc";
import { harmless } from "~/lib/harmless";
import type { LabelColour } from "~/lib/label-colours";
import { text as words } from "./strings";
import type { CellView, GridColumn } from "./types";

/** No more characters of a cell than this are painted, whatever its size. */
export const paintLimit = 2000;

/** The beginning of a text, never half a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const code = text.charCodeAt(limit - 1);
  const end = code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
  return `${text.slice(0, end)}…`;
}

/** A value as text, whole: what an editor shows and what a copy holds. */
export function fullText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A value as text, cut to what can be seen. */
export function shownText(value: Value, limit: number): string {
  if (typeof value === "string") return harmless(cut(value, limit));
  if (value === null || typeof value !== "object") return fullText(value);
  return harmless(cut(jsonStart(value, limit), limit));
}

/** The beginning of a value as JSON; a huge one is not written out whole to show a line of it. */
function jsonStart(value: Value, limit: number): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > limit ? value.slice(0, limit) : value);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  let out = list ? "[" : "{";
  let first = true;
  for (const key of list ? value.keys() : Object.keys(value)) {
    if (out.length > limit) return out;
    const item = (value as { [key: string | number]: Value })[key] ?? null;
    out += first ? "" : ",";
    out += list ? "" : `${JSON.stringify(cut(String(key), limit))}:`;
    out += jsonStart(item, limit - out.length + 1);
    first = false;
  }
  return out + (list ? "]" : "}");
}

/** Characters that a cell can show at most: no letter of the interface is narrower than 2 px. */
export function visibleCharacters(widthPx: number, rowHeightPx: number): number {
  const lines = rowHeightPx === 28 ? 1 : rowHeightPx === 56 ? 2 : 5;
  return Math.min(paintLimit, Math.ceil(widthPx / 2) * lines);
}

/** A label in a cell, with its colour if it is one of the column's. */
export interface Chip {
  text: string;
  colour: LabelColour | null;
}

/** More chips than this are not painted: no cell is wide enough to show them. */
const mostChips = 24;

/** Everything that is painted of a cell. One object is filled again and again. */
export interface CellLook {
  text: string;
  /** What is painted in place of the text. */
  chips: readonly Chip[];
  /** CSS classes beyond `grid-cell`. */
  classes: string;
  /** What is read out in place of the text, when that would say too little. */
  label: string | null;
  title: string | null;
  busy: boolean;
  invalid: boolean;
  mark: "edited" | "validated" | null;
  /** 0 to 1, or -1 when there is none to show. */
  confidence: number;
  retry: boolean;
}

const noChips: readonly Chip[] = [];

export function newLook(): CellLook {
  return {
    text: "",
    chips: noChips,
    classes: "",
    label: null,
    title: null,
    busy: false,
    invalid: false,
    mark: null,
    confidence: -1,
    retry: false,
  };
}

/** What a cell is painted with, besides its own content. */
export interface CellContext {
  column: GridColumn;
  /** A run of the column is alive. */
  queued: boolean;
  /** What the model has answered so far. */
  stream: string | undefined;
  /** What was typed and is being stored. */
  pending: string | undefined;
  readOnly: boolean;
  limit: number;
}

/** Below this a confidence is worth a look and gets its bar. */
export const lowConfidence = 0.9;

/** Below this another answer was about as likely, and the bar warns. */
export const doubtfulConfidence = 0.5;

/** Fills `look` with the look of a cell; undefined stands for one that was not read yet. */
export function lookOf(look: CellLook, view: CellView | undefined, context: CellContext): void {
  fillLook(look, view, context);
  if (readsRightToLeft(look.text)) look.classes += " is-right-to-left";
}

const rightToLeft =
  /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/**
 * Whether a text begins in a script that is written from the right. The browser finds that out for
 * the letters but not for the dots at the end of a cut text, which then hide its beginning.
 */
export function readsRightToLeft(text: string): boolean {
  if (!rightToLeft.test(text)) return false;
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter !== undefined && rightToLeft.test(letter);
}

function fillLook(look: CellLook, view: CellView | undefined, context: CellContext): void {
  const { column, limit } = context;
  look.chips = noChips;
  look.label = null;
  look.title = null;
  look.busy = false;
  look.invalid = false;
  look.mark = null;
  look.confidence = -1;
  look.retry = false;
  look.classes = "";
  if (context.pending !== undefined) {
    look.text = harmless(cut(context.pending, limit));
    look.classes = typeClass(column);
    return;
  }
  if (view === undefined) {
    look.text = "";
    look.label = words.loading;
    look.classes = " is-loading";
    return;
  }
  const state = view.state;
  if (state === "failed") {
    look.text =
      view.error === null || view.error === "" ? words.failed : shownText(view.error, limit);
    look.title = view.error === null ? null : shownText(view.error, paintLimit);
    look.label = `${words.failed}: ${look.text}`;
    look.classes = " is-failed";
    look.invalid = true;
    look.retry = !context.readOnly;
    return;
  }
  if (state === "running") {
    look.text =
      context.stream === undefined
        ? shownText(view.value, limit)
        : shownText(context.stream, limit);
    look.label = `${words.running} ${look.text}`.trim();
    look.classes = look.text === "" ? " is-running is-blank" : " is-running";
    look.busy = true;
    return;
  }
  const isEmpty = view.value === null;
  if (state === "queued" || (context.queued && isEmpty && (state === null || state === "empty"))) {
    look.text = "";
    look.label = words.queued;
    look.classes = " is-queued";
    return;
  }
  paintValue(look, view.value, column, limit);
  if (!column.ai) return;
  if (isEmpty) look.classes += " is-empty";
  if (state === "edited" || state === "validated") {
    look.mark = state;
    look.classes += " has-mark";
    look.label = `${look.label ?? look.text}, ${words[state]}`;
  } else if (state === "stale") {
    look.classes += " is-stale";
    look.title = words.staleTitle;
    look.label = `${look.label ?? look.text}, ${words.stale}`;
  }
  if (
    view.confidence !== null &&
    view.confidence < lowConfidence &&
    !isEmpty &&
    look.mark === null
  ) {
    look.confidence = Math.max(0, view.confidence);
    const said = words.confidence(Math.round(look.confidence * 100));
    look.label = `${look.label ?? look.text}, ${said}`;
    look.title ??= said;
  }
}

function typeClass(column: GridColumn): string {
  return column.valueType === "number" ? " is-number" : "";
}

function paintValue(look: CellLook, value: Value, column: GridColumn, limit: number): void {
  if (typeof value === "boolean") {
    look.text = value ? "✓" : "✗";
    look.label = value ? words.yes : words.no;
    look.classes = value ? " is-boolean is-true" : " is-boolean";
    return;
  }
  if (column.labels !== null && paintLabels(look, value, column.labels, limit)) return;
  look.text = shownText(value, limit);
  look.classes = typeClass(column);
  if (typeof value === "object" && value !== null) look.classes = " is-nested";
  else if (column.valueType === "binary" && value !== null) look.classes = " is-nested";
}

/** Paints labels as chips; false for a value that is no label and no list of texts. */
function paintLabels(
  look: CellLook,
  value: Value,
  labels: ReadonlyMap<string, LabelColour>,
  limit: number,
): boolean {
  if (typeof value === "string") {
    const colour = labels.get(value);
    if (colour === undefined) return false;
    look.text = harmless(cut(value, limit));
    look.classes = ` is-label label-${colour}`;
    return true;
  }
  if (!Array.isArray(value)) return false;
  const shown = value.slice(0, mostChips);
  if (!shown.every((one) => typeof one === "string")) return false;
  if (value.length === 0) {
    look.text = words.noLabels;
    look.label = words.noneOfLabels;
    look.classes = " is-no-label";
  } else {
    look.text = "";
    look.classes = " is-labels";
    look.chips = shown.map((label) => ({
      text: harmless(cut(label, limit)),
      colour: labels.get(label) ?? null,
    }));
    look.label = look.chips.map((chip) => chip.text).join(", ");
  }
  return true;
}
