import type { Column, OutlinedColumn, Output, RecipeFit, RecipeOutline } from "~/ipc";
import { formatNumber } from "~/lib/format";
import { freeName } from "~/lib/free-name";
import { recipeText as text } from "./strings";

/** What a recipe's names are called in the sheet, by the recipe's name; "" is not chosen yet. */
export type Mapping = Record<string, string>;

/** Names are told apart without letter case, as the Rust side tells columns apart. */
function key(name: string): string {
  return name.trim().toLocaleLowerCase();
}

/** The columns that a recipe makes and whose names the sheet has already. */
export function takenNames(plan: RecipeOutline, columns: readonly Column[]): string[] {
  const present = new Set(columns.map((column) => key(column.name)));
  return plan.columns.map((column) => column.name).filter((name) => present.has(key(name)));
}

/**
 * What is asked about a recipe that does not fit as it is: nothing yet for the columns that it
 * lacks, and a free name for each name that is taken.
 */
export function firstMapping(plan: RecipeOutline, columns: readonly Column[]): Mapping {
  const names = [
    ...columns.map((column) => column.name),
    ...plan.columns.map((column) => column.name),
  ];
  const mapping: Mapping = {};
  for (const name of plan.missing) mapping[name] = "";
  for (const name of takenNames(plan, columns)) {
    mapping[name] = freeName(name, names);
    names.push(mapping[name]);
  }
  return mapping;
}

/** The choices in the Rust side's terms. */
export function fitOf(mapping: Mapping, model: string | null): RecipeFit {
  const map = Object.entries(mapping)
    .map(([from, to]): [string, string] => [from, to.trim()])
    .filter(([from, to]) => to !== "" && to !== from);
  return { mapping: map, model };
}

/** New names that cannot be, because a column of the sheet or of the recipe is called so. */
export function wrongNames(
  plan: RecipeOutline,
  columns: readonly Column[],
  mapping: Mapping,
): string[] {
  const present = columns.map((column) => key(column.name));
  const made = plan.columns.map((column) => key(mapping[column.name] ?? column.name));
  return takenNames(plan, columns).filter((name) => {
    const wanted = key(mapping[name] ?? name);
    const twice = made.filter((other) => other === wanted).length > 1;
    return wanted === "" || present.includes(wanted) || twice;
  });
}

/** Whether all that was asked about the recipe is answered. */
export function isFitted(
  plan: RecipeOutline,
  columns: readonly Column[],
  mapping: Mapping,
): boolean {
  const isNamed = plan.missing.every((name) => (mapping[name] ?? "") !== "");
  return isNamed && wrongNames(plan, columns, mapping).length === 0;
}

/** What a planned column answers with, in words. */
export function outputText(output: Output): string {
  switch (output.type) {
    case "label":
      return text.labels(output.labels.join(", "));
    case "labels":
      return text.someLabels(output.labels.join(", "));
    case "number": {
      const type = output.integer ? text.outputs.integer : text.outputs.number;
      const { min = null, max = null } = output;
      if (min !== null && max !== null) {
        return text.between(type, formatNumber(min), formatNumber(max));
      }
      if (min !== null) return text.atLeast(type, formatNumber(min));
      return max === null ? type : text.atMost(type, formatNumber(max));
    }
    default:
      return text.outputs[output.type];
  }
}

/** The model of a planned column, in words. */
export function modelText(column: OutlinedColumn): string {
  return column.model === "" ? text.modelDefault : column.model;
}
