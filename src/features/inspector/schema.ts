/**
 * The list of fields that stands for the JSON Schema of an object, and the way there and back. The
 * list has words for a part of JSON Schema only; the rest is edited as text, and `fieldsOf` says
 * what it is.
 */

import type { Value } from "~/ipc";

/** What a field, or each item of a list, can be. */
export type FieldKind = "text" | "number" | "integer" | "boolean" | "date" | "choice" | "object";

/** The kinds in the order in which they are offered. */
export const FIELD_KINDS: readonly FieldKind[] = [
  "text",
  "number",
  "integer",
  "boolean",
  "date",
  "choice",
  "object",
];

/** One field of an object. */
export interface SchemaField {
  name: string;
  kind: FieldKind;
  /** Whether it is a list of that kind. */
  isList: boolean;
  required: boolean;
  description: string;
  /** The allowed texts of a choice. */
  choices: string[];
  /** The fields of an object. */
  fields: SchemaField[];
}

/** A JSON Schema that is an object, as nearly all are. */
export type Schema = { [key: string]: Value };

/** Why a schema cannot be shown as fields; `place` is that of the part, "" for the whole. */
export type RawReason =
  | { why: "not_object"; place: string }
  | { why: "keyword"; place: string; keyword: string }
  | { why: "type"; place: string; type: string }
  | { why: "choices"; place: string }
  | { why: "open"; place: string }
  | { why: "name"; place: string }
  | { why: "required"; place: string };

const TYPES: Record<Exclude<FieldKind, "object">, Schema> = {
  text: { type: "string" },
  number: { type: "number" },
  integer: { type: "integer" },
  boolean: { type: "boolean" },
  date: { type: "string", format: "date" },
  choice: { type: "string" },
};

/** The JSON Schema of an object with these fields and no others. */
export function schemaOf(fields: readonly SchemaField[]): Schema {
  const properties = Object.fromEntries(fields.map((field) => [field.name.trim(), typeOf(field)]));
  const required = fields.filter((field) => field.required).map((field) => field.name.trim());
  return { type: "object", properties, required, additionalProperties: false };
}

function typeOf(field: SchemaField): Schema {
  const description = field.description.trim();
  const own: Schema = field.isList ? { type: "array", items: kindOf(field) } : kindOf(field);
  return description === "" ? own : { ...own, description };
}

function kindOf(field: SchemaField): Schema {
  if (field.kind === "object") return schemaOf(field.fields);
  const own = TYPES[field.kind];
  return field.kind === "choice" ? { ...own, enum: [...field.choices] } : { ...own };
}

/** The fields that make this schema, or why the list has no words for all of it. */
export function fieldsOf(schema: Value): { fields: SchemaField[] } | { reason: RawReason } {
  try {
    return { fields: objectFields(schema, "") };
  } catch (thrown) {
    if (thrown instanceof Unshowable) return { reason: thrown.reason };
    throw thrown;
  }
}

/** What {@link fieldsOf} stops at; never leaves this module. */
class Unshowable extends Error {
  constructor(readonly reason: RawReason) {
    super(reason.why);
  }
}

const OBJECT_WORDS = ["type", "properties", "required", "additionalProperties", "description"];

function objectFields(schema: Value, place: string): SchemaField[] {
  if (!isObject(schema) || schema.type !== "object" || !isObject(schema.properties ?? {})) {
    throw new Unshowable({ why: "not_object", place });
  }
  // The whole has no place where a description would be shown.
  const words = place === "" ? OBJECT_WORDS.slice(0, -1) : OBJECT_WORDS;
  refuseOtherWords(schema, words, place);
  const properties = (schema.properties ?? {}) as Schema;
  // Beside properties that it names the engine writes no others; an object without any is of any.
  const isOpen = Object.keys(properties).length === 0 && schema.additionalProperties !== false;
  if ((schema.additionalProperties ?? false) !== false || isOpen) {
    throw new Unshowable({ why: "open", place });
  }
  const required = schema.required ?? [];
  if (!isTexts(required) || required.some((name) => !Object.hasOwn(properties, name))) {
    throw new Unshowable({ why: "required", place });
  }
  return Object.entries(properties).map(([name, own]) => {
    const at = place === "" ? name : `${place}.${name}`;
    if (name === "" || name !== name.trim()) throw new Unshowable({ why: "name", place: at });
    return fieldOf(name, own, required.includes(name), at);
  });
}

