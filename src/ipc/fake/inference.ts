import type { ColumnId, Estimate, ExampleView, PreviewRow, Recipe, RunId } from "../bindings";
import { answerFor } from "./answers";
import { costOf, modelToAsk, priceOf } from "./backends";
import type { Part } from "./commands";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import { referencesOf } from "./template";
import { textOf } from "./values";
import { exampleRows, promptOf, rowsFor } from "./work";
import type { World } from "./world";

/** AI columns in an order in which each comes behind those that it reads. */
function inOrder(sheet: FakeSheet, wanted: ColumnId[]): { id: ColumnId; reads: ColumnId[] }[] {
  const ordered: { id: ColumnId; reads: ColumnId[] }[] = [];
  const visit = (id: ColumnId): void => {
    const column = sheet.column(id);
    if (column.kind.kind !== "ai" || ordered.some((each) => each.id === id)) return;
    const named = referencesOf(column.kind.recipe.prompt, sheet.columns);
    const reads = named.map((each) => each.id).filter((each) => wanted.includes(each));
    for (const each of reads) visit(each);
    ordered.push({ id, reads });
  };
  for (const id of wanted) visit(id);
  return ordered;
}

const tokensOf = (text: string): number => Math.max(1, Math.ceil(text.length / 4));

function estimateOf(world: World, sheet: FakeSheet, id: ColumnId, rows: number[]): Estimate {
  const column = sheet.column(id);
  const recipe: Recipe | null = column.kind.kind === "ai" ? column.kind.recipe : null;
  const sample = rows.slice(0, 20);
  const shown = exampleRows(sheet, column);
  const prompts = recipe ? sample.map((row) => promptOf(sheet, column, recipe, row, shown)) : [];
  const tokens = prompts.map((messages) => tokensOf(messages.map((each) => each.content).join()));
  const mean = tokens.reduce((sum, each) => sum + each, 0) / Math.max(1, tokens.length);
  const price = recipe ? priceOf(world, recipe.model) : null;
  const isKnown = sheet.runs.some((run) => run.rows_done > 0);
  return {
    rows: rows.length,
    rows_waiting: 0,
    rows_cached: 0,
    prompt_tokens: Math.round(mean * rows.length),
    shared_prefix_tokens: tokensOf(recipe?.prompt ?? ""),
    completion_tokens: rows.length * 12,
    cost_usd: price ? costOf(price, mean * rows.length, 12 * rows.length) : null,
    seconds: isKnown ? rows.length / world.rowsPerSecond : null,
    basis: {
      sampled_rows: sample.length,
      counted_by_model: isKnown,
      answers: isKnown ? "earlier_runs" : "limit",
      time: isKnown ? "earlier_runs" : "unknown",
    },
  };
}

export function inferenceCommands(world: World, runner: Runner): Part<InferenceCommand> {
  return {
    generateCell: (id, column, row, fresh) =>
      runner.start(world.sheet(id), column, { rows: "these", ids: [row], fresh, priority: "now" }),
    generateBatch: (id, column, request) => runner.start(world.sheet(id), column, request),
    generateColumns: (id, columns, request) => {
      const sheet = world.sheet(id);
      const started = new Map<ColumnId, RunId>();
      for (const { id: column, reads } of inOrder(
        sheet,
        columns ?? sheet.columns.map((each) => each.id),
      )) {
        const behind = reads.flatMap((read) => started.get(read) ?? []);
        started.set(column, runner.start(sheet, column, request, behind));
      }
      return null;
    },
    resumeRun: (id, run, cap) => runner.resume(world.sheet(id), run, cap),
    pauseRun: (_, run) => runner.pause(run),
    cancelRun: (id, run) => {
      runner.cancel(world.sheet(id), run);
      return null;
    },
    runs: (id) => world.sheet(id).runs,
    liveRuns: () => runner.live(),
    unfinishedRuns: () => world.unfinished,
    previewRecipe: (id, recipe, count, task) =>
      world.task(task, async (pause) => {
        const sheet = world.sheet(id);
        referencesOf(recipe.prompt, sheet.columns);
        const model = modelToAsk(world, sheet, recipe.model);
        const shown: PreviewRow[] = [];
        for (const row of sheet.allRows().slice(0, count)) {
          const messages = promptOf(sheet, null, recipe, row);
          const { value, error, reasoning, figures } = answerFor(recipe, model, messages, row, 0);
          await pause(4000 / world.rowsPerSecond);
          const price = priceOf(world, model);
          if (price) {
            figures.cost_usd = costOf(price, figures.prompt_tokens, figures.completion_tokens);
          }
          shown.push({ row, messages, value, reasoning, error, figures });
        }
        return shown;
      }),
    estimate: (id, column, request, _, task) =>
      world.task(task, async (pause) => {
        const sheet = world.sheet(id);
        await pause(60);
        const rows = rowsFor(sheet, sheet.column(column), request);
        return estimateOf(world, sheet, column, rows);
      }),
    examples: (id, columnId) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      if (column.kind.kind !== "ai") return { examples: [], counted_by_model: false };
      const { recipe } = column.kind;
      const inputs = referencesOf(recipe.prompt, sheet.columns);
      const most = recipe.examples?.max_count ?? 4;
      const examples = exampleRows(sheet, column).map((row, at): ExampleView => {
        const read = inputs.map((input) => sheet.cell(row, input).value);
        const { value } = sheet.cell(row, column);
        const tokens = tokensOf([...read, value].map(textOf).join(" "));
        return { row, inputs: read, value, tokens, used: at < most };
      });
      return { examples, counted_by_model: true };
    },
    lookAt: (_, column, rows) => runner.lookAt(column, rows),
  };
}

type InferenceCommand =
  | "generateCell"
  | "generateBatch"
  | "generateColumns"
  | "resumeRun"
  | "pauseRun"
  | "cancelRun"
  | "runs"
  | "liveRuns"
  | "unfinishedRuns"
  | "previewRecipe"
  | "estimate"
  | "examples"
  | "lookAt";
