/** Which views fit a value, and which one it is shown in when nobody chose. */
import type { Value } from "~/ipc";

export type ViewKind = "text" | "markdown" | "json" | "code" | "html" | "image";

/** Longer texts are not parsed as a whole: their view is text. */
export const LONGEST_PARSED = 2_000_000;
/** What is looked at to tell what a text is. */
const LOOKED_AT = 20_000;

const IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml)[;,]/i;
const PAGE = /^\s*(?:<!doctype html|<html[\s>])/i;
const ELEMENT =
  /^\s*<(?:div|p|table|ul|ol|h[1-6]|section|article|main|header|footer|body|blockquote|span|b|i|em|strong)(?:\s[^<>]{0,500})?>/i;

/** The views that can show a value, in the order of the switch. */
export function viewsFor(value: Value, text: string): ViewKind[] {
  const views: ViewKind[] = ["text"];
  if (value === null || typeof value === "number" || typeof value === "boolean") return views;
  if (typeof value === "string") views.push("markdown");
  if (jsonOf(value, text) !== undefined) views.push("json");
  views.push("code");
  if (typeof value === "string" && text.includes("<")) views.push("html");
  if (imageOf(text) !== null) views.push("image");
  return views;
}

/** The view that suits a value best. */
export function naturalView(value: Value, text: string): ViewKind {
  if (value === null || typeof value === "number" || typeof value === "boolean") return "text";
  if (typeof value === "object") return "json";
  if (imageOf(text) !== null) return "image";
  if (jsonOf(value, text) !== undefined) return "json";
  const start = text.slice(0, LOOKED_AT);
  if (PAGE.test(start) || (ELEMENT.test(start) && text.includes("</"))) return "html";
  if (looksLikeMarkdown(start)) return "markdown";
  if (looksLikeCode(start)) return "code";
  return "text";
}

/** The view to show: the chosen one where it fits, else the natural one. */
export function viewToShow(chosen: ViewKind | undefined, value: Value, text: string): ViewKind {
  const isFitting = chosen !== undefined && viewsFor(value, text).includes(chosen);
  return isFitting ? chosen : naturalView(value, text);
}

/**
 * The list or object that a value is or that its text says; undefined when there is none. A bare
 * number or word is no JSON to look at, though it parses.
 */
export function jsonOf(value: Value, text: string): Value | undefined {
  if (value !== null && typeof value === "object") return value;
  const first = text.trimStart().charAt(0);
  if ((first !== "{" && first !== "[") || text.length > LONGEST_PARSED) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    // Not JSON, or nested deeper than the parser goes.
    return undefined;
  }
}

/** The address of an image that is all in the text; null otherwise. Nothing else is ever loaded. */
export function imageOf(text: string): string | null {
  const trimmed = text.length > LOOKED_AT ? text : text.trim();
  return IMAGE.test(trimmed) ? trimmed : null;
}

function looksLikeMarkdown(text: string): boolean {
  const lines = text.split("\n");
  const isBroken = lines.length > 1;
  let points = 0;
  if (lines.some((line) => /^#{1,6} \S/.test(line))) points += isBroken ? 2 : 1;
  if (lines.filter((line) => /^ {0,3}(?:[-*+]|\d{1,3}[.)]) \S/.test(line)).length >= 2) points += 2;
  if (/^ {0,3}(?:```|~~~)/m.test(text)) points += 2;
  if (/^ {0,3}\|?(?: {0,3}:?-{2,}:? {0,3}\|){1,20}/m.test(text)) points += 2;
  if (/(?:^|\s)(?:\*\*|__)\S/.test(text) && /\S(?:\*\*|__)/.test(text)) points += 2;
  if (/\[[^\][\n]{1,200}\]\(https?:/.test(text)) points += 2;
  if (lines.filter((line) => line.startsWith("> ")).length >= 2) points += 1;
  return points >= 2;
}

function looksLikeCode(text: string): boolean {
  if (text.startsWith("#!/")) return true;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 3) return false;
  const coded = lines.filter(
    (line) =>
      /[;{}]\s*$/.test(line.slice(-20)) ||
      /^\s{0,40}(?:def|class|import|from|const|let|var|function|return|if|for|while|SELECT|FROM|WHERE)\b.{0,200}[:;({=]/.test(
        line,
      ),
  );
  return coded.length >= lines.length / 2;
}
