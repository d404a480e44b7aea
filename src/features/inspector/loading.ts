/** What an AI column in the inspector begins with, and what it reads from the Rust side. */

import { defaultModel } from "~/features/models";
import { type ColumnId, failureOf, ipc } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { likelyColumn, readableColumns } from "./actions";
import { takeStartFailure } from "./commands";
import { draftOf, freeName, newDraft, plain, recipeOfColumn } from "./draft";
import { keptDraft } from "./drafts";
import { type AiColumnState, newAiColumnState } from "./state";
import { text } from "./strings";

/** Rows that are looked at to find the column with the longest texts. */
const LOOKED_AT_ROWS = 8;
/** Columns that are looked at for that. */
const LOOKED_AT_COLUMNS = 30;

/** What was left unsaved, else what is saved, else a new column. */
export function firstState(
  sheet: SheetState,
  column: ColumnId | null,
  model: string,
): AiColumnState {
  const recipe = recipeOfColumn(sheet.columns.find((one) => one.id === column));
  const kept = keptDraft(sheet.info.id, column ?? "new");
  const names = sheet.columns.map((one) => one.name);
  const fresh =
    recipe === null
      ? newDraft(freeName(text.actions.custom.columnName, names), "", model)
      : draftOf(plain(recipe));
  const state = newAiColumnState(column, kept ?? fresh);
  state.isNamed = column === null && kept !== null;
  if (column !== null) state.failure = takeStartFailure(column);
  return state;
}

/** Reads the list of models; a new column takes the default one. */
export async function loadModels(state: AiColumnState, chosen: string): Promise<void> {
  state.modelsFailure = null;
  try {
    const models = await ipc.listLocalModels();
    state.models = models;
    if (state.column === null && state.draft.model === "") {
      state.draft.model = defaultModel(models, chosen);
    }
  } catch (thrown) {
    state.modelsFailure = failureOf(thrown).message;
  }
}

/** Reads the runs of the column again, newest first. */
export async function loadRuns(sheet: SheetState, state: AiColumnState): Promise<void> {
  try {
    const all = await ipc.runs(sheet.info.id);
    state.runs = all
      .filter((run) => run.column === state.column)
      .sort((one, other) => other.id - one.id);
    state.runsFailure = null;
  } catch (thrown) {
    state.runsFailure = failureOf(thrown).message;
  }
}

/** Finds the column that ready-made actions are about, by a look at the first rows. */
export async function findActionColumn(sheet: SheetState, state: AiColumnState): Promise<void> {
  const { columns } = sheet;
  const active = sheet.selected.column;
  const texts = readableColumns(columns, null).filter((column) => column.value_type === "text");
  const ids = texts.slice(0, LOOKED_AT_COLUMNS).map((column) => column.id);
  let found = likelyColumn(columns, null, active);
  try {
    const rows = await ipc.window(sheet.info.id, null, ids, 0, LOOKED_AT_ROWS);
    found = likelyColumn(columns, rows, active);
  } catch {
    // Without a look at the rows, the first text column is as good a guess as any.
  }
  state.actionColumn ??= found;
}
