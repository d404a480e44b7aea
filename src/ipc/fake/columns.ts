import { LOCAL_MLX } from "../../lib/model-names";
import type { Column, ColumnKind, DataType, Recipe, SheetId } from "../bindings";
import type { Part } from "./commands";
import { refuse } from "./failure";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import { referencesOf, renamedIn } from "./template";
import { parseAs, SQL_TYPES, textOf, typeOfOutput } from "./values";
import type { World } from "./world";

function refuseTaken(sheet: FakeSheet, name: string, except: Column | null = null): void {
  if (name.trim() === "") refuse("bad_input", "a column name cannot be blank");
  const same = (column: Column) => column.name.toLowerCase() === name.toLowerCase();
  if (sheet.columns.some((column) => column !== except && same(column))) {
    refuse(
      "conflict",
      `the sheet has a column named \`${name}\` already`,
      "choose another name; letter case makes no difference",
    );
  }
}

function refuseBadRecipe(
  world: World,
  sheet: FakeSheet,
  recipe: Recipe,
  self: string | null,
): void {
  if (recipe.prompt.trim() === "") {
    refuse("bad_template", "the prompt is empty", "say what the model should write into the cell");
  }
  const named = referencesOf(recipe.prompt, sheet.columns);
  if (named.some((column) => column.name === self)) {
    refuse("bad_recipe", `\`${self}\` would read itself`, "refer to other columns only");
  }
  const output = recipe.output ?? { type: "text" };
  const needsLabels = output.type === "label" || output.type === "labels";
  if (needsLabels && output.labels.length < 2) {
    refuse("bad_input", "a label column needs labels", "name at least two");
  }
  if (output.type === "number") {
    const { min = null, max = null } = output;
    if (min !== null && max !== null && min > max) {
      const hint = "let the least number be the smaller one";
      refuse("bad_input", `no number is from ${min} to ${max}`, hint);
    }
  }
  // Which model that is may change at any time, and so may whether it is here.
  if (recipe.model !== "" && recipe.model !== LOCAL_MLX) world.model(recipe.model);
}

/** A column with a type and a place at the end; within a step. */
export function addColumn(
  sheet: FakeSheet,
  name: string,
  type: DataType,
  kind: ColumnKind = { kind: "data" },
): Column {
  refuseTaken(sheet, name);
  const { sql, value } = SQL_TYPES[type];
  const column: Column = {
    id: sheet.newColumnId(),
    name,
    value_type: value,
    sql_type: sql,
    hidden: false,
    width_px: null,
    kind,
  };
  sheet.setColumns([...sheet.columns, column]);
  return column;
}

function replaceColumn(sheet: FakeSheet, id: number, change: Partial<Column>): void {
  sheet.column(id);
  sheet.setColumns(
    sheet.columns.map((column) => (column.id === id ? { ...column, ...change } : column)),
  );
}

