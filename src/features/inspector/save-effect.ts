/** What saving a recipe does to the cells that its column has already. */

import type { CellState, Recipe } from "~/ipc";
import { isRecalibration, type OutputType } from "./draft";

/** What saving does to cells that are there. */
export type SaveEffect =
  | { kind: "none" }
  | { kind: "recalibrated" }
  | { kind: "stale" | "emptied"; cells: number };

const STORED_AS: Record<OutputType, string> = {
  text: "text",
  label: "text",
  labels: "json",
  number: "number",
  boolean: "boolean",
  date: "date",
  json: "json",
};

/**
 * What happens to the cells when `before` becomes `after`: finished ones become stale, and an
 * output that is stored as another type empties the column. Another calibration alone computes
 * them anew from what the model said.
 */
export function saveEffect(
  before: Recipe,
  after: Recipe,
  states: { [state in CellState]?: number },
): SaveEffect {
  const finished = (states.done ?? 0) + (states.stale ?? 0);
  if (isRecalibration(before, after)) return { kind: finished === 0 ? "none" : "recalibrated" };
  if (storedAs(before) !== storedAs(after)) {
    return finished === 0 ? { kind: "none" } : { kind: "emptied", cells: finished };
  }
  const done = states.done ?? 0;
  return done === 0 ? { kind: "none" } : { kind: "stale", cells: done };
}

function storedAs(recipe: Recipe): string {
  const output = recipe.output ?? { type: "text" };
  return output.type === "number" && output.integer ? "integer" : STORED_AS[output.type];
}
