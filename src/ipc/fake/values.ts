import type { Column, DataType, Output, Value, ValueType } from "../bindings";
import { refuse } from "./failure";

/** How a value reads as text; an empty cell is nothing. */
export function textOf(value: Value): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Whether a cell counts as empty: null, or nothing but white space. */
export function isEmpty(value: Value): boolean {
  return value === null || (typeof value === "string" && value.trim() === "");
}

/** An order of values as the Rust side sorts them: numbers by size, all else by code point. */
export function compareValues(left: Value, right: Value): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  const one = textOf(left);
  const other = textOf(right);
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A number from 0 up to 2^32 that is always the same for the same text. */
export function hashOf(text: string): number {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** What DuckDB calls the types that a person can choose. */
export const SQL_TYPES: Record<DataType, { sql: string; value: ValueType }> = {
  text: { sql: "VARCHAR", value: "text" },
  integer: { sql: "BIGINT", value: "number" },
  number: { sql: "DOUBLE", value: "number" },
  boolean: { sql: "BOOLEAN", value: "boolean" },
  date: { sql: "DATE", value: "time" },
  timestamp: { sql: "TIMESTAMP", value: "time" },
  json: { sql: "JSON", value: "nested" },
};

/** The type of a column by its DuckDB name. */
export function dataTypeOf(sqlType: string): DataType {
  const found = Object.entries(SQL_TYPES).find(([, type]) => type.sql === sqlType);
  return found ? (found[0] as DataType) : "text";
}

/** The type that the answers of a recipe have. */
export function typeOfOutput(output: Output | undefined): DataType {
  switch (output?.type) {
    case "number":
      return output.integer ? "integer" : "number";
    case "boolean":
      return "boolean";
    case "date":
      return "date";
    case "labels":
    case "json":
      return "json";
    default:
      return "text";
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

/** Reads a text as a type; undefined when it does not fit. */
export function parseAs(text: string, type: DataType): Value | undefined {
  const trimmed = text.trim();
  if (type === "text") return text;
  if (trimmed === "") return null;
  switch (type) {
    case "integer":
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : undefined;
    case "number":
      return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
    case "boolean": {
      const word = trimmed.toLowerCase();
      if (["true", "yes", "t", "1"].includes(word)) return true;
      if (["false", "no", "f", "0"].includes(word)) return false;
      return undefined;
    }
    case "date":
      return DATE.test(trimmed) && !Number.isNaN(Date.parse(trimmed)) ? trimmed : undefined;
    case "timestamp":
      if (DATE.test(trimmed)) return `${trimmed} 00:00:00`;
      return TIMESTAMP.test(trimmed) ? trimmed : undefined;
    case "json":
      try {
        return JSON.parse(trimmed) as Value;
      } catch {
        return undefined;
      }
  }
}

/** The narrowest type that all texts fit. */
export function narrowestType(texts: string[]): DataType {
  const filled = texts.filter((text) => text.trim() !== "");
  if (filled.length === 0) return "text";
  const order: DataType[] = ["integer", "number", "date", "timestamp"];
  const fits = order.find((type) => filled.every((text) => parseAs(text, type) !== undefined));
  if (fits) return fits;
  return filled.every((text) => /^(true|false)$/i.test(text.trim())) ? "boolean" : "text";
}

/** A value for a column: texts are read by the column's type, others must have it. */
export function valueFor(column: Column, row: number, value: Value): Value {
  if (value === null) return null;
  const type = dataTypeOf(column.sql_type);
  const kept = typeof value === "object" && type === "json" ? value : parseAs(textOf(value), type);
  if (kept !== undefined) return kept;
  const shown = textOf(value).slice(0, 60);
  return refuse(
    "bad_input",
    `the value \`${shown}\` of row ${row} does not fit a column of type ${column.sql_type}`,
    "write a value of the column's type, or give the column another type",
  );
}