export function columnCommands(world: World, runner: Runner): Part<ColumnCommand> {
  const open = (id: SheetId) => world.sheet(id);
  return {
    columns: (id) => open(id).columns,
    addDataColumn: (id, name, type) => {
      const sheet = open(id);
      return sheet.act(`Add \`${name}\``, () => addColumn(sheet, name, type));
    },
    addAiColumn: (id, name, recipe) => {
      const sheet = open(id);
      refuseBadRecipe(world, sheet, recipe, name);
      return sheet.act(`Add \`${name}\``, () =>
        addColumn(sheet, name, typeOfOutput(recipe.output), {
          kind: "ai",
          recipe,
          recipe_version: 1,
        }),
      );
    },
    setRecipe: (id, columnId, recipe) => {
      const sheet = open(id);
      const column = sheet.column(columnId);
      if (column.kind.kind !== "ai") {
        return refuse("bad_input", `column \`${column.name}\` has no recipe`);
      }
      runner.refuseBusy(sheet, column);
      refuseBadRecipe(world, sheet, recipe, column.name);
      const version = column.kind.recipe_version + 1;
      const { sql, value } = SQL_TYPES[typeOfOutput(recipe.output)];
      return sheet.act(`Change the recipe of \`${column.name}\``, () => {
        const kind: ColumnKind = { kind: "ai", recipe, recipe_version: version };
        replaceColumn(sheet, columnId, { kind, sql_type: sql, value_type: value });
        return version;
      });
    },
    renameColumn: (id, columnId, name) => {
      const sheet = open(id);
      const column = sheet.column(columnId);
      refuseTaken(sheet, name, column);
      sheet.act(`Rename \`${column.name}\` to \`${name}\``, () => {
        sheet.setColumns(
          sheet.columns.map((each) => {
            const kind = each.kind;
            if (each.id === columnId) return { ...each, name };
            if (kind.kind !== "ai") return each;
            const prompt = renamedIn(kind.recipe.prompt, column.name, name);
            return { ...each, kind: { ...kind, recipe: { ...kind.recipe, prompt } } };
          }),
        );
      });
      return null;
    },
    retypeColumn: (id, columnId, type, mayLose) => {
      const sheet = open(id);
      const column = sheet.column(columnId);
      if (column.kind.kind === "ai") {
        return refuse(
          "bad_input",
          `the type of column \`${column.name}\` is that of its recipe`,
          "change the output type of the recipe",
        );
      }
      const read = (row: number) => textOf(sheet.cell(row, column).value);
      const rows = sheet.allRows();
      const lost = rows.filter((row) => parseAs(read(row), type) === undefined);
      const example = lost[0];
      if (example !== undefined && !mayLose) {
        return refuse(
          "conflict",
          `${lost.length} values of column \`${column.name}\` cannot become ${type}, such as \`${read(example).slice(0, 40)}\``,
          "change them first, or let them become empty",
        );
      }
      return sheet.act(`Make \`${column.name}\` ${type}`, () => {
        for (const row of rows) {
          const cell = sheet.cell(row, column);
          if (cell.value === null) continue;
          const value = parseAs(textOf(cell.value), type) ?? null;
          const { state, error, confidence } = cell;
          sheet.putCell(row, columnId, { value, state, error, confidence, recipe_version: null });
        }
        const { sql, value } = SQL_TYPES[type];
        replaceColumn(sheet, columnId, { sql_type: sql, value_type: value });
        return lost.length;
      });
    },
    moveColumn: (id, columnId, place) => {
      const sheet = open(id);
      const column = sheet.column(columnId);
      sheet.act(`Move \`${column.name}\``, () => {
        const others = sheet.columns.filter((each) => each.id !== columnId);
        sheet.setColumns([...others.slice(0, place), column, ...others.slice(place)]);
      });
      return null;
    },
    hideColumn: (id, columnId, hidden) => {
      const sheet = open(id);
      const name = `${hidden ? "Hide" : "Show"} \`${sheet.column(columnId).name}\``;
      sheet.act(name, () => replaceColumn(sheet, columnId, { hidden }));
      return null;
    },
    resizeColumn: (id, columnId, widthPx) => {
      replaceColumn(open(id), columnId, { width_px: widthPx });
      return null;
    },
    duplicateColumn: (id, columnId, wanted) => {
      const sheet = open(id);
      const column = sheet.column(columnId);
      const name = wanted ?? freeName(sheet, `${column.name} copy`);
      refuseTaken(sheet, name);
      return sheet.act(`Duplicate \`${column.name}\``, () => {
        const copy = { ...column, id: sheet.newColumnId(), name };
        const at = sheet.columns.indexOf(column) + 1;
        sheet.setColumns([...sheet.columns.slice(0, at), copy, ...sheet.columns.slice(at)]);
        sheet.setBase(copy.id, sheet.copyOf(columnId));
        return copy;
      });
    },
    deleteColumns: (id, ids) => {
      const sheet = open(id);
      const gone = ids.map((column) => sheet.column(column));
      for (const column of gone) runner.refuseBusy(sheet, column);
      for (const user of sheet.columns) {
        if (user.kind.kind !== "ai" || gone.includes(user)) continue;
        const read = referencesOf(user.kind.recipe.prompt, sheet.columns);
        const used = read.find((column) => gone.includes(column));
        if (used) {
          refuse(
            "conflict",
            `column \`${used.name}\` is used by ${user.name}`,
            "change that prompt first, or delete both",
          );
        }
      }
      const names = gone.map((column) => `\`${column.name}\``).join(", ");
      sheet.act(`Delete ${names}`, () =>
        sheet.setColumns(sheet.columns.filter((column) => !gone.includes(column))),
      );
      return null;
    },
  };
}

function freeName(sheet: FakeSheet, wanted: string): string {
  const taken = (name: string) => sheet.columns.some((column) => column.name === name);
  let name = wanted;
  for (let at = 2; taken(name); at += 1) name = `${wanted} ${at}`;
  return name;
}

type ColumnCommand =
  | "columns"
  | "addDataColumn"
  | "addAiColumn"
  | "setRecipe"
  | "renameColumn"
  | "retypeColumn"
  | "moveColumn"
  | "hideColumn"
  | "resizeColumn"
  | "duplicateColumn"
  | "deleteColumns";
