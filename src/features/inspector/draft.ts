/**
 * A recipe while it is edited. A draft keeps what a recipe has no room for (the labels of a column
 * that is a number at the moment, a schema that is not JSON yet), so that trying another output
 * type loses nothing.
 */

import type {
  CalibrationMode,
  Column,
  ExamplePolicy,
  NumberLimits,
  Output,
  Recipe,
  RecipeExample,
  Value,
} from "~/ipc";
import { type LabelProblem, labelProblem } from "./labels";
import { type NumberProblem, numberProblem, plainLimits } from "./number-limits";
import { type FieldProblem, fieldProblem, fieldsOf, type SchemaField, schemaOf } from "./schema";
import { readSchema, type SchemaTextProblem, schemaText } from "./schema-text";
import { canReference, type TemplateProblem, templateProblems } from "./template";

export type OutputType = Output["type"];

/** The output types in the order in which they are offered; several labels are a kind of labels. */
export const OUTPUT_TYPES = [
  "text",
  "label",
  "number",
  "boolean",
  "date",
  "json",
] as const satisfies OutputType[];

/** The output type that stands for this one in the list of those that are offered. */
export function offeredType(type: OutputType): (typeof OUTPUT_TYPES)[number] {
  return type === "labels" ? "label" : type;
}

/** How tokens are chosen, with every field there. */
export interface DraftSampling {
  maxTokens: number | null;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  seed: number;
  /** One a line; `\n`, `\t` and `\\` are escapes. */
  stops: string;
}

export interface Draft {
  /** The name of a column that is to be added; that of an existing column is edited elsewhere. */
  name: string;
  prompt: string;
  /** "" takes the built-in system message. */
  system: string;
  model: string;
  outputType: OutputType;
  labels: string[];
  limits: Required<NumberLimits>;
  /** How labels are calibrated. */
  calibration: CalibrationMode;
  schema: string;
  /** The same as a list of fields; null where the list has no words for it. */
  fields: SchemaField[] | null;
  sampling: DraftSampling;
  examples: ExamplePolicy;
  /** Examples that came with the recipe; they are kept as they are. */
  exampleRows: RecipeExample[];
}

/** What the sampling is when a recipe says nothing. */
export const DEFAULT_SAMPLING: DraftSampling = {
  maxTokens: null,
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  seed: 0,
  stops: "",
};

/** How labels are calibrated when a recipe says nothing. */
export const DEFAULT_CALIBRATION: CalibrationMode = "prior";

/** What the limits on examples are when a recipe says nothing. */
export const DEFAULT_EXAMPLES: ExamplePolicy = { max_count: 8, max_tokens: 1024 };

/** The schema that a new JSON column begins with. */
const FIRST_SCHEMA: Value = {
  type: "object",
  properties: { answer: { type: "string" } },
  required: ["answer"],
  additionalProperties: false,
};

/** The draft of a column that is to be added. */
export function newDraft(name: string, prompt: string, model: string): Draft {
  return { ...draftOf({ prompt, model }), name };
}

/** The draft that says what this recipe says. */
export function draftOf(recipe: Recipe): Draft {
  const { output = { type: "text" }, sampling = {}, examples = DEFAULT_EXAMPLES } = recipe;
  const schema = output.type === "json" ? output.schema : FIRST_SCHEMA;
  return {
    name: "",
    prompt: recipe.prompt,
    system: recipe.system ?? "",
    model: recipe.model,
    outputType: output.type,
    labels: output.type === "label" || output.type === "labels" ? [...output.labels] : [],
    limits: {
      integer: (output.type === "number" && output.integer) || false,
      min: output.type === "number" ? (output.min ?? null) : null,
      max: output.type === "number" ? (output.max ?? null) : null,
    },
    calibration: recipe.calibration ?? DEFAULT_CALIBRATION,
    schema: schemaText(schema),
    fields: shownFields(schema),
    sampling: {
      maxTokens: sampling.max_tokens ?? null,
      temperature: sampling.temperature ?? DEFAULT_SAMPLING.temperature,
      topP: sampling.top_p ?? DEFAULT_SAMPLING.topP,
      topK: sampling.top_k ?? DEFAULT_SAMPLING.topK,
      minP: sampling.min_p ?? DEFAULT_SAMPLING.minP,
      seed: sampling.seed ?? DEFAULT_SAMPLING.seed,
      stops: stopLines(sampling.stop ?? []),
    },
    examples: { ...examples },
    exampleRows: plain(recipe.example_rows ?? []),
  };
}

