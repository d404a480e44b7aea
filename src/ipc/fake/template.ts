import type { Column, Message, Output, Recipe, Value } from "../bindings";
import { refuse } from "./failure";
import { textOf } from "./values";

type Part = { text: string } | { name: string };

/** A prompt in pieces; `\{{` is a literal `{{`. */
export function partsOf(prompt: string): Part[] {
  const parts: Part[] = [];
  let literal = "";
  let at = 0;
  while (at < prompt.length) {
    const open = prompt.indexOf("{{", at);
    if (open < 0) break;
    literal += prompt.slice(at, open);
    if (prompt[open - 1] === "\\") {
      literal = `${literal.slice(0, -1)}{{`;
      at = open + 2;
      continue;
    }
    let inner = open + 2;
    while (prompt[inner] === "{") {
      literal += "{";
      inner += 1;
    }
    const close = prompt.indexOf("}}", inner);
    if (close < 0) {
      refuse(
        "bad_template",
        `the prompt opens \`{{\` at ${placeOf(prompt, open)} and never closes it: \`${prompt.slice(open, open + 40)}\``,
        "close it with `}}`, or write `\\{{` for a literal `{{`",
      );
    }
    const name = prompt.slice(inner, close).trim();
    if (name === "") {
      refuse(
        "bad_template",
        `the prompt has a reference without a column name at ${placeOf(prompt, open)}: \`${prompt.slice(open, open + 40)}\``,
        "write `{{column name}}`, or `\\{{` for a literal `{{`",
      );
    }
    if (literal !== "") parts.push({ text: literal });
    literal = "";
    parts.push({ name });
    at = close + 2;
  }
  const rest = literal + prompt.slice(at);
  if (rest !== "") parts.push({ text: rest });
  return parts;
}

/** The columns that a prompt names; an unknown name is refused. */
export function referencesOf(prompt: string, columns: Column[]): Column[] {
  const found: Column[] = [];
  for (const part of partsOf(prompt)) {
    if (!("name" in part)) continue;
    const column = columns.find((known) => known.name === part.name);
    if (!column) {
      const close = columns.find((known) => isClose(known.name, part.name));
      refuse(
        "bad_template",
        `the prompt refers to \`${part.name}\` at ${placeOf(prompt, prompt.indexOf(part.name))}, and there is no such column`,
        close
          ? `did you mean \`{{${close.name}}}\`?`
          : "use the name of a column exactly as the sheet shows it, or write `\\{{` for a literal `{{`",
      );
    }
    if (!found.includes(column)) found.push(column);
  }
  return found;
}

/** The prompt with the name of a column replaced, when the column gets another name. */
export function renamedIn(prompt: string, from: string, to: string): string {
  const isSame = (inner: string): boolean => inner.trim() === from;
  return prompt.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) =>
    isSame(inner) ? `{{${to}}}` : whole,
  );
}

/** The messages that a model gets for one row. */
export function messagesFor(
  recipe: Recipe,
  examples: { inputs: string; value: Value }[],
  read: (name: string) => Value,
): Message[] {
  const render = (part: Part): string => ("name" in part ? textOf(read(part.name)) : part.text);
  const system = recipe.system ?? `Answer with ${OUTPUT_WORDS[recipe.output?.type ?? "text"]}.`;
  const shown = examples.flatMap((example): Message[] => [
    { role: "user", content: example.inputs },
    { role: "assistant", content: textOf(example.value) },
  ]);
  return [
    { role: "system", content: system },
    ...shown,
    { role: "user", content: partsOf(recipe.prompt).map(render).join("") },
  ];
}

const OUTPUT_WORDS: Record<Output["type"], string> = {
  text: "the value for the cell and nothing else",
  label: "one of the labels and nothing else",
  labels: "a JSON list of those labels that fit and nothing else",
  number: "a number and nothing else",
  boolean: "yes or no and nothing else",
  date: "a date as YYYY-MM-DD and nothing else",
  json: "JSON of the schema and nothing else",
};

function placeOf(prompt: string, at: number): string {
  const lines = prompt.slice(0, at).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function isClose(known: string, written: string): boolean {
  const one = known.toLowerCase();
  const other = written.toLowerCase();
  return one === other || one.startsWith(other.slice(0, 4)) || other.startsWith(one.slice(0, 4));
}
