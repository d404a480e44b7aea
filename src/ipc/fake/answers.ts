import type { AppError, CellFigures, Message, Recipe, RowId, Value } from "../bindings";
import { failure } from "./failure";
import { labelShares, priorOf, scoredLabels } from "./labels";
import { hashOf } from "./values";

/** What the make-believe model says about one row. */
export interface Answer {
  value: Value;
  /** The text as it streams, piece by piece. */
  pieces: string[];
  error: AppError | null;
  reasoning: string | null;
  figures: CellFigures;
}

const GOOD = /\b(love|great|thank|beautiful|happy|perfect|wonderful|excellent|lovely|danke)/i;
const BAD = /\b(broken|snapped|refund|late|wrong|dead|missing|bad|angry|never|cracked|damaged)/i;

/**
 * The answer of a make-believe model: the same row, recipe and attempt always get the same one.
 * About one row in 25 fails at the first attempt, one in 150 at every attempt.
 */
export function answerFor(
  recipe: Recipe,
  model: string,
  messages: Message[],
  row: RowId,
  attempt: number,
): Answer {
  const asked = messages.at(-1)?.content ?? "";
  const seed = hashOf(`${recipe.prompt}|${row}|${recipe.sampling?.seed ?? 0}`);
  const promptTokens = Math.ceil(messages.map((each) => each.content.length).reduce(sum, 0) / 4);
  const error = failureFor(seed, attempt, promptTokens);
  const input = asked.split("\n").at(-1)?.trim() || asked;
  const value = error ? null : valueFor(recipe, seed, input);
  const said = value === null ? "" : typeof value === "object" ? json(value) : String(value);
  const pieces = said.match(/\s*\S+/g) ?? [];
  const isChoice = recipe.output !== undefined && recipe.output.type !== "text";
  const scores = error ? [] : scoresOf(recipe, value, seed);
  const shares = labelShares(recipe, scores)
    .map(({ raw, calibrated }) => calibrated ?? raw ?? 0)
    .sort((left, right) => right - left);
  const figures: CellFigures = {
    model,
    prompt_tokens: promptTokens,
    // A label is chosen and not written.
    completion_tokens: scores.length > 0 ? 0 : Math.max(1, Math.ceil(said.length / 4)),
    duration_ms: 40 + (seed % 400),
    confidence: isChoice && !error ? (shares[0] ?? 0.35 + ((seed >>> 5) % 650) / 1000) : null,
    cut_off: false,
    ...(scores.length > 0 ? { label_scores: scores } : {}),
  };
  const isThinking = /think/i.test(model);
  const reasoning = isThinking ? `The row says “${input.slice(0, 60)}”, so that decides it.` : null;
  return { value, pieces, error, reasoning, figures };
}

/** What the model "thought" of each label, so that the calibrated answer is `value`. */
function scoresOf(recipe: Recipe, value: Value, seed: number): number[] {
  const labels = scoredLabels(recipe.output);
  const at = labels.indexOf(String(value));
  if (at < 0) return [];
  const even = 1 / labels.length;
  const share = even + (1 - even) * (0.15 + ((seed >>> 5) % 850) / 1000);
  const weights = labels.map((_, other) => 1 + ((seed >>> other) % 4) / 10);
  const others = weights.reduce((total, weight, other) => total + (other === at ? 0 : weight), 0);
  const prior = priorOf(labels);
  return weights.map((weight, other) => {
    const calibrated = other === at ? share : ((1 - share) * weight) / others;
    return Math.log(Math.max(calibrated, 1e-9)) + (prior[other] ?? 0);
  });
}

const sum = (left: number, right: number): number => left + right;
const json = (value: Value): string => JSON.stringify(value);

function failureFor(seed: number, attempt: number, promptTokens: number): AppError | null {
  if (promptTokens > 4096) {
    return failure(
      "context_length",
      `the prompt has ${promptTokens} tokens and the context holds 4096`,
      "shorten the row's text, or raise the context in the settings",
    );
  }
  const never = seed % 150 === 7;
  if (!never && !(seed % 25 === 3 && attempt === 0)) return null;
  return failure(
    "output_invalid",
    "the answer does not fit the output type: `I think it is`",
    "say in the prompt what the answer should look like",
  );
}

function valueFor(recipe: Recipe, seed: number, input: string): Value {
  const output = recipe.output ?? { type: "text" };
  const mood = GOOD.test(input) ? "positive" : BAD.test(input) ? "negative" : "neutral";
  switch (output.type) {
    case "label": {
      const known = output.labels.find((label) => label.toLowerCase() === mood);
      return known ?? output.labels[seed % output.labels.length] ?? null;
    }
    case "labels":
      return output.labels.filter(
        (label, at) => label.toLowerCase() === mood || (seed >>> at) % 3 === 0,
      );
    case "number": {
      const urgency = mood === "negative" ? 4 + (seed % 2) : 1 + (seed % 3);
      const raised = Math.max(output.min ?? Number.NEGATIVE_INFINITY, urgency);
      return Math.min(output.max ?? Number.POSITIVE_INFINITY, raised);
    }
    case "boolean":
      return seed % 2 === 0;
    case "date":
      return `2026-${String(1 + (seed % 12)).padStart(2, "0")}-${String(1 + (seed % 28)).padStart(2, "0")}`;
    case "json":
      return jsonFor(output.schema, seed, input);
    case "text": {
      const words = input.replace(/\s+/g, " ").trim().split(" ");
      const short = words
        .slice(0, 14)
        .join(" ")
        .replace(/[,;.]$/, "");
      return words.length > 14 ? `In short: ${short}…` : `In short: ${short || "nothing"}.`;
    }
  }
}

function jsonFor(schema: Value, seed: number, input: string): Value {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return { text: input };
  if (Array.isArray(schema.enum)) return schema.enum[seed % schema.enum.length] ?? null;
  const properties = schema.properties;
  if (typeof properties === "object" && properties !== null && !Array.isArray(properties)) {
    const fields = Object.entries(properties).map(([name, field], at) => [
      name,
      jsonFor(field, seed >>> at, input),
    ]);
    return Object.fromEntries(fields) as Value;
  }
  switch (schema.type) {
    case "number":
    case "integer":
      return seed % 10;
    case "boolean":
      return seed % 2 === 0;
    case "array":
      return [0, 1].map((at) => jsonFor(schema.items ?? {}, seed >>> at, input));
    default:
      return input.split(" ").slice(0, 4).join(" ");
  }
}