/** The recipe that a draft says; a schema that cannot be read stands as the text it is. */
export function recipeOf(draft: Draft): Recipe {
  const { sampling } = draft;
  const system = draft.system.trim();
  return plain({
    prompt: draft.prompt,
    system: system === "" ? null : draft.system,
    model: draft.model,
    output: outputOf(draft),
    sampling: {
      max_tokens: sampling.maxTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      top_k: sampling.topK,
      // As the Rust side writes it: what is usual is left out.
      ...(sampling.minP === DEFAULT_SAMPLING.minP ? {} : { min_p: sampling.minP }),
      seed: sampling.seed,
      stop: stopsOf(sampling.stops),
    },
    examples: draft.examples,
    example_rows: draft.exampleRows,
    ...(draft.calibration === DEFAULT_CALIBRATION ? {} : { calibration: draft.calibration }),
  });
}

function outputOf(draft: Draft): Output {
  switch (draft.outputType) {
    case "label":
    case "labels":
      return { type: draft.outputType, labels: draft.labels.map((label) => label.trim()) };
    case "number":
      return { type: "number", ...plainLimits(draft.limits) };
    case "json": {
      const read = readSchema(draft.schema);
      return { type: "json", schema: "schema" in read ? read.schema : draft.schema };
    }
    default:
      return { type: draft.outputType };
  }
}

/** Takes the fields of the list, and the schema that they make. */
export function setFields(draft: Draft, fields: SchemaField[]): void {
  draft.fields = fields;
  draft.schema = schemaText(schemaOf(fields));
}

/** Takes a schema as it is typed, and the fields of it if it is finished and simple enough. */
export function setSchema(draft: Draft, schema: string): void {
  const read = readSchema(schema);
  draft.schema = schema;
  draft.fields = "schema" in read ? shownFields(read.schema) : null;
}

function shownFields(schema: Value): SchemaField[] | null {
  const found = fieldsOf(schema);
  return "fields" in found ? found.fields : null;
}

/** A copy without the framework's proxies, fit to be sent or kept. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Whether two recipes ask the same of a model. */
export function isSameRecipe(one: Recipe, other: Recipe): boolean {
  return spelled(one) === spelled(other);
}

/** A recipe in one spelling, with every field there. */
function spelled(recipe: Recipe): string {
  return JSON.stringify(recipeOf(draftOf(recipe)));
}

/** Whether two recipes differ in nothing but how labels are calibrated, and do in that. */
export function isRecalibration(before: Recipe, after: Recipe): boolean {
  const calibration = after.calibration ?? DEFAULT_CALIBRATION;
  const isOther = (before.calibration ?? DEFAULT_CALIBRATION) !== calibration;
  return isOther && canCalibrate(after.output) && isSameRecipe({ ...before, calibration }, after);
}

/** Whether the cells are one of a fixed set, so that a model says how likely each of them is. */
export function canCalibrate(output: Pick<Output, "type"> | undefined): boolean {
  return output?.type === "label" || output?.type === "boolean";
}

/** Whether a draft says anything else than this recipe. */
export function isChanged(draft: Draft, saved: Recipe): boolean {
  return !isSameRecipe(recipeOf(draft), saved);
}

