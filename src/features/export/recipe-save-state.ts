import { $ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { fileName } from "~/features/import";
import { type AppError, type Column, type ColumnId, failureOf, ipc } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { showToast, type ToastState } from "~/state/toasts";
import { suggestedName } from "./export-choices";
import { recipeText as text } from "./strings";

/** A recipe file that is about to be written. */
export interface RecipeSave {
  /** AI columns that stay behind. */
  without: ColumnId[];
  withExamples: boolean;
  /** The file's text; null while it is not known. */
  yaml: string | null;
  failure: AppError | null;
  isSaving: boolean;
}

/** All AI columns with their examples. */
export function wholeRecipe(): RecipeSave {
  return { without: [], withExamples: true, yaml: null, failure: null, isSaving: false };
}

/** The AI columns of a sheet. */
export function aiColumns(sheet: SheetState): Column[] {
  return sheet.columns.filter((column) => column.kind.kind === "ai");
}

/** The names of the columns that are chosen. */
export function savedNames(save: RecipeSave, sheet: SheetState): string[] {
  return aiColumns(sheet)
    .filter((column) => !save.without.includes(column.id))
    .map((column) => column.name);
}

/** Writes the recipe as text, to be looked at; an answer nobody waits for is dropped. */
export async function loadYaml(save: RecipeSave, sheet: SheetState, isWanted: () => boolean) {
  const names = savedNames(save, sheet);
  if (names.length === 0) {
    save.yaml = null;
    save.failure = null;
    return;
  }
  try {
    const yaml = await ipc.recipeText(sheet.info.id, names, save.withExamples);
    if (!isWanted()) return;
    save.yaml = yaml;
    save.failure = null;
  } catch (thrown) {
    if (!isWanted()) return;
    const { code, message, hint } = failureOf(thrown);
    save.yaml = null;
    save.failure = { code, message, hint };
  }
}

/** Puts the recipe on the clipboard. */
export async function copyRecipe(save: RecipeSave, toasts: ToastState): Promise<void> {
  if (save.yaml === null) return;
  try {
    await ipc.copyText(save.yaml);
    showToast(toasts, { kind: "success", title: text.copied });
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Has a person choose a file and writes the recipe there; whether it was written. */
export async function saveRecipe(
  save: RecipeSave,
  sheet: SheetState,
  toasts: ToastState,
): Promise<boolean> {
  save.isSaving = true;
  try {
    const suggested = suggestedName(`${sheet.info.name} ${text.fileEnd}`, "yml");
    const path = await ipc.pickSavePath(suggested, ["yml", "yaml"]);
    if (path === null) return false;
    const names = savedNames(save, sheet);
    const leftOut = await ipc.exportRecipe(sheet.info.id, names, save.withExamples, path);
    showToast(toasts, {
      kind: leftOut.length > 0 ? "warning" : "success",
      title: text.saved(fileName(path)),
      ...(leftOut.length > 0 ? { detail: leftOut.join("\n") } : {}),
      action: { label: text.showInFolder, run$: $(() => reveal(path, toasts)) },
    });
    return true;
  } catch (thrown) {
    const { code, message, hint } = failureOf(thrown);
    save.failure = { code, message, hint };
    return false;
  } finally {
    save.isSaving = false;
  }
}

/** Shows a file in the system's file browser. */
export async function reveal(path: string, toasts: ToastState): Promise<void> {
  try {
    await ipc.revealPath(path);
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}
