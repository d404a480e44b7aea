import type { Column, ColumnId, DataType, JsonProperty, Value } from "../bindings";
import { addColumn } from "./columns";
import type { Part } from "./commands";
import { refuse } from "./failure";
import type { FakeSheet } from "./sheet";
import { parseAs, textOf } from "./values";
import type { World } from "./world";

function isObject(value: Value | undefined): value is { [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(schema: Value | undefined): DataType {
  if (!isObject(schema)) return "json";
  switch (schema.type) {
    case "string":
      return schema.format === "date" ? "date" : "text";
    case "integer":
    case "number":
    case "boolean":
      return schema.type;
    default:
      return "json";
  }
}

/** The properties that the recipe's schema names, else those of the values. */
function propertiesOf(sheet: FakeSheet, column: Column): JsonProperty[] {
  const output = column.kind.kind === "ai" ? column.kind.recipe.output : undefined;
  const schema = output?.type === "json" ? output.schema : undefined;
  if (isObject(schema) && isObject(schema.properties)) {
    return Object.entries(schema.properties).map(([property, own]) => ({
      property,
      data_type: typeOf(own),
    }));
  }
  const names = new Set<string>();
  for (const row of sheet.allRows().slice(0, 1000)) {
    const { value } = sheet.cell(row, column);
    if (isObject(value)) for (const name of Object.keys(value)) names.add(name);
  }
  return [...names].map((property) => ({ property, data_type: "json" }));
}

function freeName(sheet: FakeSheet, wanted: string): string {
  const taken = new Set(sheet.columns.map((column) => column.name.toLowerCase()));
  let name = wanted;
  for (let at = 2; taken.has(name.toLowerCase()); at += 1) name = `${wanted} ${at}`;
  return name;
}

/** Puts a column right behind another. */
function putBehind(sheet: FakeSheet, column: ColumnId, behind: ColumnId): void {
  const moved = sheet.column(column);
  const others = sheet.columns.filter((each) => each.id !== column);
  const at = others.findIndex((each) => each.id === behind) + 1;
  sheet.setColumns([...others.slice(0, at), moved, ...others.slice(at)]);
}

export function splitCommands(world: World): Part<"jsonProperties" | "splitJsonColumn"> {
  return {
    jsonProperties: (id, column) => {
      const sheet = world.sheet(id);
      return propertiesOf(sheet, sheet.column(column));
    },
    splitJsonColumn: (id, columnId, wanted) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      const known = propertiesOf(sheet, column);
      const parts =
        wanted.length > 0 ? wanted : known.map(({ property }) => ({ property, name: null }));
      if (parts.length === 0) {
        return refuse("bad_input", `there is nothing in \`${column.name}\` to split`);
      }
      return sheet.act(`Split \`${column.name}\` into columns`, () => {
        let behind = columnId;
        const rows = sheet.allRows();
        const columns = parts.map((part) => {
          const found = known.find((each) => each.property === part.property);
          const type = ("data_type" in part ? part.data_type : null) ?? found?.data_type ?? "text";
          const made = addColumn(sheet, freeName(sheet, part.name ?? part.property), type);
          putBehind(sheet, made.id, behind);
          behind = made.id;
          let filled = 0;
          let misfits = 0;
          let example: Value = null;
          for (const row of rows) {
            const { value: whole } = sheet.cell(row, column);
            const own = isObject(whole) ? (whole[part.property] ?? null) : null;
            if (own === null) continue;
            const value = type === "json" ? own : parseAs(textOf(own), type);
            if (value === undefined) {
              misfits += 1;
              example ??= own;
              continue;
            }
            filled += 1;
            const cell = { state: null, error: null, confidence: null, recipe_version: null };
            sheet.putCell(row, made.id, { value, ...cell });
          }
          const { property } = part;
          return { column: made, property, filled, misfits, misfit_example: example };
        });
        const values = rows.map((row) => sheet.cell(row, column).value);
        const no_objects = values.filter((value) => value !== null && !isObject(value)).length;
        return { columns, no_objects };
      });
    },
  };
}
