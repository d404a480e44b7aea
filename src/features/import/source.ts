import { type ClipboardKind, ipc, type SheetInfo } from "~/ipc";
import { type Choices, importOptions, inputFile, type Source } from "./choices";
import { fileName } from "./formats";

/** How many rows the preview shows. */
export const PREVIEW_ROWS = 50;

let lastTask = 0;

/** A name for a long call, by which it can be cancelled; no two are the same. */
export function newTask(purpose: string): string {
  lastTask += 1;
  return `${purpose}-${lastTask}`;
}

/** Ends a long call, if it is still going on. The call itself then fails with "cancelled". */
export function stopTask(task: string): void {
  // Whether there was anything to stop makes no difference to whoever asks.
  ipc.cancelTask(task).catch(() => false);
}

/** What an import of the source would make. Only files can be stopped by `task`. */
export function previewSource(source: Source, choices: Choices, task: string) {
  return source.kind === "file"
    ? ipc.previewImport(inputFile(source.path, choices), PREVIEW_ROWS, task)
    : ipc.previewText(source.text, choices.textKind, importOptions(source, choices), PREVIEW_ROWS);
}

/** Makes a sheet of the source. */
export function importSource(source: Source, choices: Choices, task: string): Promise<SheetInfo> {
  if (source.kind === "file") return ipc.importFile(inputFile(source.path, choices), task);
  const options = importOptions(source, choices);
  return ipc.importText(source.text, choices.textKind, choices.name.trim(), options);
}

/** What the source is called where it has to be named. */
export function sourceName(source: Source, pastedText: string): string {
  return source.kind === "file" ? fileName(source.path) : pastedText;
}

/** How a text holds its table, as far as its looks say; the Rust side decides the same way. */
export function looksLike(text: string): Exclude<ClipboardKind, "detect"> {
  const head = text.replace(/^\uFEFF/, "").trimStart();
  if (head.startsWith("<") && /<table[\s>]/i.test(text)) return "html";
  const end = head.search(/[\r\n]/);
  return (end < 0 ? head : head.slice(0, end)).includes("\t") ? "tsv" : "csv";
}

/**
 * Of the two forms in which the clipboard holds a table, the one to import. Plain text keeps blanks
 * and line breaks that HTML loses, so HTML is only taken where the text shows no columns.
 */
export function pastedTable(text: string, html: string): string {
  const hasTable = /<table[\s>]/i.test(html);
  return hasTable && looksLike(text) !== "tsv" ? html : text;
}

/** The bytes of a text in a file. */
export function textBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
