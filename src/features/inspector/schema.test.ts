import { describe, expect, it } from "vitest";
import {
  type FieldKind,
  fieldProblem,
  fieldsOf,
  newField,
  readSchema,
  type SchemaField,
  schemaOf,
  schemaText,
} from "./schema";

function field(name: string, kind: FieldKind = "text", more: Partial<SchemaField> = {}) {
  return {
    name,
    kind,
    required: true,
    description: "",
    choices: [],
    ...more,
  };
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
      field("tags", "list"),
    ];
    const schema = schemaOf(fields);
    expect(fieldsOf(schema)).toEqual(fields);
    expect(schema.required).toEqual(["name", "count", "urgent", "due", "tone", "tags"]);
    expect(fieldsOf(JSON.parse(schemaText(schema)))).toEqual(fields);
  });

  it("leaves what the builder cannot say to the raw view", () => {
    function object(properties: object) {
      return { type: "object", properties } as never;
    }
    expect(fieldsOf(object({ a: { type: "string" } }))).toEqual([
      field("a", "text", { required: false }),
    ]);
    expect(fieldsOf(object({ a: { type: "string", minLength: 2 } }))).toBeNull();
    expect(fieldsOf(object({ a: { type: "object", properties: {} } }))).toBeNull();
    expect(fieldsOf(object({ a: { enum: [1, 2] } }))).toBeNull();
    expect(fieldsOf({ type: "array" })).toBeNull();
    expect(fieldsOf(true)).toBeNull();
    expect(fieldsOf({ type: "object", properties: {}, required: ["x"] })).toBeNull();
    expect(fieldsOf({ type: "object", properties: {}, additionalProperties: true })).toBeNull();
    expect(fieldsOf({ type: "object", properties: {}, $defs: {} })).toBeNull();
  });

  it("names the first problem of the fields", () => {
    expect(fieldProblem([])).toEqual({ kind: "none" });
    expect(fieldProblem([field("a"), field(" ")])).toEqual({ kind: "nameless", position: 2 });
    expect(fieldProblem([field("a"), field("a ")])).toEqual({ kind: "repeated", name: "a" });
    expect(fieldProblem([field("a", "choice")])).toEqual({ kind: "choiceless", name: "a" });
    expect(fieldProblem([field("a"), field("A")])).toBeNull();
  });

  it("gives a new field a free name", () => {
    expect(newField([]).name).toBe("field_1");
    expect(newField([field("field_2")]).name).toBe("field_3");
  });
});

describe("a typed schema", () => {
  it("is read when it is one", () => {
    expect(readSchema('{"type": ["string", "null"]}')).toEqual({
      schema: { type: ["string", "null"] },
    });
    expect(readSchema("true")).toEqual({ schema: true });
    expect(readSchema("{}")).toEqual({ schema: {} });
  });

  it("is refused when it is not", () => {
    expect(readSchema("{")).toMatchObject({ problem: "syntax" });
    expect(readSchema("[1]")).toMatchObject({ problem: "shape" });
    expect(readSchema('{"type": "text"}')).toEqual({ problem: "shape", detail: '"text"' });
  });
});
