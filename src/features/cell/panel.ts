/** The state of the cell panel and what a person does in it. */
import { type NoSerialize, noSerialize } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import type { Column, ColumnId, Failure, HistoryEntry, RowId, RunId } from "~/ipc";
import { failureOf, ipc } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import type { ToastState } from "~/state/toasts";
import type { ViewKind } from "./content";
import { notEditable, textToEdit, typedValue } from "./edit-value";
import type { LoadedCell } from "./load-cell";
import { text } from "./strings";

export type PanelTab = "value" | "history" | "prompt";

/** A cell that is being edited, and what is typed. */
export interface Edit {
  row: RowId;
  column: ColumnId;
  before: string;
  typed: string;
}

/** The cell panel, while it is open. */
export interface PanelState {
  tab: PanelTab;
  loaded: NoSerialize<LoadedCell>;
  /** Whether the row was looked for and is not there. */
  isGone: boolean;
  history: NoSerialize<HistoryEntry[]>;
  isLoading: boolean;
  failure: NoSerialize<Failure>;
  edit: NoSerialize<Edit>;
  /** What is wrong with what is typed. */
  editProblem: string;
  isSaving: boolean;
  /** A model was asked for this cell from here. */
  isGenerating: boolean;
  run: RunId | null;
  /** What the model has written of this cell so far. */
  stream: NoSerialize<{ text: string }>;
  /** How a column's cells are shown, where someone chose. */
  views: { [column: ColumnId]: ViewKind };
  /** Counts up to have the cell read again. */
  reload: number;
}

/** A panel that has read nothing yet. */
export function newPanel(): PanelState {
  return {
    tab: "value",
    loaded: undefined,
    isGone: false,
    history: undefined,
    isLoading: false,
    failure: undefined,
    edit: undefined,
    editProblem: "",
    isSaving: false,
    isGenerating: false,
    run: null,
    stream: undefined,
    views: {},
    reload: 0,
  };
}

/** What the actions work on. */
export interface PanelTools {
  panel: PanelState;
  sheet: SheetState;
  toasts: ToastState;
}

/** The column of the open cell. */
export function openColumn(sheet: SheetState): Column | undefined {
  return sheet.columns.find((column) => column.id === sheet.cell?.column);
}

/**
 * What was read, if it is the open cell. Until the next cell is read the last one stays in view, so
 * that moving does not flicker; nothing can be done to it then.
 */
export function openLoaded(panel: PanelState, sheet: SheetState): LoadedCell | undefined {
  const { loaded } = panel;
  const isOpen = loaded?.row === sheet.cell?.row && loaded?.column === sheet.cell?.column;
  return isOpen ? loaded : undefined;
}

/** Forgets what was going on with the cell that was open before. */
export function forgetCell(panel: PanelState): void {
  panel.isGone = false;
  panel.failure = undefined;
  panel.isGenerating = false;
  panel.run = null;
  panel.stream = undefined;
}

export function beginEdit({ panel, sheet }: PanelTools): void {
  const column = openColumn(sheet);
  const loaded = openLoaded(panel, sheet);
  if (!column || !loaded || sheet.readOnly || panel.edit) return;
  if (notEditable(loaded.cell.value, column)) return;
  const before = textToEdit(loaded.cell.value, column);
  panel.tab = "value";
  panel.editProblem = "";
  panel.edit = noSerialize({ row: loaded.row, column: column.id, before, typed: before });
}

export function endEdit(panel: PanelState): void {
  panel.edit = undefined;
  panel.editProblem = "";
}

/** Whether something is typed that would be lost. */
export function hasUnsaved(panel: PanelState): boolean {
  return panel.edit !== undefined && panel.edit.typed !== panel.edit.before;
}

/** Closes the panel and gives focus back to the grid; an unsaved change keeps it open. */
export function closePanel({ panel, sheet }: PanelTools): void {
  if (hasUnsaved(panel)) {
    panel.editProblem = text.unsaved;
    return;
  }
  endEdit(panel);
  sheet.cell = null;
  sheet.grid?.focus();
}

