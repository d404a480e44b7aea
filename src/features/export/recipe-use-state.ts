import { showFailure } from "~/errors";
import { type AppError, errorOf, ipc, type RecipeOutline } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { showToast, type ToastState } from "~/state/toasts";
import { firstMapping, fitOf, isFitted, type Mapping, takenNames } from "./recipe-fit";
import { recipeText as text } from "./strings";

/** A recipe file that is looked at, and how it is made to fit. */
export interface RecipeUse {
  path: string | null;
  /** What the file would do with its own names; what is asked comes from this. */
  original: RecipeOutline | null;
  /** What it would do as it is fitted now. */
  plan: RecipeOutline | null;
  mapping: Mapping;
  /** The model for every column; null leaves it to the recipe. */
  model: string | null;
  models: string[];
  failure: AppError | null;
  isChecking: boolean;
  isAdding: boolean;
}

/** Nothing is chosen. */
export function noRecipe(): RecipeUse {
  return {
    path: null,
    original: null,
    plan: null,
    mapping: {},
    model: null,
    models: [],
    failure: null,
    isChecking: false,
    isAdding: false,
  };
}

/** Lets a person pick a recipe file. */
export async function pickRecipe(use: RecipeUse, toasts: ToastState): Promise<void> {
  try {
    const [path] = await ipc.pickFiles("recipe");
    if (path === undefined) return;
    Object.assign(use, noRecipe(), { models: use.models, path });
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Asks what the file would do as it is fitted now; an answer nobody waits for is dropped. */
export async function checkRecipe(use: RecipeUse, sheet: SheetState, isWanted: () => boolean) {
  const { path } = use;
  if (path === null) return;
  use.isChecking = true;
  try {
    if (!use.original) {
      const original = await ipc.checkRecipe(sheet.info.id, path, fitOf({}, use.model));
      if (!isWanted()) return;
      use.original = original;
      const mapping = firstMapping(original, sheet.columns);
      // Where names are taken this begins another check, with names that are free.
      if (Object.keys(mapping).length > 0) use.mapping = mapping;
      use.plan = takenNames(original, sheet.columns).length > 0 ? null : original;
    } else {
      const plan = await ipc.checkRecipe(sheet.info.id, path, fitOf(use.mapping, use.model));
      if (!isWanted()) return;
      use.plan = plan;
    }
    use.failure = null;
  } catch (thrown) {
    if (!isWanted()) return;
    use.plan = null;
    use.failure = errorOf(thrown);
  }
  use.isChecking = false;
}

/** Reads which models are here, to offer them. Without an answer the recipe's own are used. */
export async function loadModels(use: RecipeUse, toasts: ToastState): Promise<void> {
  try {
    use.models = (await ipc.listLocalModels()).map((model) => model.name);
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Whether the recipe can be added as it is fitted now. */
export function canAdd(use: RecipeUse, sheet: SheetState): boolean {
  if (!use.original || !use.plan || use.isChecking || use.isAdding || sheet.readOnly) return false;
  const isWhole = use.plan.missing.length === 0 && use.plan.columns.length > 0;
  return isWhole && isFitted(use.original, sheet.columns, use.mapping);
}

/** Adds the recipe's columns to the sheet, which then shows them; whether they were added. */
export async function addRecipe(
  use: RecipeUse,
  sheet: SheetState,
  toasts: ToastState,
): Promise<boolean> {
  const { path } = use;
  if (path === null || !canAdd(use, sheet)) return false;
  use.isAdding = true;
  try {
    const made = await ipc.importRecipe(sheet.info.id, path, fitOf(use.mapping, use.model));
    sheet.columns = await ipc.columns(sheet.info.id);
    sheet.changed += 1;
    sheet.grid?.reload();
    const warnings = made.warnings.length > 0;
    showToast(toasts, {
      kind: warnings ? "warning" : "success",
      title: text.added(made.columns.length),
      detail: [...made.warnings, text.addedHint].join("\n"),
    });
    return true;
  } catch (thrown) {
    use.failure = errorOf(thrown);
    return false;
  } finally {
    use.isAdding = false;
  }
}
