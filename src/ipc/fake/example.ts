import tickets from "../../../examples/tickets.csv?raw";
import recipe from "../../../examples/tickets.yml?raw";
import { addColumn } from "./columns";
import { fillSheet, readText } from "./import";
import { freeSheetName, newSheet } from "./new-sheet";
import { recipesOf } from "./recipes";
import type { FakeSheet } from "./sheet";
import { typeOfOutput } from "./values";
import type { World } from "./world";

/** The example sheet: 70 support tickets and three AI columns, not filled yet. */
export function makeExample(world: World, name = "Example: support tickets"): FakeSheet {
  const sheet = newSheet(world, freeSheetName(world, name));
  fillSheet(sheet, readText(tickets, "csv", {}));
  for (const column of recipesOf(recipe)) {
    addColumn(sheet, column.name, typeOfOutput(column.recipe.output), {
      kind: "ai",
      recipe: column.recipe,
      recipe_version: 1,
    });
  }
  return sheet;
}
