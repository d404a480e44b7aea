import type { DraftProblem } from "./draft";
import type { LabelProblem } from "./labels";
import type { FieldProblem } from "./schema";
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
    case "schema":
      return problem.why === "fields"
        ? fieldProblemText(problem.fields)
        : schemaProblemText(problem.why, problem.detail);
    case "sampling":
      return {
        temperature: text.sampling.temperatureBad,
        top_p: text.sampling.topPBad,
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

function schemaProblemText(why: "syntax" | "shape", detail: string): string {
  if (why === "syntax") return text.schema.syntax(detail);
  return detail === "" ? text.schema.shape : text.schema.shapeType(detail);
}

function fieldProblemText(problem: FieldProblem): string {
  switch (problem.kind) {
    case "none":
      return text.schema.none;
    case "nameless":
      return text.schema.nameless(problem.position);
    case "repeated":
      return text.schema.repeated(problem.name);
    case "choiceless":
      return text.schema.choiceless(problem.name);
  }
}