/** Writes what is typed. */
export async function saveEdit(tools: PanelTools): Promise<void> {
  const { panel, sheet } = tools;
  const edit = panel.edit;
  const column = sheet.columns.find((candidate) => candidate.id === edit?.column);
  if (!edit || !column || panel.isSaving) return;
  const typed = typedValue(edit.typed, column);
  if (!typed.ok) {
    panel.editProblem = typed.problem === "json" ? text.notJson : text.tooManyDigits;
    return;
  }
  panel.isSaving = true;
  panel.editProblem = "";
  try {
    const { row, column: id } = edit;
    await ipc.editCells(sheet.info.id, [{ column: id, row, value: typed.value }]);
    endEdit(panel);
    changed(tools);
  } catch (thrown) {
    const failure = failureOf(thrown);
    panel.editProblem = [failure.message, failure.hint ?? ""].filter(Boolean).join("\n");
  } finally {
    panel.isSaving = false;
  }
}

/** Leaving the sheet saves what was typed: nobody may lose a text by a click elsewhere. */
export async function saveBehind({ panel, sheet, toasts }: PanelTools): Promise<void> {
  const edit = panel.edit;
  const column = sheet.columns.find((candidate) => candidate.id === edit?.column);
  if (!edit || !column || !hasUnsaved(panel)) return;
  const typed = typedValue(edit.typed, column);
  try {
    // What is not valid is refused by the column, with the reason.
    const value = typed.ok ? typed.value : edit.typed;
    await ipc.editCells(sheet.info.id, [{ column: edit.column, row: edit.row, value }]);
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

export async function approve(tools: PanelTools): Promise<void> {
  await change(tools, ({ column, row }, sheet) => ipc.validateCells(sheet, column, [row]));
}

export async function clear(tools: PanelTools): Promise<void> {
  await change(tools, ({ column, row }, sheet) => ipc.clearCells(sheet, [column], [row]));
}

export async function goBack(tools: PanelTools, seq: number): Promise<void> {
  await change(tools, ({ column, row }, sheet) => ipc.restoreCell(sheet, column, row, seq));
}

/** Asks the model anew for this cell. How it ends is heard as an event. */
export async function generate({ panel, sheet }: PanelTools): Promise<void> {
  const cell = sheet.cell;
  if (!cell || panel.isGenerating) return;
  panel.failure = undefined;
  panel.run = null;
  panel.stream = undefined;
  panel.isGenerating = true;
  try {
    const run = await ipc.generateCell(sheet.info.id, cell.column, cell.row, true);
    // Over already, or another cell is open by now.
    if (panel.isGenerating && sheet.cell === cell) panel.run = run;
  } catch (thrown) {
    panel.isGenerating = false;
    panel.failure = noSerialize(failureOf(thrown));
  }
}

/** Opens the cell of the same column `delta` rows further in the view. */
export async function move({ panel, sheet, toasts }: PanelTools, delta: number): Promise<void> {
  const loaded = openLoaded(panel, sheet);
  if (!loaded || loaded.position === null) return;
  if (hasUnsaved(panel)) {
    panel.editProblem = text.unsaved;
    return;
  }
  const position = loaded.position + delta;
  if (position < 0 || position >= sheet.rowCount) return;
  try {
    const [row] = await ipc.rowsAt(sheet.info.id, sheet.view?.id ?? null, position, 1);
    if (row === undefined) return;
    endEdit(panel);
    sheet.cell = { row, column: loaded.column };
    sheet.grid?.goTo(position, loaded.column);
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Tells the grid and everyone else that the sheet has changed. */
function changed({ sheet }: PanelTools): void {
  sheet.changed += 1;
  sheet.grid?.reload();
}

async function change(
  tools: PanelTools,
  work: (cell: { column: ColumnId; row: RowId }, sheet: string) => Promise<unknown>,
): Promise<void> {
  const { panel, sheet } = tools;
  const cell = sheet.cell;
  if (!cell || panel.isSaving) return;
  panel.isSaving = true;
  panel.failure = undefined;
  try {
    await work(cell, sheet.info.id);
    changed(tools);
  } catch (thrown) {
    panel.failure = noSerialize(failureOf(thrown));
  } finally {
    panel.isSaving = false;
  }
}
