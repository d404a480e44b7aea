/** The ready-made actions of a new AI column: each is a prompt and an output type to begin with. */

import type { Column, ColumnId, Output, Window } from "~/ipc";
import type { IconName } from "~/ui";
import { text } from "./strings";
import { canReference, referenceTo } from "./template";

export type ActionId =
  | "summarise"
  | "classify"
  | "sentiment"
  | "extract"
  | "keywords"
  | "translate"
  | "rewrite"
  | "answer"
  | "score"
  | "custom";

export interface Action {
  id: ActionId;
  icon: IconName;
  label: string;
  /** The name that the column gets if the person gave none. */
  columnName: string;
  output: Output;
  /** The prompt, about the column that `reference` names; "" where the sheet has none. */
  prompt(reference: string): string;
}

const words = text.actions;

/** What an action's prompt ends with: the data it is about, if there is any. */
function about(instruction: string, reference: string): string {
  return reference === "" ? instruction : `${instruction}\n\n${reference}`;
}

function action(
  id: Exclude<ActionId, "custom">,
  icon: IconName,
  output: Output = { type: "text" },
): Action {
  const { label, columnName, instruction } = words[id];
  return {
    id,
    icon,
    label,
    columnName,
    output,
    prompt: (reference) => about(instruction, reference),
  };
}

/** All actions, in the order in which they are offered. */
export const ACTIONS: readonly Action[] = [
  action("summarise", "text"),
  action("classify", "label", { type: "label", labels: [...words.classify.labels] }),
  action("sentiment", "thumbs-up", { type: "label", labels: [...words.sentiment.labels] }),
  action("extract", "braces", {
    type: "json",
    schema: {
      type: "object",
      properties: {
        name: { type: "string", description: words.extract.fields.name },
        date: { type: "string", format: "date" },
        amount: { type: "number" },
      },
      required: [],
      additionalProperties: false,
    },
  }),
  action("keywords", "hash"),
  action("translate", "replace"),
  action("rewrite", "pencil"),
  action("answer", "boolean", { type: "boolean" }),
  action("score", "gauge", { type: "number", integer: true, min: 1, max: 5 }),
  {
    id: "custom",
    icon: "sparkle",
    label: words.custom.label,
    columnName: words.custom.columnName,
    output: { type: "text" },
    prompt: (reference) => (reference === "" ? "" : `\n\n${reference}`),
  },
];

/** The prompt of an action about a column; "" stands for no column. */
export function actionPrompt(one: Action, column: string): string {
  return one.prompt(column === "" ? "" : referenceTo(column));
}

/** Whether a prompt is just what an action wrote, so that another action may replace it. */
export function isUntouched(prompt: string, columns: readonly string[]): boolean {
  if (prompt.trim() === "") return true;
  return ACTIONS.some((one) => ["", ...columns].some((name) => actionPrompt(one, name) === prompt));
}

/** The columns that an action can be about, texts first, each group in display order. */
export function readableColumns(columns: readonly Column[], self: ColumnId | null): Column[] {
  const readable = columns.filter(
    (column) => column.id !== self && column.value_type !== "binary" && canReference(column.name),
  );
  return [
    ...readable.filter((column) => column.value_type === "text"),
    ...readable.filter((column) => column.value_type !== "text"),
  ];
}

/** An active column counts as if its texts were this much longer: a person just looked at it. */
const ACTIVE_FACTOR = 3;
/** Longer texts do not make a column likelier. */
const LONG_ENOUGH = 400;

/**
 * The column that an action is most likely about: the one with the longest texts in the first
 * rows, with an advantage for the active column. "" in a sheet without columns to read.
 */
export function likelyColumn(
  columns: readonly Column[],
  firstRows: Window | null,
  active: ColumnId | null,
): string {
  const readable = readableColumns(columns, null);
  let best: { name: string; score: number } | null = null;
  for (const column of readable) {
    const length = column.value_type === "text" ? meanLength(column.id, firstRows) : 0;
    const shown = column.hidden === true ? 0.1 : 1;
    const looked = column.id === active ? ACTIVE_FACTOR : 1;
    const score = Math.min(length, LONG_ENOUGH) * shown * looked;
    if (best === null || score > best.score) best = { name: column.name, score };
  }
  return best?.name ?? "";
}

function meanLength(column: ColumnId, firstRows: Window | null): number {
  const place = firstRows?.columns.indexOf(column) ?? -1;
  if (firstRows === null || place === -1 || firstRows.rows.length === 0) return 1;
  const lengths = firstRows.rows.map((row) => {
    const value = row.cells[place]?.value;
    return typeof value === "string" ? value.length : 0;
  });
  return 1 + lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}
