/** The list of labels of a label column: what may be in it, and how it is pasted. */

/** What the Rust side would refuse about a list of labels. */
export type LabelProblem =
  | { kind: "too_few" }
  | { kind: "empty"; position: number }
  | { kind: "repeated"; label: string };

/**
 * The labels in a pasted text: one a line, else between tabs, semicolons or commas. Bullets,
 * numbers of a list and quotation marks around a label are taken off; each label comes once.
 */
export function parseLabels(text: string): string[] {
  return distinct(parseChoices(text));
}

/** The same for texts that letter case tells apart, and with those that come twice. */
export function parseChoices(text: string): string[] {
  const separator = ["\n", "\t", ";", ","].find((one) => text.trim().includes(one));
  const parts = separator === undefined ? [text] : text.split(separator);
  return parts.map(bareLabel).filter((label) => label !== "");
}

function bareLabel(text: string): string {
  const plain = text.trim().replace(/^(?:[-*•]\s+|\d+[.)]\s+)/, "");
  const unquoted = /^(["'`“„«])(.*)(["'`”“»])$/s.exec(plain)?.[2] ?? plain;
  return unquoted.trim();
}

/** The list with those added that it has not; letter case does not make a new label. */
export function withLabels(labels: readonly string[], added: readonly string[]): string[] {
  return distinct([...labels, ...added]);
}

function distinct(labels: readonly string[]): string[] {
  const seen = new Set<string>();
  return labels.filter((label) => {
    const key = label.trim().toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The list with what is at `from` put at `to`; a place outside the list changes nothing. */
export function withMoved<T>(list: readonly T[], from: number, to: number): T[] {
  const moved = [...list];
  if (from < 0 || from >= moved.length || to < 0 || to >= moved.length) return moved;
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

/** The first thing that is wrong with the list; null when it can be used. */
export function labelProblem(labels: readonly string[]): LabelProblem | null {
  const trimmed = labels.map((label) => label.trim());
  if (trimmed.length < 2) return { kind: "too_few" };
  const blank = trimmed.indexOf("");
  if (blank !== -1) return { kind: "empty", position: blank + 1 };
  const repeated = trimmed.find((label, index) => trimmed.indexOf(label) < index);
  return repeated === undefined ? null : { kind: "repeated", label: repeated };
}