function fieldOf(name: string, own: Value, required: boolean, place: string): SchemaField {
  if (!isObject(own)) throw new Unshowable({ why: "not_object", place });
  const { description = "" } = own;
  if (typeof description !== "string") {
    throw new Unshowable({ why: "keyword", place, keyword: "description" });
  }
  const base = { name, required, description };
  if (own.type !== "array") return { ...base, isList: false, ...itemOf(own, place, true) };
  refuseOtherWords(own, ["type", "items", "description"], place);
  if (!isObject(own.items)) throw new Unshowable({ why: "type", place, type: "array" });
  return { ...base, isList: true, ...itemOf(own.items, `${place}[]`, false) };
}

type Item = Pick<SchemaField, "kind" | "choices" | "fields">;

/** What a value is; the description of a list is that of the list and not of its items. */
function itemOf(own: Schema, place: string, hasDescription: boolean): Item {
  const words = hasDescription ? ["type", "description"] : ["type"];
  if (own.type === "object") {
    if (!hasDescription) refuseOtherWords(own, OBJECT_WORDS.slice(0, -1), place);
    return { kind: "object", choices: [], fields: objectFields(own, place) };
  }
  if (own.enum !== undefined) {
    refuseOtherWords(own, [...words, "enum"], place);
    if (!isTexts(own.enum) || own.enum.length === 0 || (own.type ?? "string") !== "string") {
      throw new Unshowable({ why: "choices", place });
    }
    return { kind: "choice", choices: [...new Set(own.enum)], fields: [] };
  }
  const isDate = own.type === "string" && own.format === "date";
  refuseOtherWords(own, isDate ? [...words, "format"] : words, place);
  const kinds = ["text", "number", "integer", "boolean"] as const;
  const kind = isDate ? "date" : kinds.find((one) => TYPES[one].type === own.type);
  if (kind === undefined) {
    throw new Unshowable({ why: "type", place, type: JSON.stringify(own.type ?? null) });
  }
  return { kind, choices: [], fields: [] };
}

function refuseOtherWords(schema: Schema, known: readonly string[], place: string): void {
  const keyword = Object.keys(schema).find((word) => !known.includes(word));
  if (keyword !== undefined) throw new Unshowable({ why: "keyword", place, keyword });
}

/** Whether a value is an object and no list. */
export function isObject(value: Value | undefined): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: Value): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** What is wrong with the fields, and of which one: its place in each list on the way to it. */
export type FieldProblem =
  | { kind: "none"; path: number[]; name: string }
  | { kind: "nameless"; path: number[] }
  | { kind: "repeated" | "numeric" | "choiceless"; path: number[]; name: string };

/** Names that JavaScript puts before all others, whatever their order. */
const WHOLE_NUMBER = /^(0|[1-9]\d*)$/;

/** The first thing that is wrong with the fields; null when they can be used. */
export function fieldProblem(
  fields: readonly SchemaField[],
  path: readonly number[] = [],
  of = "",
): FieldProblem | null {
  if (fields.length === 0) return { kind: "none", path: [...path], name: of };
  const names = fields.map((field) => field.name.trim());
  const nameless = names.indexOf("");
  if (nameless !== -1) return { kind: "nameless", path: [...path, nameless] };
  const repeated = names.findIndex((name, index) => names.indexOf(name) < index);
  if (repeated !== -1) {
    return { kind: "repeated", path: [...path, repeated], name: names[repeated] ?? "" };
  }
  const numeric = names.findIndex((name) => WHOLE_NUMBER.test(name));
  if (numeric !== -1) {
    return { kind: "numeric", path: [...path, numeric], name: names[numeric] ?? "" };
  }
  for (const [index, field] of fields.entries()) {
    const at = [...path, index];
    const name = names[index] ?? "";
    if (field.kind === "choice" && field.choices.length === 0) {
      return { kind: "choiceless", path: at, name };
    }
    const inner = field.kind === "object" ? fieldProblem(field.fields, at, name) : null;
    if (inner !== null) return inner;
  }
  return null;
}

/** A field that was just added. */
export function newField(fields: readonly SchemaField[]): SchemaField {
  const taken = new Set(fields.map((field) => field.name.trim()));
  let number = fields.length + 1;
  while (taken.has(`field_${number}`)) number += 1;
  return {
    name: `field_${number}`,
    kind: "text",
    isList: false,
    required: true,
    description: "",
    choices: [],
    fields: [],
  };
}

/** The field as another kind; an object begins with a field to fill in. */
export function withKind(field: SchemaField, kind: FieldKind): SchemaField {
  const needsField = kind === "object" && field.fields.length === 0;
  return { ...field, kind, fields: needsField ? [newField([])] : field.fields };
}
