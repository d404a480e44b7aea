import type { CellTest, Column, Value } from "~/ipc";
import { formatPercent, valueText } from "~/lib/format";
import type { Condition } from "./conditions";
import { text } from "./strings";

/** Longest value that a chip shows whole. */
const mostCharacters = 40;

/** A condition in words, behind the name of its column. */
export function conditionText(condition: Condition): string {
  const { test, negated } = condition;
  if (test.test === "empty") return negated ? text.chip.notEmpty : text.chip.empty;
  if (test.test === "one_of") return oneOf(test.values.map(shortValue), negated);
  if (test.test === "state") {
    return oneOf(
      test.states.map((state) => text.states[state]),
      negated,
    );
  }
  const phrase = phraseOf(test);
  return negated ? text.chip.not(phrase) : phrase;
}

/** The name of the column that a condition reads. */
export function conditionColumn(condition: Condition, columns: readonly Column[]): string {
  return columns.find((column) => column.id === condition.column)?.name ?? text.chip.lost;
}

function oneOf(values: string[], negated: boolean): string {
  if (values.length > 3) {
    return negated ? text.chip.noneOf(values.length) : text.chip.anyOf(values.length);
  }
  const list = values.join(text.chip.or);
  return negated ? text.chip.isNot(list) : text.chip.is(list);
}

function phraseOf(test: Exclude<CellTest, { test: "empty" | "one_of" | "state" }>): string {
  switch (test.test) {
    case "text": {
      const phrases = {
        anywhere: text.chip.contains,
        start: text.chip.starts,
        end: text.chip.ends,
        whole: text.chip.whole,
      };
      return phrases[test.place](short(test.text));
    }
    case "matches":
      return text.chip.matches(short(test.pattern));
    case "between":
      return rangeText(limit(test.least), limit(test.most));
    case "confidence": {
      return text.chip.confidence(rangeText(share(test.least), share(test.most)));
    }
  }
}

function rangeText(least: string | null, most: string | null): string {
  if (least !== null && most !== null) return text.chip.between(least, most);
  return least !== null ? text.chip.least(least) : text.chip.most(most ?? "");
}

function share(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : formatPercent(value);
}

function limit(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : short(valueText(value));
}

function shortValue(value: Value): string {
  return value === null || value === "" ? text.filter.emptyValue : short(valueText(value));
}

/** A text as one short line, for a chip or a menu. */
export function short(value: string, most = mostCharacters): string {
  const line = value.replace(/\s+/g, " ").trim();
  const characters = [...line.slice(0, most * 2 + 2)];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : line;
}
