/** What the inspector does to a sheet. A refusal ends up in the panel's state; nothing is thrown. */

import { noSerialize } from "@builder.io/qwik";
import type { Column, ColumnId, RowId, RunId, Value } from "~/ipc";
import { failureOf, ipc } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { isRecalibration, plain, recipeOf, recipeOfColumn } from "./draft";
import { dropDraft } from "./drafts";
import { recalibrationText } from "./label-facts";
import { type CapState, capOf, requestOf } from "./run-scope";
import {
  type AiColumnState,
  columnOf,
  isUnsaved,
  type PanelFailure,
  panelFailure,
  problemsOf,
  tabOfProblem,
} from "./state";
import { text } from "./strings";
import { referencesOf } from "./template";

/** Rows that a preview asks for. */
export const PREVIEW_ROWS = 5;
/** More selected rows than this are not read for a run; a filter says the same in one word. */
const SELECTION_LIMIT = 100_000;

/** Shows what changed in the sheet: its columns, and the cells on screen. */
export async function refreshSheet(sheet: SheetState): Promise<void> {
  sheet.columns = await ipc.columns(sheet.info.id);
  sheet.changed += 1;
  sheet.grid?.reload();
}

/** Whether the draft can be used; if not, every problem is shown from now on. */
function isUsable(sheet: SheetState, state: AiColumnState): boolean {
  state.attempted = true;
  const [problem] = problemsOf(sheet, state);
  if (problem === undefined) return true;
  sheet.inspectorTab = tabOfProblem(problem);
  return false;
}

/** Saves the recipe of a column that is there. Returns whether it is saved now. */
export async function saveRecipe(sheet: SheetState, state: AiColumnState): Promise<boolean> {
  if (state.column === null || !isUsable(sheet, state)) return false;
  state.busy = "save";
  state.failure = null;
  try {
    await writeRecipe(sheet, state, state.column);
    dropDraft(sheet.info.id, state.column);
    state.attempted = false;
    state.replaced = null;
    await refreshSheet(sheet);
    return true;
  } catch (thrown) {
    state.failure = panelFailure(thrown, "save");
    return false;
  } finally {
    state.busy = null;
  }
}

/** Writes the draft; a new calibration alone computes the labels anew, as far as they can be. */
async function writeRecipe(
  sheet: SheetState,
  state: AiColumnState,
  column: ColumnId,
): Promise<void> {
  const before = recipeOfColumn(columnOf(sheet, state));
  const after = recipeOf(state.draft);
  state.recalibrated = null;
  if (before === null || !isRecalibration(plain(before), after)) {
    await ipc.setRecipe(sheet.info.id, column, after);
    return;
  }
  const mode = state.draft.calibration;
  try {
    const done = await ipc.recalibrate(sheet.info.id, column, mode);
    state.recalibrated = { mode, text: recalibrationText(done) };
  } catch (thrown) {
    const { code, message } = failureOf(thrown);
    if (code !== "bad_input") throw thrown;
    // Nothing to compute from: the next run will have it.
    await ipc.setRecipe(sheet.info.id, column, after);
    state.recalibrated = { mode, text: text.calibration.stay(message) };
  }
}

/** Adds the column, runs it if asked, and shows it. */
export async function addColumn(
  sheet: SheetState,
  state: AiColumnState,
  andRun: boolean,
): Promise<void> {
  if (!isUsable(sheet, state)) return;
  state.busy = "add";
  state.failure = null;
  let added: Column;
  try {
    added = await ipc.addAiColumn(sheet.info.id, state.draft.name.trim(), recipeOf(state.draft));
    dropDraft(sheet.info.id, "new");
    await refreshSheet(sheet);
  } catch (thrown) {
    state.failure = panelFailure(thrown, "add");
    state.busy = null;
    return;
  }
  if (andRun) {
    // The column is there whatever comes now, so a refusal is shown by the panel of the column.
    const failure = await askForRun(sheet, state, added.id);
    if (failure !== null) startFailures.set(added.id, failure);
  }
  state.busy = null;
  sheet.inspectorTab = "prompt";
  sheet.inspector = added.id;
  await nextFrame();
  sheet.grid?.goTo(sheet.selected.rows?.first ?? 0, added.id);
}

/** Why the first run of a column that was just added did not start, until the column shows it. */
const startFailures = new Map<ColumnId, PanelFailure>();

