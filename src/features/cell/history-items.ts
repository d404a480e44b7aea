/** A cell's history as the list that is shown, and the answers whose prompt can be asked for. */
import type { HistoryEntry } from "~/ipc";
import { formatDateTime, valueText } from "~/lib/format";
import { shortModelName } from "~/lib/model-names";
import { formatUsd } from "~/lib/money";
import { SHOWN_LABELS, shareRows } from "./label-shares";
import { snippet } from "./pieces";
import { text } from "./strings";

/** One line of the list. */
export interface HistoryItem {
  entry: HistoryEntry;
  /** Whether the cell has this entry's value now. */
  isNow: boolean;
  canGoBack: boolean;
  /** The value in one line, or what stands in its place. */
  value: string;
  /** Whether `value` is words about the value, not the value. */
  isRemark: boolean;
}

/** A history in the order in which it is shown. */
export function latestFirst(history: readonly HistoryEntry[]): HistoryEntry[] {
  return [...history].sort((a, b) => b.seq - a.seq);
}

/** The entries of a history (the latest first) as items. */
export function historyItems(history: readonly HistoryEntry[]): HistoryItem[] {
  const now = history.find((entry) => !entry.undone && hasValueOfItsOwn(entry));
  return history.map((entry) => {
    const isNow = entry === now;
    const canGoBack = hasValueOfItsOwn(entry) && !isNow;
    return { entry, isNow, canGoBack, ...shownValue(entry) };
  });
}

/** Failed and stale entries leave the value that was there. */
function hasValueOfItsOwn(entry: HistoryEntry): boolean {
  return entry.state !== "failed" && entry.state !== "stale";
}

function shownValue(entry: HistoryEntry): Pick<HistoryItem, "value" | "isRemark"> {
  if (entry.state === "failed") return { value: entry.error ?? text.noValue, isRemark: true };
  if (entry.state === "stale") return { value: text.becameStale, isRemark: true };
  if (entry.value === null) return { value: text.cleared, isRemark: true };
  const value = snippet(valueText(entry.value), 240);
  return value === "" ? { value: text.emptyText, isRemark: true } : { value, isRemark: false };
}

/** The entries that a model was asked for, and so have a prompt. */
export function answers(history: readonly HistoryEntry[]): HistoryEntry[] {
  return history.filter((entry) => entry.recipe_version !== null && entry.step !== null);
}

/** The latest answer that counts. */
export function latestAnswer(history: readonly HistoryEntry[]): HistoryEntry | null {
  const counting = answers(history).filter((entry) => !entry.undone);
  return counting.find((entry) => entry.state !== "stale") ?? null;
}

/** What an answer is called in a list of answers. */
export function answerName(entry: HistoryEntry): string {
  const value = shownValue(entry).value;
  return `${formatDateTime(entry.at_ms)} · ${snippet(value, 40)}`;
}

/** Model, recipe, tokens and time of an entry, each with what it means. */
export function figuresOf(entry: HistoryEntry): { text: string; hint: string }[] {
  const { figures, recipe_version } = entry;
  const items: { text: string; hint: string }[] = [];
  if (figures.model) items.push({ text: shortModelName(figures.model), hint: figures.model });
  if (recipe_version !== null) items.push({ text: text.recipe(recipe_version), hint: "" });
  if (figures.confidence !== null) {
    const shares = shareRows(entry.labels ?? [], entry.value).slice(0, SHOWN_LABELS);
    const hint = shares.map((row) => text.share(row.label, row.calibrated ?? row.raw));
    items.push({ text: text.confidence(figures.confidence), hint: hint.join("\n") });
  }
  if (figures.cached) {
    items.push({ text: text.cached, hint: text.cachedHint });
    return items;
  }
  if (figures.prompt_tokens + figures.completion_tokens > 0) {
    const tokens = text.tokens(figures.prompt_tokens, figures.completion_tokens);
    items.push({ text: tokens, hint: text.tokensHint });
  }
  const cost = figures.cost_usd ?? null;
  if (cost !== null) items.push({ text: formatUsd(cost), hint: text.costHint });
  if (figures.duration_ms > 0) items.push({ text: text.took(figures.duration_ms), hint: "" });
  return items;
}
