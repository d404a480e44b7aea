/** From a value to the text that is edited, and back to the value that is stored. */
import type { Column, Value } from "~/ipc";
import { valueText } from "~/lib/format";

/** What a typed text says for a column: a value, or why it says none. */
export type Typed = { ok: true; value: Value } | { ok: false; problem: "json" | "digits" };

/** The text that a person edits. */
export function textToEdit(value: Value, column: Column): string {
  if (isStructured(column) && value !== null) return JSON.stringify(value, null, 2);
  return valueText(value);
}

/**
 * The value that a text says. Lists and objects are read here, since the Rust side takes them as
 * such; every other type is read there, by the column's type. An emptied cell of a column that is
 * not text is an empty cell.
 */
export function typedValue(text: string, column: Column): Typed {
  if (column.value_type !== "text" && text.trim() === "") return { ok: true, value: null };
  if (!isStructured(column)) return { ok: true, value: text };
  if (losesDigits(text)) return { ok: false, problem: "digits" };
  try {
    return { ok: true, value: JSON.parse(text) as Value };
  } catch {
    return { ok: false, problem: "json" };
  }
}

/** A text area with five million characters does not answer for seconds. */
export const LONGEST_EDIT = 1_000_000;

/** Why a value cannot be edited as text here; null when it can. */
export function notEditable(value: Value, column: Column): "binary" | "long" | null {
  if (column.value_type === "binary") return "binary";
  return typeof value === "string" && value.length > LONGEST_EDIT ? "long" : null;
}

function isStructured(column: Column): boolean {
  return column.value_type === "nested";
}

/** Whether a whole number outside of texts has more digits than a JavaScript number keeps. */
function losesDigits(json: string): boolean {
  const outside = json.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const long = outside.match(/-?\d{16,}(?![.\deE])/g) ?? [];
  return long.some((digits) => !Number.isSafeInteger(Number(digits)));
}

/** The labels that a text of a label column says; none for a text that says nothing. */
export function chosenLabels(text: string, column: Column): string[] {
  if (text.trim() === "") return [];
  if (!isStructured(column)) return [text];
  try {
    const value = JSON.parse(text) as Value;
    return Array.isArray(value) ? value.map(valueText) : [];
  } catch {
    return [];
  }
}

/** The text that says these labels of a label column. */
export function typedLabels(labels: readonly string[], column: Column): string {
  return isStructured(column) ? JSON.stringify(labels, null, 2) : (labels[0] ?? "");
}