/** Takes what {@link addColumn} left for the panel of the new column. */
export function takeStartFailure(column: ColumnId): PanelFailure | null {
  const failure = startFailures.get(column) ?? null;
  startFailures.delete(column);
  return failure;
}

/** The grid learns of a new column with the next rendering. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
  );
}

/** The rows that are selected in the grid. */
export async function selectedRows(sheet: SheetState): Promise<RowId[]> {
  if (sheet.selected.rows === null) return [];
  return (await sheet.grid?.selectedRows(SELECTION_LIMIT)) ?? [];
}

/** Starts the run that is chosen; unsaved changes are saved first. */
export async function startRun(sheet: SheetState, state: AiColumnState): Promise<void> {
  const { column } = state;
  if (column === null) return;
  if (isUnsaved(sheet, state) && !(await saveRecipe(sheet, state))) return;
  state.busy = "run";
  state.failure = await askForRun(sheet, state, column);
  state.busy = null;
}

async function askForRun(
  sheet: SheetState,
  { scope, cap, isRemote, billing }: AiColumnState,
  column: ColumnId,
): Promise<PanelFailure | null> {
  try {
    const rows = scope.choice === "selected" ? await selectedRows(sheet) : [];
    // Limits are shown, and mean something, only where a backend is asked.
    const shown = billing === "priced" ? cap : { ...cap, usd: null };
    const limits = isRemote ? capOf(shown) : null;
    const request = requestOf(scope, rows, sheet.filter, limits);
    if (request !== null) await ipc.generateBatch(sheet.info.id, column, request);
    return null;
  } catch (thrown) {
    return panelFailure(thrown, "run");
  }
}

/**
 * Takes up a run that stopped, with other limits where some are given. Unsaved changes stay: a run
 * goes on with the recipe it began with.
 */
export async function resumeRun(
  sheet: SheetState,
  state: AiColumnState,
  run: RunId,
  cap: CapState | null = null,
): Promise<void> {
  state.busy = "run";
  state.failure = null;
  try {
    await ipc.resumeRun(sheet.info.id, run, cap === null ? null : capOf(cap));
  } catch (thrown) {
    state.failure = panelFailure(thrown, "run");
  } finally {
    state.busy = null;
  }
}

/** Asks the draft for the first rows and shows what comes; stores nothing. */
export async function startPreview(sheet: SheetState, state: AiColumnState): Promise<void> {
  // A column may be tried before it has a name.
  const problem = problemsOf(sheet, state).find((one) => one.field !== "name");
  if (problem !== undefined) {
    state.attempted = true;
    sheet.inspectorTab = tabOfProblem(problem);
    return;
  }
  const task = `preview ${crypto.randomUUID()}`;
  state.previewTask = task;
  state.previewFailure = null;
  state.isPreviewOpen = true;
  const recipe = recipeOf(state.draft);
  try {
    const inputs = await previewInputs(sheet, recipe.prompt);
    const rows = await ipc.previewRecipe(sheet.info.id, recipe, PREVIEW_ROWS, task);
    if (state.previewTask !== task) return;
    state.preview = noSerialize({ rows, inputs, recipe: JSON.stringify(recipe) });
  } catch (thrown) {
    const isCancelled = failureOf(thrown).code === "cancelled";
    if (state.previewTask !== task) return;
    if (!isCancelled) state.previewFailure = panelFailure(thrown, "run");
    else if (state.preview === undefined) state.isPreviewOpen = false;
  } finally {
    if (state.previewTask === task) state.previewTask = null;
  }
}

/** The values that the prompt reads in the first rows of the sheet. */
async function previewInputs(sheet: SheetState, prompt: string): Promise<Map<RowId, Value[]>> {
  const names = referencesOf(prompt);
  const columns = names.flatMap((name) => sheet.columns.filter((column) => column.name === name));
  if (columns.length === 0) return new Map();
  const ids = columns.map((column) => column.id);
  const page = await ipc.window(sheet.info.id, null, ids, 0, PREVIEW_ROWS);
  return new Map(page.rows.map((row) => [row.row, row.cells.map((cell) => cell.value)]));
}

/** Ends a preview that is under way; what was there before stays. */
export function stopPreview(state: AiColumnState): void {
  const task = state.previewTask;
  if (task !== null) void ipc.cancelTask(task).catch(() => false);
}

/** Whether a preview is of the recipe as it is now. */
export function isOutdated(state: AiColumnState): boolean {
  return (
    state.preview !== undefined && state.preview.recipe !== JSON.stringify(recipeOf(state.draft))
  );
}
