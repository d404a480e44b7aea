import type { Value } from "~/ipc";

/** The kinds of fields that the schema builder offers. */
export type FieldKind = "text" | "number" | "integer" | "boolean" | "date" | "choice" | "list";

/** One field of the object that a JSON column holds. */
export interface SchemaField {
  name: string;
  kind: FieldKind;
  required: boolean;
  description: string;
  /** The allowed texts of a choice. */
  choices: string[];
}

/** What is wrong with the fields of the builder. */
export type FieldProblem =
  | { kind: "none" }
  | { kind: "nameless"; position: number }
  | { kind: "repeated"; name: string }
  | { kind: "choiceless"; name: string };

type Schema = { [key: string]: Value };

const TYPES: Record<FieldKind, Schema> = {
  text: { type: "string" },
  number: { type: "number" },
  integer: { type: "integer" },
  boolean: { type: "boolean" },
  date: { type: "string", format: "date" },
  choice: { type: "string" },
  list: { type: "array", items: { type: "string" } },
};

/** The JSON Schema of an object with these fields and no others. */
export function schemaOf(fields: readonly SchemaField[]): Schema {
  const properties = Object.fromEntries(fields.map((field) => [field.name.trim(), typeOf(field)]));
  const required = fields.filter((field) => field.required).map((field) => field.name.trim());
  return { type: "object", properties, required, additionalProperties: false };
}

function typeOf(field: SchemaField): Schema {
  const own: Schema = { ...TYPES[field.kind] };
  if (field.kind === "choice") own.enum = [...field.choices];
  if (field.description.trim() !== "") own.description = field.description.trim();
  return own;
}

/** The fields that make this schema; null when the builder has no words for all of it. */
export function fieldsOf(schema: Value): SchemaField[] | null {
  if (!isObject(schema) || schema.type !== "object" || !isObject(schema.properties)) return null;
  const known = ["type", "properties", "required", "additionalProperties"];
  if (Object.keys(schema).some((key) => !known.includes(key))) return null;
  if ((schema.additionalProperties ?? false) !== false) return null;
  const required = schema.required ?? [];
  if (!isTexts(required)) return null;
  const { properties } = schema;
  if (required.some((name) => !(name in properties))) return null;
  const fields: SchemaField[] = [];
  for (const [name, own] of Object.entries(properties)) {
    const field = fieldOf(name, own, required.includes(name));
    if (field === null) return null;
    fields.push(field);
  }
  return fields;
}

function fieldOf(name: string, own: Value, required: boolean): SchemaField | null {
  if (!isObject(own)) return null;
  const { description = "", enum: choices, ...type } = own;
  if (typeof description !== "string") return null;
  const base = { name, required, description };
  if (choices !== undefined) {
    const plain = isTexts(choices) && same(type, TYPES.choice);
    return plain ? { ...base, kind: "choice", choices } : null;
  }
  const kinds: FieldKind[] = ["text", "number", "integer", "boolean", "date", "list"];
  const kind = kinds.find((one) => same(type, TYPES[one]));
  return kind === undefined ? null : { ...base, kind, choices: [] };
}

function same(one: Schema, other: Schema): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]))
  );
}

function isObject(value: Value | undefined): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: Value): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** The first thing that is wrong with the fields; null when they can be used. */
export function fieldProblem(fields: readonly SchemaField[]): FieldProblem | null {
  if (fields.length === 0) return { kind: "none" };
  const names = fields.map((field) => field.name.trim());
  const nameless = names.indexOf("");
  if (nameless !== -1) return { kind: "nameless", position: nameless + 1 };
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) return { kind: "repeated", name: repeated };
  const choiceless = fields.find((field) => field.kind === "choice" && field.choices.length === 0);
  return choiceless === undefined ? null : { kind: "choiceless", name: choiceless.name.trim() };
}

/** A schema as it was typed: the schema, or what is wrong with the text. */
export type ReadSchema = { schema: Value } | { problem: "syntax" | "shape"; detail: string };

/** Reads a JSON Schema that was typed: an object or, as the standard allows, a boolean. */
export function readSchema(text: string): ReadSchema {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch (error) {
    return { problem: "syntax", detail: error instanceof Error ? error.message : String(error) };
  }
  if (typeof value === "boolean") return { schema: value };
  if (!isObject(value)) return { problem: "shape", detail: "" };
  const { type } = value;
  const words = type === undefined ? [] : Array.isArray(type) ? type : [type];
  const unknown = words.find((word) => typeof word !== "string" || !JSON_TYPES.includes(word));
  if (unknown !== undefined) return { problem: "shape", detail: JSON.stringify(unknown) };
  return { schema: value };
}

const JSON_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

/** How a schema is shown for editing. */
export function schemaText(schema: Value): string {
  return JSON.stringify(schema, null, 2);
}

/** A field that was just added. */
export function newField(fields: readonly SchemaField[]): SchemaField {
  const taken = new Set(fields.map((field) => field.name.trim()));
  let number = fields.length + 1;
  while (taken.has(`field_${number}`)) number += 1;
  return { name: `field_${number}`, kind: "text", required: true, description: "", choices: [] };
}