/** The stop texts in a field with one a line. */
export function stopsOf(lines: string): string[] {
  const escapes: Record<string, string> = { "\\n": "\n", "\\t": "\t", "\\\\": "\\" };
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\\[nt\\]/g, (found) => escapes[found] ?? found));
}

/** The text of the field that {@link stopsOf} reads. */
export function stopLines(stops: readonly string[]): string {
  return stops
    .map((stop) => stop.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t"))
    .join("\n");
}

/** What keeps a draft from being used, and the place where it is put right. */
export type DraftProblem =
  | { field: "name"; why: "blank" | "unusable" | "taken" }
  | { field: "prompt"; why: "blank" }
  | { field: "prompt"; why: "template"; template: TemplateProblem }
  | { field: "labels"; label: LabelProblem }
  | { field: "number"; number: NumberProblem }
  | { field: "schema"; why: "text"; text: SchemaTextProblem }
  | { field: "schema"; why: "fields"; fields: FieldProblem }
  | { field: "sampling"; why: "temperature" | "top_p" | "min_p" | "max_tokens" }
  | { field: "model" };

/**
 * Everything that the Rust side would refuse, in the order of the page. `names` are the columns
 * that the prompt may read; `taken` are the names that a new column may not have, or null where
 * the column is there already.
 */
export function draftProblems(
  draft: Draft,
  names: readonly string[],
  taken: readonly string[] | null,
): DraftProblem[] {
  const problems: DraftProblem[] = [];
  if (taken !== null) {
    const why = nameProblem(draft.name, taken);
    if (why !== null) problems.push({ field: "name", why });
  }
  if (draft.prompt.trim() === "") problems.push({ field: "prompt", why: "blank" });
  for (const template of templateProblems(draft.prompt, names)) {
    problems.push({ field: "prompt", why: "template", template });
  }
  problems.push(...outputProblems(draft));
  if (draft.model.trim() === "") problems.push({ field: "model" });
  const { temperature, topP, minP, maxTokens } = draft.sampling;
  if (!(temperature >= 0 && temperature <= 2)) {
    problems.push({ field: "sampling", why: "temperature" });
  }
  if (!(topP > 0 && topP <= 1)) problems.push({ field: "sampling", why: "top_p" });
  if (!(minP >= 0 && minP <= 1)) problems.push({ field: "sampling", why: "min_p" });
  if (maxTokens !== null && maxTokens < 1) problems.push({ field: "sampling", why: "max_tokens" });
  return problems;
}

function outputProblems(draft: Draft): DraftProblem[] {
  if (draft.outputType === "label" || draft.outputType === "labels") {
    const label = labelProblem(draft.labels);
    return label === null ? [] : [{ field: "labels", label }];
  }
  if (draft.outputType === "number") {
    const number = numberProblem(draft.limits);
    return number === null ? [] : [{ field: "number", number }];
  }
  if (draft.outputType !== "json") return [];
  const read = readSchema(draft.schema);
  if ("problem" in read) return [{ field: "schema", why: "text", text: read.problem }];
  const problem = draft.fields === null ? null : fieldProblem(draft.fields);
  return problem === null ? [] : [{ field: "schema", why: "fields", fields: problem }];
}

/** What is wrong with the name of a column; letter case does not make another name. */
export function nameProblem(
  name: string,
  taken: readonly string[],
): "blank" | "unusable" | "taken" | null {
  const wanted = name.trim();
  if (wanted === "") return "blank";
  if (!canReference(wanted)) return "unusable";
  const low = wanted.toLowerCase();
  return taken.some((one) => one.toLowerCase() === low) ? "taken" : null;
}

/** `wanted`, or the same with the first free number behind it. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const low = new Set(taken.map((name) => name.toLowerCase()));
  let name = wanted;
  for (let number = 2; low.has(name.toLowerCase()); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** The recipe of an AI column; null for a data column. */
export function recipeOfColumn(column: Column | undefined): Recipe | null {
  return column?.kind.kind === "ai" ? column.kind.recipe : null;
}
