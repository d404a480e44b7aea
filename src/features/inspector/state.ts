import { createContextId, type NoSerialize } from "@builder.io/qwik";
import type {
  CalibrationMode,
  CellState,
  Code,
  Column,
  ColumnId,
  LiveRun,
  ModelFile,
  PreviewRow,
  RunInfo,
  Value,
} from "~/ipc";
import { failureOf } from "~/ipc";
import type { RunsState } from "~/state/runs";
import type { InspectorTab, SheetState } from "~/state/sheet";
import type { ActionId } from "./actions";
import { type Draft, type DraftProblem, draftProblems, isChanged, recipeOfColumn } from "./draft";
import type { Billing, CapState, ScopeState } from "./run-scope";

/** A refusal, beside the part of the panel that it is about. */
export interface PanelFailure {
  field: "name" | "prompt" | "model" | "footer";
  code: Code;
  message: string;
  hint: string | null;
}

/** What a preview gave; nothing of it is stored. */
export interface Preview {
  rows: PreviewRow[];
  /** The values of the columns that the prompt reads, by row. */
  inputs: Map<number, Value[]>;
  /** The recipe that was asked, as text, to see whether it is still the present one. */
  recipe: string;
}

/** One AI column while the inspector shows it, or one that is to be added. */
export interface AiColumnState {
  /** Null for a column that is to be added. */
  column: ColumnId | null;
  draft: Draft;
  /** Whether saving was tried: from then on every problem is shown, not only typing mistakes. */
  attempted: boolean;
  /** Whether the list behind `{{` is open: the reference is still being written. */
  completing: boolean;
  /** Whether a person named the new column; a chosen action does not rename it then. */
  isNamed: boolean;
  action: ActionId | null;
  /** The column that actions are about; null until it is known. */
  actionColumn: string | null;
  /** What an action replaced, so that it can be had back. */
  replaced: Draft | null;
  models: ModelFile[] | null;
  modelsFailure: string | null;
  runs: RunInfo[] | null;
  runsFailure: string | null;
  /** How many cells are in each state; null until somebody needs it. */
  states: { [state in CellState]?: number } | null;
  scope: ScopeState;
  /** What the next run may take, where its model is one of a backend. */
  cap: CapState;
  /** Whether money can be limited, as far as that is known. */
  billing: Billing;
  /** Whether the model of the draft is one of a backend, so that rows leave this computer. */
  isRemote: boolean;
  previewTask: string | null;
  preview: NoSerialize<Preview>;
  previewFailure: PanelFailure | null;
  /** Whether the results of the preview are in sight. */
  isPreviewOpen: boolean;
  failure: PanelFailure | null;
  /** What the last change of the calibration did, in words, and to which it was changed. */
  recalibrated: { mode: CalibrationMode; text: string } | null;
  busy: "save" | "add" | "run" | null;
}

export const AiColumnContext = createContextId<AiColumnState>("braincells.inspector");

/** A column that was not touched yet. */
export function newAiColumnState(column: ColumnId | null, draft: Draft): AiColumnState {
  return {
    column,
    draft,
    attempted: false,
    completing: false,
    isNamed: false,
    action: null,
    actionColumn: null,
    replaced: null,
    models: null,
    modelsFailure: null,
    runs: null,
    runsFailure: null,
    states: null,
    scope: { choice: "empty", firstCount: 100, fresh: false },
    cap: { usd: null, tokens: null },
    billing: "priced",
    isRemote: false,
    previewTask: null,
    preview: undefined,
    previewFailure: null,
    isPreviewOpen: false,
    failure: null,
    recalibrated: null,
    busy: null,
  };
}

/** The column that the panel shows, as the sheet has it now. */
export function columnOf(
  sheet: SheetState,
  state: { column: ColumnId | null },
): Column | undefined {
  return sheet.columns.find((column) => column.id === state.column);
}

/** The names that the prompt of this column may use. */
export function namesToRead(sheet: SheetState, state: { column: ColumnId | null }): string[] {
  return sheet.columns.filter((column) => column.id !== state.column).map((column) => column.name);
}

/** All that keeps the draft from being used. */
export function problemsOf(sheet: SheetState, state: AiColumnState): DraftProblem[] {
  const taken = state.column === null ? sheet.columns.map((column) => column.name) : null;
  return draftProblems(state.draft, namesToRead(sheet, state), taken);
}

/** Whether the draft says something else than what is saved. Always so for a new column. */
export function isUnsaved(sheet: SheetState, state: AiColumnState): boolean {
  const saved = recipeOfColumn(columnOf(sheet, state));
  return saved === null || isChanged(state.draft, saved);
}

/** The run of this column that is alive, if one is. */
export function liveRunOf(
  runs: RunsState,
  sheet: SheetState,
  column: ColumnId | null,
): LiveRun | undefined {
  return runs.live.find(
    ({ progress }) => progress.sheet === sheet.info.id && progress.column === column,
  );
}

/** The tab where a problem is put right. */
export function tabOfProblem(problem: DraftProblem): InspectorTab {
  return problem.field === "model" || problem.field === "sampling" ? "model" : "prompt";
}

/** A refusal of the Rust side, beside the part that it is about. */
export function panelFailure(thrown: unknown, doing: "add" | "save" | "run"): PanelFailure {
  const { code, message, hint } = failureOf(thrown);
  const field = fieldOf(code, doing);
  return { field, code, message, hint };
}

function fieldOf(code: Code, doing: "add" | "save" | "run"): PanelFailure["field"] {
  if (code === "bad_template") return "prompt";
  if (code === "model_missing" || code === "model_broken") return "model";
  return code === "conflict" && doing === "add" ? "name" : "footer";
}

/** Whether the chosen scope has what it needs: a selection, or a filter. */
export function isScopeReady(sheet: SheetState, state: AiColumnState): boolean {
  if (state.scope.choice === "selected") return sheet.selected.rows !== null;
  return state.scope.choice !== "filtered" || sheet.filter !== null;
}
