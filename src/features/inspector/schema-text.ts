/** A JSON Schema as text: how it is written, and what is wrong with one that was typed. */

import type { Value } from "~/ipc";
import { type JsonProblem, jsonProblem } from "./json-problem";
import { isObject, type Schema } from "./schema";

/** What is wrong with a schema as it was typed. */
export type SchemaTextProblem =
  | { why: "syntax"; syntax: JsonProblem }
  /** It is JSON and no schema. */
  | { why: "shape" }
  /** A `type` that JSON Schema does not have; `place` is "" for the whole. */
  | { why: "type"; place: string; type: string };

/** A schema as it was typed: the schema, or what is wrong with the text. */
export type ReadSchema = { schema: Value } | { problem: SchemaTextProblem };

/** Reads a JSON Schema that was typed: an object or, as the standard allows, a boolean. */
export function readSchema(text: string): ReadSchema {
  const syntax = jsonProblem(text);
  if (syntax !== null) return { problem: { why: "syntax", syntax } };
  const value = JSON.parse(text) as Value;
  if (typeof value === "boolean") return { schema: value };
  if (!isObject(value)) return { problem: { why: "shape" } };
  const unknown = unknownType(value, "");
  return unknown === null ? { schema: value } : { problem: { why: "type", ...unknown } };
}

/** How a schema is shown for editing. */
export function schemaText(schema: Value): string {
  return JSON.stringify(schema, null, 2);
}

const JSON_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];
const WITH_ONE_SCHEMA = ["items", "additionalProperties", "not", "contains"];
const WITH_A_LIST = ["prefixItems", "anyOf", "oneOf", "allOf"];
const WITH_NAMES = ["properties", "$defs", "patternProperties"];

function unknownType(schema: Schema, place: string): { place: string; type: string } | null {
  const { type } = schema;
  const words = type === undefined ? [] : Array.isArray(type) ? type : [type];
  const unknown = words.find((word) => typeof word !== "string" || !JSON_TYPES.includes(word));
  if (unknown !== undefined) return { place, type: JSON.stringify(unknown) };
  const inner: [string, Value][] = [];
  for (const [word, value] of Object.entries(schema)) {
    if (WITH_ONE_SCHEMA.includes(word)) inner.push([word, value]);
    else if (WITH_A_LIST.includes(word) && Array.isArray(value)) {
      inner.push(...value.map((one, at): [string, Value] => [`${word}[${at}]`, one]));
    } else if (WITH_NAMES.includes(word) && isObject(value)) {
      inner.push(...Object.entries(value).map(([name, one]): [string, Value] => [name, one]));
    }
  }
  for (const [name, value] of inner) {
    const at = place === "" ? name : `${place}.${name}`;
    const found = isObject(value) ? unknownType(value, at) : null;
    if (found !== null) return found;
  }
  return null;
}
