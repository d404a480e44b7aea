import type { Column, OutlinedColumn, Output, Recipe, RecipeFit, RecipeOutline } from "../bindings";
import { addColumn } from "./columns";
import type { Part } from "./commands";
import { refuse } from "./failure";
import type { FakeSheet } from "./sheet";
import { partsOf, renamedIn } from "./template";
import { typeOfOutput } from "./values";
import type { World } from "./world";

interface NamedRecipe {
  name: string;
  recipe: Recipe;
}

function aiColumns(sheet: FakeSheet, names: string[] | null): NamedRecipe[] {
  const chosen = names
    ? names.map(
        (name) =>
          sheet.columns.find((column) => column.name === name) ??
          refuse("not_found", `there is no column \`${name}\``),
      )
    : sheet.columns.filter((column) => column.kind.kind === "ai");
  return chosen.map((column) => {
    if (column.kind.kind === "ai") return { name: column.name, recipe: column.kind.recipe };
    return refuse("bad_input", `column \`${column.name}\` has no recipe`, "choose AI columns");
  });
}

function yamlOf(columns: NamedRecipe[], withExamples: boolean): string {
  const lines = columns.flatMap(({ name, recipe }) => [
    `  ${/^\w+$/.test(name) ? name : JSON.stringify(name)}:`,
    `    modelName: ${recipe.model}`,
    "    modelProvider: auto",
    "    task: text-generation",
    "    prompt: |",
    ...recipe.prompt.split("\n").map((line) => (line === "" ? "" : `      ${line}`)),
    "    columnsReferences:",
    ...inputsOf(recipe).map((input) => `      - ${input}`),
    "    braincells:",
    "      version: 1",
    `      output: ${JSON.stringify(recipe.output ?? { type: "text" })}`,
    ...(withExamples ? [`      examples: ${recipe.examples?.max_count ?? 4}`] : []),
  ]);
  return `columns:\n${lines.join("\n")}\n`;
}

function inputsOf(recipe: Recipe): string[] {
  const named = partsOf(recipe.prompt).flatMap((part) => ("name" in part ? [part.name] : []));
  return [...new Set(named)];
}

/** Reads the YAML that this module and the examples write; not YAML at large. */
export function recipesOf(yaml: string): NamedRecipe[] {
  const [, body = ""] = yaml.split(/^columns:\s*$/m);
  const blocks = body.split(/^ {2}(?=\S)/m).filter((block) => block.trim() !== "");
  const found = blocks.map((block): NamedRecipe => {
    const name = (block.match(/^(.+?):\s*$/m)?.[1] ?? "").replace(/^"(.*)"$/, "$1");
    const prompt = block.match(/^ {4}prompt: \|\n((?: {6}.*\n|\n)*)/m)?.[1] ?? "";
    const model = block.match(/^ {4}modelName: (.*)$/m)?.[1]?.trim() ?? "";
    return {
      name,
      recipe: { prompt: prompt.replace(/^ {6}/gm, "").trim(), model, output: outputOf(block) },
    };
  });
  if (found.length === 0 || found.some(({ name, recipe }) => name === "" || recipe.prompt === "")) {
    refuse("bad_recipe", "the file is not a recipe", "choose a file that Braincells wrote");
  }
  return found;
}

function outputOf(block: string): Output {
  const flow = block.match(/^ {6}output: (\{.*\})$/m)?.[1];
  if (flow) return JSON.parse(flow) as Output;
  const type = block.match(/^ {8}type: (\w+)$/m)?.[1] ?? "text";
  const labels = block.match(/^ {8}labels: \[(.*)\]$/m)?.[1]?.split(",") ?? [];
  if (type === "label") return { type, labels: labels.map((label) => label.trim()) };
  if (type === "number" || type === "boolean" || type === "date") return { type };
  return { type: "text" };
}

/** A recipe's columns with the names and the model of the sheet that they go to. */
function fitted(recipes: NamedRecipe[], fit: RecipeFit): NamedRecipe[] {
  return recipes.map(({ name, recipe }) => {
    let prompt = recipe.prompt;
    for (const [from, to] of fit.mapping ?? []) prompt = renamedIn(prompt, from, to);
    const renamed = fit.mapping?.find(([from]) => from === name)?.[1] ?? name;
    return { name: renamed, recipe: { ...recipe, prompt, model: fit.model ?? recipe.model } };
  });
}

function planOf(world: World, sheet: FakeSheet, recipes: NamedRecipe[]): RecipeOutline {
  const made = recipes.map((each) => each.name);
  const known = [...sheet.columns.map((column) => column.name), ...made];
  const columns = recipes.map(
    ({ name, recipe }): OutlinedColumn => ({
      name,
      prompt: recipe.prompt,
      output: recipe.output ?? { type: "text" },
      model: recipe.model,
      inputs: inputsOf(recipe),
    }),
  );
  const needed = [...new Set(columns.flatMap((column) => column.inputs))];
  const models = new Set(world.models.map((model) => model.name));
  const unknown = [...new Set(columns.map((column) => column.model))].filter(
    (model) => model !== "" && !models.has(model),
  );
  const taken = made.filter((name) => sheet.columns.some((column) => column.name === name));
  const warnings = [
    ...unknown.map((model) => `the model \`${model}\` is not here; the default one is taken`),
    ...taken.map((name) => `there is a column \`${name}\` already; the new one is renamed`),
  ];
  return { columns, missing: needed.filter((name) => !known.includes(name)), warnings };
}

export function recipeCommands(world: World): Part<RecipeCommand> {
  const read = (path: string): NamedRecipe[] => {
    const file = world.disk.get(path);
    const text =
      world.written.get(path) ?? (file && "text" in file.content ? file.content.text : null);
    return text === null ? refuse("not_found", `there is no file at \`${path}\``) : recipesOf(text);
  };
  return {
    recipeText: (id, columns, withExamples) =>
      yamlOf(aiColumns(world.sheet(id), columns), withExamples),
    exportRecipe: (id, columns, withExamples, path) => {
      const chosen = aiColumns(world.sheet(id), columns);
      world.written.set(path, yamlOf(chosen, withExamples));
      // Nothing is left out here.
      return [];
    },
    checkRecipe: (id, path, fit) => planOf(world, world.sheet(id), fitted(read(path), fit)),
    importRecipe: (id, path, fit) => {
      const sheet = world.sheet(id);
      const recipes = fitted(read(path), fit);
      const { missing, warnings } = planOf(world, sheet, recipes);
      if (missing.length > 0) {
        refuse(
          "bad_recipe",
          `the recipe needs the columns ${missing.join(", ")}, which the sheet lacks`,
          "say which columns of the sheet to take instead",
        );
      }
      const known = new Set(world.models.map((model) => model.name));
      const columns = sheet.act(`Import ${recipes.length} columns`, () =>
        recipes.map(({ name, recipe }): Column => {
          const taken = sheet.columns.some((column) => column.name === name);
          const model = known.has(recipe.model) ? recipe.model : world.model("").name;
          return addColumn(sheet, taken ? `${name} 2` : name, typeOfOutput(recipe.output), {
            kind: "ai",
            recipe: { ...recipe, model },
            recipe_version: 1,
          });
        }),
      );
      return { columns, renamed: [], warnings };
    },
  };
}

type RecipeCommand = "recipeText" | "exportRecipe" | "checkRecipe" | "importRecipe";
