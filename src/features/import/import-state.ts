import { type NoSerialize, noSerialize } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { type AppError, errorOf, type ImportPreview, ipc, type SheetInfo } from "~/ipc";
import { type AppState, goHome, goToSheet } from "~/state/app";
import { showToast, type ToastState } from "~/state/toasts";
import { type Choices, firstChoices, formatOf } from "./choices";
import { allFormats, formatFromPath } from "./formats";
import {
  clearQueue,
  currentEntry,
  type Entry,
  emptyQueue,
  goOn,
  keepOnly,
  type Queue,
} from "./queue";
import { importSource, newTask, previewSource, sourceName, stopTask } from "./source";
import { text } from "./strings";

/** The import that is going on. */
export interface Importing {
  task: string;
  name: string;
  bytes_written: number;
  isStopping: boolean;
}

/** All that the import dialog knows. */
export interface ImportState {
  queue: Queue;
  choices: Choices;
  preview: NoSerialize<ImportPreview>;
  /** The sheets of the workbook; known also while a choice is refused. */
  tables: string[];
  isPreviewing: boolean;
  refusal: AppError | null;
  importing: Importing | null;
  /** The sheets that were made since the dialog opened. */
  imported: SheetInfo[];
}

/** The state of a dialog that is closed. */
export function closedImport(): ImportState {
  return {
    queue: emptyQueue(),
    choices: firstChoices({ kind: "text", text: "" }, ""),
    preview: undefined,
    tables: [],
    isPreviewing: false,
    refusal: null,
    importing: null,
    imported: [],
  };
}

/** Begins with the entry that is now the first, as if nothing had been chosen. */
export function beginEntry(state: ImportState): void {
  const entry = currentEntry(state.queue);
  state.preview = undefined;
  state.tables = [];
  state.refusal = null;
  state.isPreviewing = false;
  if (entry) state.choices = firstChoices(entry.source, text.pastedName);
}

/**
 * Reads the beginning of the present entry with the present choices. An answer that comes after
 * the choices changed again is dropped; the earlier call is stopped by whoever started it.
 */
export async function loadPreview(state: ImportState, task: string, isWanted: () => boolean) {
  const entry = currentEntry(state.queue);
  if (!entry) return;
  state.isPreviewing = true;
  try {
    const preview = await previewSource(entry.source, state.choices, task);
    if (!isWanted()) return;
    state.preview = noSerialize(preview);
    if (preview.tables.length > 0) state.tables = preview.tables;
    state.refusal = null;
  } catch (thrown) {
    const refusal = errorOf(thrown);
    if (!isWanted() || refusal.code === "cancelled") return;
    // A type that does not fit is taken back in the table, so the table stays.
    if (Object.keys(state.choices.types).length === 0) state.preview = undefined;
    state.refusal = refusal;
  }
  state.isPreviewing = false;
}

/** Whether the present entry can be imported as it is chosen now. */
export function canImport(state: ImportState): boolean {
  const entry = currentEntry(state.queue);
  if (!entry || state.importing || state.choices.name.trim() === "") return false;
  return entry.source.kind === "text" || formatOf(entry.source, state.choices) !== null;
}

/** Imports the present entry and goes on to the next, or to the sheet. */
export async function importCurrent(state: ImportState, app: AppState, toasts: ToastState) {
  const entry = currentEntry(state.queue);
  // A second click may come before the button is painted as busy.
  if (!entry || state.importing) return;
  const refused = await importEntry(state, app, entry, state.choices);
  if (refused === null) {
    next(state, app, toasts);
  } else if (refused !== "stopped") {
    state.refusal = refused;
  }
}

/**
 * Imports all that wait: the present entry as it is chosen, the others as they are found. Those
 * that fail stay in the dialog, each with its reason. Stopping leaves the rest waiting.
 */
export async function importAll(state: ImportState, app: AppState, toasts: ToastState) {
  if (state.importing) return;
  const failed: Entry[] = [];
  let firstRefusal: AppError | null = null;
  const begun = currentEntry(state.queue);
  let choices = state.choices;
  for (;;) {
    const entry = currentEntry(state.queue);
    if (!entry) break;
    const refused = await importEntry(state, app, entry, choices);
    if (refused === "stopped") {
      if (failed.length === 0) {
        // The choices of the entry that began stand; another one begins anew.
        if (entry.id !== begun?.id) beginEntry(state);
        return;
      }
      keepOnly(state.queue, [...failed, ...state.queue.entries.slice(state.queue.at)]);
      break;
    }
    if (refused !== null) {
      failed.push(entry);
      firstRefusal ??= refused;
    }
    if (!goOn(state.queue)) {
      if (failed.length > 0) keepOnly(state.queue, failed);
      break;
    }
    const following = currentEntry(state.queue);
    if (following) choices = firstChoices(following.source, text.pastedName);
  }
  if (failed.length === 0) {
    finish(state, app, toasts);
  } else {
    beginEntry(state);
    state.refusal = firstRefusal;
  }
}

/** Leaves the present entry out. */
export function skip(state: ImportState, app: AppState, toasts: ToastState): void {
  next(state, app, toasts);
}

function next(state: ImportState, app: AppState, toasts: ToastState): void {
  if (goOn(state.queue)) beginEntry(state);
  else finish(state, app, toasts);
}

/** Stops the import that is going on; what it made so far goes. */
export function stopImport(state: ImportState): void {
  if (!state.importing) return;
  state.importing.isStopping = true;
  stopTask(state.importing.task);
}

/** Imports one entry. Returns why it could not, "stopped", or null when there is a new sheet. */
async function importEntry(
  state: ImportState,
  app: AppState,
  entry: Entry,
  choices: Choices,
): Promise<AppError | "stopped" | null> {
  const task = newTask("import");
  const name = sourceName(entry.source, text.pastedText);
  state.refusal = null;
  state.importing = { task, name, bytes_written: 0, isStopping: false };
  try {
    const sheet = await importSource(entry.source, choices, task);
    state.imported = [...state.imported, sheet];
    app.sheetsChanged += 1;
    return null;
  } catch (thrown) {
    const refusal = errorOf(thrown);
    return refusal.code === "cancelled" ? "stopped" : refusal;
  } finally {
    state.importing = null;
  }
}

/** Closes the dialog: with one new sheet it is opened, with several the list is shown. */
export function finish(state: ImportState, app: AppState, toasts: ToastState): void {
  const sheets = state.imported;
  clearQueue(state.queue);
  state.imported = [];
  state.preview = undefined;
  state.refusal = null;
  const [only] = sheets;
  if (sheets.length === 1 && only) {
    goToSheet(app, only.id);
    showToast(toasts, { kind: "success", title: text.importedRows(only.name, only.row_count) });
  } else if (sheets.length > 1) {
    goHome(app);
    showToast(toasts, { kind: "success", title: text.imported(sheets.length) });
  }
}

/** Lets a person pick files, and hands them to the import dialog. */
export async function pickAndImport(app: AppState, toasts: ToastState): Promise<void> {
  try {
    const paths = await ipc.pickFiles("tables");
    if (paths.length > 0) app.filesToImport = paths;
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Lets a person pick a folder, and hands the tables in it to the import dialog. */
export async function pickFolderAndImport(app: AppState, toasts: ToastState): Promise<void> {
  try {
    const paths = await ipc.pickFiles("folder");
    const files = paths.filter((path) => formatFromPath(path) !== null);
    if (files.length > 0) {
      app.filesToImport = files;
    } else if (paths.length > 0) {
      showToast(toasts, {
        kind: "warning",
        title: text.nothingInFolder,
        detail: text.reads(allFormats()),
      });
    }
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}
