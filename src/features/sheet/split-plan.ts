/** Splitting a JSON column: what a person chose of its properties, and what is asked for. */
import type { Column, DataType, JsonProperty, SplitColumns, SplitProperty } from "~/ipc";
import { harmless } from "~/lib/harmless";
import { text } from "./strings";

/** One property in the dialog. */
export interface SplitChoice {
  property: string;
  isChosen: boolean;
  name: string;
  dataType: DataType;
}

/** All properties, chosen, with free names. */
export function firstChoices(
  properties: readonly JsonProperty[],
  columns: readonly Column[],
): SplitChoice[] {
  const taken = new Set(columns.map((column) => column.name.toLowerCase()));
  return properties.map(({ property, data_type }) => {
    const wanted = property.trim() === "" ? text.split.unnamed : property.trim();
    let name = wanted;
    for (let at = 2; taken.has(name.toLowerCase()); at += 1) name = `${wanted} ${at}`;
    taken.add(name.toLowerCase());
    return { property, isChosen: true, name, dataType: data_type };
  });
}

/** The property as it is called on screen, where nothing would be no name. */
export function shownProperty({ property }: SplitChoice): string {
  return property.trim() === "" ? text.split.blank : harmless(property);
}

/** What is wrong with the name of a chosen property; null when it can be used. */
export function splitProblem(
  choices: readonly SplitChoice[],
  at: number,
  columns: readonly Column[],
): "blank" | "taken" | null {
  const choice = choices[at];
  if (!choice?.isChosen) return null;
  const name = choice.name.trim().toLowerCase();
  if (name === "") return "blank";
  const isSame = (other: string) => other.trim().toLowerCase() === name;
  const others = choices.filter((other, index) => index !== at && other.isChosen);
  const isTaken =
    columns.some((column) => isSame(column.name)) || others.some((other) => isSame(other.name));
  return isTaken ? "taken" : null;
}

/** What the Rust side is asked for; nothing while something is wrong or nothing is chosen. */
export function splitRequest(
  choices: readonly SplitChoice[],
  columns: readonly Column[],
): SplitProperty[] {
  if (choices.some((_, at) => splitProblem(choices, at, columns) !== null)) return [];
  return choices
    .filter((choice) => choice.isChosen)
    .map(({ property, name, dataType }) => ({ property, name: name.trim(), data_type: dataType }));
}

/** What was made, and what did not fit, for the message about it. */
export function splitMessage(made: SplitColumns): { title: string; detail: string | null } {
  const misfits = made.columns.filter((column) => column.misfits > 0);
  const details = [
    ...misfits.map(({ column, misfits: count }) => text.split.misfits(column.name, count)),
    ...(made.no_objects > 0 ? [text.split.noObjects(made.no_objects)] : []),
  ];
  return {
    title: text.split.done(made.columns.length),
    detail: details.length === 0 ? null : details.join("\n"),
  };
}
