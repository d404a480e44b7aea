import { showFailure } from "~/errors";
import { fileName } from "~/features/import";
import { type AppError, type Column, type ColumnId, errorOf, ipc } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { showToast, type ToastState } from "~/state/toasts";
import { suggestedName } from "./export-choices";
import { showInFolder } from "./show-in-folder";
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
    save.yaml = null;
    save.failure = errorOf(thrown);
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
  // A second click may come before the button is painted as busy.
  if (save.isSaving) return false;
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
      action: showInFolder(path),
    });
    return true;
  } catch (thrown) {
    save.failure = errorOf(thrown);
    return false;
  } finally {
    save.isSaving = false;
  }
}
