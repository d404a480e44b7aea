/**
 * Which colour a label has. Nothing is stored: the colour follows from the labels themselves, so
 * every place that shows a label, and every window, gives it the same one.
 */

import type { Column, Value } from "~/ipc";

/**
 * The labels that the cells of a column can hold, which have no space around them, whatever the
 * recipe says; null for a column of anything else.
 */
export function labelsOfColumn(column: Pick<Column, "kind">): readonly string[] | null {
  const output = column.kind.kind === "ai" ? column.kind.recipe.output : undefined;
  if (output?.type !== "label" && output?.type !== "labels") return null;
  return output.labels.map((label) => label.trim());
}

/** The labels that a value is; null for a value that is none of them or holds something else. */
export function labelsIn(value: Value, labels: readonly string[]): string[] | null {
  if (typeof value === "string") return labels.includes(value) ? [value] : null;
  if (!Array.isArray(value)) return null;
  const texts = value.filter((one) => typeof one === "string");
  return texts.length === value.length ? texts : null;
}

/** The colours of labels; `styles.css` has an ink and a soft ground for each. */
export const LABEL_COLOURS = [
  "blue",
  "teal",
  "amber",
  "pink",
  "green",
  "violet",
  "orange",
  "cyan",
  "red",
  "olive",
] as const;

/** A colour of labels, by its name in `styles.css`. */
export type LabelColour = (typeof LABEL_COLOURS)[number];

/** Words that people expect in a colour; any other label has whichever is free. */
const EXPECTED: ReadonlyMap<string, LabelColour> = new Map([
  ...["positive", "good", "praise", "happy", "yes"].map((word) => [word, "green"] as const),
  ...["negative", "bad", "complaint", "angry", "no", "spam"].map((word) => [word, "red"] as const),
  ...["neutral", "other", "none", "mixed", "unknown"].map((word) => [word, "blue"] as const),
]);

/**
 * A colour for each label. Up to ten labels all differ. The order of the list does not matter, and
 * a label that is added changes few of the others.
 */
export function labelColours(labels: readonly string[]): ReadonlyMap<string, LabelColour> {
  const count = LABEL_COLOURS.length;
  const taken = new Set<number>();
  const colours = new Map<string, LabelColour>();
  // In the order of their hashes, so that labels of a moved list find the same places.
  const hashed = [...new Set(labels)].map((label) => ({ label, hash: hashOf(label) }));
  hashed.sort((a, b) => a.hash - b.hash || (a.label < b.label ? -1 : 1));
  for (const { label } of hashed) {
    const colour = EXPECTED.get(label.trim().toLowerCase());
    const place = colour === undefined ? -1 : LABEL_COLOURS.indexOf(colour);
    if (place < 0 || taken.has(place)) continue;
    taken.add(place);
    colours.set(label, LABEL_COLOURS[place] ?? "blue");
  }
  for (const { label, hash } of hashed) {
    if (colours.has(label)) continue;
    let place = hash % count;
    if (taken.size % count === 0) taken.clear();
    while (taken.has(place)) place = (place + 1) % count;
    taken.add(place);
    colours.set(label, LABEL_COLOURS[place] ?? "blue");
  }
  return colours;
}

/** FNV-1a over UTF-16, stirred so that short words that differ in one letter lie far apart. */
function hashOf(label: string): number {
  let hash = 2166136261;
  for (let at = 0; at < label.length; at += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(at), 16777619);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519);
  return (hash ^ (hash >>> 13)) >>> 0;
}
