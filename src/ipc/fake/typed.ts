import type { CellEdit, Output, Recipe, Value } from "../bindings";
import { editCells } from "./cells";
import { addColumn } from "./columns";
import { newSheet } from "./new-sheet";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import { hashOf, typeOfOutput } from "./values";
import type { World } from "./world";

const LETTERS = [
  "I love the new desk, thank you for the fast delivery!",
  "The lamp arrived broken and nobody answers. I want a refund by Friday.",
  "Could you send the invoice of order 4711 again?",
  "Wrong size, and the zip of the bag is cracked.",
  "When will the green chair be back in stock?",
  "Perfect kettle, my whole family is happy with it.",
];

/** What the details of a letter are: an enum, a list and an object among them. */
export const DETAILS: Value = {
  type: "object",
  properties: {
    product: { type: "string", description: "As the letter calls it" },
    tone: { type: "string", enum: ["angry", "calm", "happy"] },
    order: { type: "integer" },
    amount: { type: "number" },
    refund: { type: "boolean" },
    due: { type: "string", format: "date" },
    wishes: { type: "array", items: { type: "string" } },
    customer: {
      type: "object",
      properties: { name: { type: "string" }, city: { type: "string" } },
      required: ["name"],
      additionalProperties: false,
    },
  },
  required: ["product", "tone"],
  additionalProperties: false,
};

const COLUMNS: [string, string, Output][] = [
  ["mood", "What is the mood?", { type: "label", labels: ["positive", "neutral", "negative"] }],
  [
    "topics",
    "Which topics are in it?",
    {
      type: "labels",
      labels: ["delivery", "damage", "refund", "invoice", "stock", "positive", "negative"],
    },
  ],
  ["urgency", "How urgent is it?", { type: "number", integer: true, min: 1, max: 5 }],
  ["reply", "Does it need a reply?", { type: "boolean" }],
  ["due", "Until when?", { type: "date" }],
  ["details", "Extract the details.", { type: "json", schema: DETAILS }],
];

/** Letters with a filled column of every output type. */
export function makeTyped(world: World, runner: Runner): FakeSheet {
  const sheet = newSheet(world, "Letters", 120);
  const letter = addColumn(sheet, "letter", "text");
  sheet.setBase(letter.id, (row) => ({
    value: LETTERS[hashOf(`l${row}`) % LETTERS.length] ?? "",
    state: null,
    error: null,
    confidence: null,
    recipe_version: null,
  }));
  for (const [name, question, output] of COLUMNS) {
    const model = world.models[0]?.name ?? "";
    const recipe: Recipe = { prompt: `${question}\n\n{{letter}}`, model, output };
    const kind = { kind: "ai", recipe, recipe_version: 1 } as const;
    const column = addColumn(sheet, name, typeOfOutput(output), kind);
    runner.fillNow(sheet, column.id, { rows: "these", ids: sheet.allRows().slice(0, 100) });
  }
  checkSome(sheet);
  return sheet;
}

/** A person has looked at some moods: most were right. */
function checkSome(sheet: FakeSheet): void {
  const column = sheet.columns.find((each) => each.name === "mood");
  if (!column) return;
  const edits: CellEdit[] = sheet
    .allRows()
    .slice(0, 40)
    .filter((row) => sheet.cell(row, column).state === "done")
    .map((row) => {
      const { value } = sheet.cell(row, column);
      return { column: column.id, row, value: row % 5 === 0 ? "negative" : value };
    });
  sheet.act("Check some moods", () => editCells(sheet, edits));
}
