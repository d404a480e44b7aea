import type { DraftProblem } from "./draft";
import type { LabelProblem } from "./labels";
import type { FieldProblem, RawReason } from "./schema";
import type { SchemaTextProblem } from "./schema-text";
import { text } from "./strings";
import type { TemplateProblem } from "./template";

/** A problem of a draft, as a sentence for the person. `own` is the name of the column itself. */
export function problemText(problem: DraftProblem, own: string | null): string {
  switch (problem.field) {
    case "name":
      return {
        blank: text.column.nameBlank,
        unusable: text.column.nameUnusable,
        taken: text.column.nameTaken,
      }[problem.why];
    case "prompt":
      return problem.why === "blank"
        ? text.prompt.blank
        : templateProblemText(problem.template, own);
    case "labels":
      return labelProblemText(problem.label);
    case "number":
      return text.number.problems[problem.number];
    case "schema":
      return problem.why === "fields"
        ? fieldProblemText(problem.fields)
        : schemaProblemText(problem.text);
    case "sampling":
      return {
        temperature: text.sampling.temperatureBad,
        top_p: text.sampling.topPBad,
        min_p: text.sampling.minPBad,
        max_tokens: text.sampling.maxTokensBad,
      }[problem.why];
    case "model":
      return text.model.notChosen;
  }
}

/** What is wrong with a reference. */
export function templateProblemText(problem: TemplateProblem, own: string | null): string {
  if (problem.kind !== "unknown") return text.prompt[problem.kind](problem.line);
  return problem.name === own
    ? text.prompt.itself(problem.name)
    : text.prompt.unknown(problem.name);
}

function labelProblemText(problem: LabelProblem): string {
  if (problem.kind === "too_few") return text.output.tooFew;
  return problem.kind === "empty"
    ? text.output.emptyLabel(problem.position)
    : text.output.repeatedLabel(problem.label);
}

function schemaProblemText(problem: SchemaTextProblem): string {
  switch (problem.why) {
    case "syntax": {
      const { expected, line, column } = problem.syntax;
      return text.schema.syntax(line, column, text.schema.expected[expected]);
    }
    case "shape":
      return text.schema.shape;
    case "type":
      return text.schema.shapeType(problem.place, problem.type);
  }
}

/** Why a schema is shown as text only. */
export function rawReasonText(reason: RawReason): string {
  const { place } = reason;
  switch (reason.why) {
    case "keyword":
      return text.schema.raws.keyword(place, reason.keyword);
    case "type":
      return text.schema.raws.type(place, reason.type);
    case "not_object":
    case "choices":
    case "open":
    case "name":
    case "required":
      return text.schema.raws[reason.why](place);
  }
}

/** What is wrong with the fields of the builder. */
export function fieldProblemText(problem: FieldProblem): string {
  switch (problem.kind) {
    case "none":
      return problem.name === "" ? text.schema.none : text.schema.noneIn(problem.name);
    case "nameless":
      return text.schema.nameless;
    case "repeated":
      return text.schema.repeated(problem.name);
    case "numeric":
      return text.schema.numeric(problem.name);
    case "choiceless":
      return text.schema.choiceless(problem.name);
  }
}
