import { describe, expect, it } from "vitest";
import type { Value } from "~/ipc";
import {
  FIELD_KINDS,
  type FieldKind,
  fieldProblem,
  fieldsOf,
  newField,
  type SchemaField,
  schemaOf,
  withKind,
} from "./schema";
import { readSchema, schemaText } from "./schema-text";

function field(name: string, kind: FieldKind = "text", more: Partial<SchemaField> = {}) {
  return {
    name,
    kind,
    isList: false,
    required: true,
    description: "",
    choices: [],
    fields: [],
    ...more,
  } satisfies SchemaField;
}

function object(properties: object, more: object = {}): Value {
  return { type: "object", properties, ...more } as Value;
}

/** A number from 0 up to 1 from a seed, the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function anyFields(next: () => number, depth: number): SchemaField[] {
  return Array.from({ length: 1 + Math.floor(next() * 4) }, (_, at) => {
    const kinds = depth === 0 ? FIELD_KINDS.filter((one) => one !== "object") : FIELD_KINDS;
    const kind = kinds[Math.floor(next() * kinds.length)] ?? "text";
    return field(`${["a", "b c", "constructor", "größe"][at]}${depth}`, kind, {
      isList: next() < 0.4,
      required: next() < 0.5,
      description: next() < 0.5 ? "" : "what it is",
      choices: kind === "choice" ? ["x", "y, z", '"q"'] : [],
      fields: kind === "object" ? anyFields(next, depth - 1) : [],
    });
  });
}

describe("fields and their schema", () => {
  it("are the same thing in two forms, for every kind", () => {
    const fields: SchemaField[] = [
      field("name", "text", { description: "of the person" }),
      field("price", "number", { required: false }),
      field("count", "integer"),
      field("urgent", "boolean"),
      field("due", "date"),
      field("tone", "choice", { choices: ["kind", "angry"] }),
      field("tags", "text", { isList: true }),
      field("address", "object", { fields: [field("street"), field("number", "integer")] }),
      field("lines", "object", { isList: true, fields: [field("item"), field("sum", "number")] }),
    ];
    const schema = schemaOf(fields);
    expect(fieldsOf(schema)).toEqual({ fields });
    expect(schema.required).not.toContain("price");
    expect(fieldsOf(JSON.parse(schemaText(schema)))).toEqual({ fields });
    expect(schema).toMatchObject({
      properties: {
        tags: { type: "array", items: { type: "string" } },
        address: { type: "object", required: ["street", "number"], additionalProperties: false },
        lines: { type: "array", items: { type: "object" } },
      },
    });
  });

  it("come back from the schema, whatever they are", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const fields = anyFields(random(seed), 2);
      const schema = schemaOf(fields);
      expect(fieldsOf(schema)).toEqual({ fields });
      expect(fieldsOf(JSON.parse(schemaText(schema)))).toEqual({ fields });
    }
  });

  it("write a schema that was shown as fields again as the same schema", () => {
    const schema = object(
      {
        a: { enum: ["x"] },
        b: { type: "array", description: "d", items: { type: "string", enum: ["y"] } },
        c: object({ d: { type: "boolean" } }, { required: [], additionalProperties: false }),
      },
      { required: ["b"], additionalProperties: false },
    );
    const found = fieldsOf(schema);
    if (!("fields" in found)) throw new Error("it can be shown");
    expect(schemaOf(found.fields)).toEqual({
      ...(schema as object),
      // The same choice, said in full.
      properties: {
        ...(schema as { properties: object }).properties,
        a: { type: "string", enum: ["x"] },
      },
    });
  });

  it.each<[string, Value, object]>([
    ["a boolean", true, { why: "not_object", place: "" }],
    ["a list", { type: "array" }, { why: "not_object", place: "" }],
    [
      "a keyword of a field",
      object({ a: { type: "string", minLength: 2 } }),
      { why: "keyword", place: "a", keyword: "minLength" },
    ],
    [
      "a keyword of the whole",
      object({}, { $defs: {} }),
      { why: "keyword", place: "", keyword: "$defs" },
    ],
    ["a title", object({}, { title: "T" }), { why: "keyword", place: "", keyword: "title" }],
    ["a field without a type", object({ a: {} }), { why: "type", place: "a" }],
    [
      "a field of two types",
      object({ a: { type: ["string", "null"] } }),
      { why: "type", place: "a", type: '["string","null"]' },
    ],
    ["choices that are no texts", object({ a: { enum: [1, 2] } }), { why: "choices", place: "a" }],
    ["a list of anything", object({ a: { type: "array" } }), { why: "type", place: "a" }],
    [
      "a list of lists",
      object({ a: { type: "array", items: { type: "array" } } }),
      { why: "type", place: "a[]" },
    ],
    [
      "limits on a list",
      object({ a: { type: "array", items: { type: "string" }, maxItems: 3 } }),
      { why: "keyword", place: "a", keyword: "maxItems" },
    ],
    [
      "a described item",
      object({ a: { type: "array", items: { type: "string", description: "d" } } }),
      { why: "keyword", place: "a[]" },
    ],
    [
      "an inner keyword",
      object({ a: object({ b: { type: "number", minimum: 1 } }) }),
      { why: "keyword", place: "a.b", keyword: "minimum" },
    ],
    ["an object of any fields", { type: "object" }, { why: "open", place: "" }],
    [
      "a field that is an object of any fields",
      object({ a: object({}) }),
      { why: "open", place: "a" },
    ],
    ["a name with a space", object({ "a ": { type: "string" } }), { why: "name", place: "a " }],
    ["an empty name", object({ "": { type: "string" } }), { why: "name", place: "" }],
    [
      "a required name that is not there",
      object({ a: {} }, { required: ["constructor"] }),
      { why: "required", place: "" },
    ],
    [
      "other fields allowed",
      object({}, { additionalProperties: true }),
      { why: "open", place: "" },
    ],
    [
      "another format",
      object({ a: { type: "string", format: "time" } }),
      { why: "keyword", place: "a", keyword: "format" },
    ],
  ])("leave %s to the text, and say why", (_, schema, reason) => {
    expect(fieldsOf(schema)).toMatchObject({ reason });
  });

  it("of an object that may have none are none, and a choice twice is one", () => {
    expect(fieldsOf(object({}, { additionalProperties: false }))).toEqual({ fields: [] });
    expect(fieldsOf(object({ a: { enum: ["x", "y", "x"] } }))).toMatchObject({
      fields: [{ choices: ["x", "y"] }],
    });
  });

  it("name the first problem and its place", () => {
    const none = { kind: "none", path: [], name: "" };
    expect(fieldProblem([])).toEqual(none);
    expect(fieldProblem([field("a"), field(" ")])).toEqual({ kind: "nameless", path: [1] });
    expect(fieldProblem([field("a"), field("a ")])).toMatchObject({ kind: "repeated", path: [1] });
    expect(fieldProblem([field("a"), field("2024")])).toMatchObject({ kind: "numeric", path: [1] });
    expect(fieldProblem([field("a", "choice")])).toMatchObject({ kind: "choiceless", name: "a" });
    expect(fieldProblem([field("a"), field("A")])).toBeNull();
    const inner = field("o", "object", { fields: [field("x"), field("")] });
    expect(fieldProblem([field("a"), inner])).toEqual({ kind: "nameless", path: [1, 1] });
    expect(fieldProblem([field("o", "object")])).toEqual({ kind: "none", path: [0], name: "o" });
  });

  it("give a new field a free name, and a new object something to fill in", () => {
    expect(newField([]).name).toBe("field_1");
    expect(newField([field("field_2")]).name).toBe("field_3");
    expect(withKind(field("a"), "object").fields).toHaveLength(1);
    const full = field("a", "object", { fields: [field("x"), field("y")] });
    expect(withKind(withKind(full, "text"), "object")).toEqual(full);
  });
});

describe("a typed schema", () => {
  it("is read when it is one", () => {
    expect(readSchema('{"type": ["string", "null"]}')).toEqual({
      schema: { type: ["string", "null"] },
    });
    expect(readSchema("true")).toEqual({ schema: true });
    expect(readSchema("{}")).toEqual({ schema: {} });
    // A field may well be called `type`.
    expect(readSchema('{"properties": {"type": {"type": "string"}}}')).toHaveProperty("schema");
  });

  it("is refused when it is not, with the place", () => {
    expect(readSchema("{")).toMatchObject({ problem: { why: "syntax", syntax: { line: 1 } } });
    expect(readSchema("[1]")).toEqual({ problem: { why: "shape" } });
    expect(readSchema('{"type": "text"}')).toEqual({
      problem: { why: "type", place: "", type: '"text"' },
    });
    const inner = '{"properties": {"a": {"items": {"anyOf": [{}, {"type": "int"}]}}}}';
    expect(readSchema(inner)).toEqual({
      problem: { why: "type", place: "a.items.anyOf[1]", type: '"int"' },
    });
  });
});
