import type {
  AppError,
  Column,
  ColumnId,
  Message,
  Recipe,
  RowId,
  RunId,
  RunInfo,
  RunProgress,
  RunRequest,
} from "../bindings";
import type { Answer } from "./answers";
import { modelToAsk } from "./backends";
import type { Step } from "./cell";
import { failure, refuse } from "./failure";
import { testOf } from "./filter";
import type { FakeSheet } from "./sheet";
import { messagesFor, referencesOf } from "./template";
import { isEmpty } from "./values";
import type { World } from "./world";

/** A row that is being generated. */
export interface InFlight {
  row: RowId;
  answer: Answer;
  sent: number;
  startedMs: number;
  messages: Message[];
}
/** A run that is alive. */
export interface Work {
  sheet: FakeSheet;
  column: Column;
  recipe: Recipe;
  model: string;
  info: RunInfo;
  waiting: RowId[];
  inFlight: InFlight[];
  progress: RunProgress;
  step: Step;
  activeMs: number;
  /** The tokens that were paid for so far. */
  paidTokens: { prompt_tokens: number; completion_tokens: number };
  examples: RowId[];
  /** The runs whose column this one reads: they go first. */
  behind: RunId[];
}

/** The rows that a request asks for, in sheet order. */
export function rowsFor(sheet: FakeSheet, column: Column, request: RunRequest): RowId[] {
  const test = request.only ? testOf(sheet, request.only) : () => true;
  const state = (row: RowId) => sheet.cell(row, column).state ?? "empty";
  const rows = request.rows === "these" ? request.ids : sheet.allRows().filter(test);
  const byHand = (row: RowId) => ["edited", "validated"].includes(state(row));
  switch (request.rows) {
    case "empty":
      return rows.filter((row) => state(row) === "empty");
    case "failed":
      return rows.filter((row) => state(row) === "failed");
    case "stale":
      return rows.filter((row) => state(row) === "stale");
    case "pending":
      return rows.filter((row) => ["empty", "failed", "stale"].includes(state(row)));
    case "first":
      return rows.slice(0, request.count).filter((row) => state(row) === "empty");
    case "all":
    case "these":
      return rows.filter((row) => !byHand(row));
  }
}

/** The rows that a person approved or edited, which teach the model. */
export function exampleRows(sheet: FakeSheet, column: Column): RowId[] {
  const rows = sheet.entries.get(column.id)?.keys() ?? [];
  return [...rows].filter((row) => {
    const { state } = sheet.cell(row, column);
    return sheet.positionOf(row) >= 0 && (state === "edited" || state === "validated");
  });
}

/** Why a row cannot be asked about: all that its prompt names is empty. */
export function emptyInput(sheet: FakeSheet, recipe: Recipe, row: RowId): AppError | null {
  const inputs = referencesOf(recipe.prompt, sheet.columns);
  const isAnyFilled = inputs.some((input) => !isEmpty(sheet.cell(row, input).value));
  if (inputs.length === 0 || isAnyFilled) return null;
  return failure(
    "bad_input",
    "every referenced cell is empty",
    "fill the cells that the prompt names",
  );
}

/** What the model is asked for a row, with some rows of the column as examples. */
export function promptOf(
  sheet: FakeSheet,
  column: Column | null,
  recipe: Recipe,
  row: RowId,
  examples: RowId[] = [],
) {
  const read = (at: RowId) => (name: string) => {
    const named = sheet.columns.find((each) => each.name === name);
    return named ? sheet.cell(at, named).value : null;
  };
  const most = recipe.examples?.max_count ?? 4;
  const others = examples.filter((each) => each !== row);
  const shown = others.slice(0, most).map((at) => ({
    inputs: messagesFor(recipe, [], read(at)).at(-1)?.content ?? "",
    value: column ? sheet.cell(at, column).value : null,
  }));
  return messagesFor(recipe, shown, read(row));
}

/** Begins a run, listed and with a step of its own; whoever calls keeps it alive. */
export function workOf(
  world: World,
  sheet: FakeSheet,
  id: ColumnId,
  request: RunRequest,
  behind: RunId[],
): Work {
  sheet.refuseReadOnly();
  const column = sheet.column(id);
  if (column.kind.kind !== "ai") {
    return refuse(
      "bad_input",
      `the column \`${column.name}\` holds data and has no recipe`,
      "only AI columns are filled and approved",
    );
  }
  const { recipe, recipe_version } = column.kind;
  const model = modelToAsk(world, sheet, recipe.model);
  const rows = [...rowsFor(sheet, column, request)];
  const info: RunInfo = {
    id: world.newId(),
    column: id,
    recipe_version,
    request,
    status: "queued",
    rows_total: rows.length,
    rows_done: 0,
    rows_failed: 0,
    started_at_ms: world.now(),
    ended_at_ms: null,
    error: null,
  };
  sheet.runs = [info, ...sheet.runs];
  const step = sheet.beginStep(`Fill \`${column.name}\``);
  sheet.keepStep(step);
  return {
    sheet,
    column,
    recipe,
    model,
    info,
    waiting: rows,
    inFlight: [],
    progress: emptyProgress(sheet, info),
    step,
    activeMs: 0,
    paidTokens: { prompt_tokens: 0, completion_tokens: 0 },
    examples: exampleRows(sheet, column),
    behind,
  };
}

function emptyProgress(sheet: FakeSheet, info: RunInfo): RunProgress {
  return {
    sheet: sheet.info.id,
    column: info.column,
    run: info.id,
    rows_total: info.rows_total,
    rows_done: 0,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_ms: 0,
  };
}
