import { component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { mayCost } from "~/features/models";
import { failureOf, ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { SheetContext, type SheetState } from "~/state/sheet";
import { selectedRows } from "./commands";
import { recipeOfColumn } from "./draft";
import { estimateText, previewEstimateText } from "./figures";
import { requestOf, type ScopeState } from "./run-scope";
import { AiColumnContext, columnOf, isScopeReady, isUnsaved } from "./state";
import { text } from "./strings";

/** A choice is estimated once it has stood this long. */
const DEBOUNCE_MS = 400;
/** Rows whose prompts are made and counted. */
const SAMPLE_ROWS = 64;

/** What the chosen run would take, as far as that is known. Loads no model. */
export const EstimateLine = component$(() => {
  const sheet = useContext(SheetContext);
  const app = useContext(AppContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const said = useSignal("");
  const isWorking = useSignal(false);

  useTask$(({ track, cleanup }) => {
    const { column } = state;
    const scope = track(() => ({ ...state.scope }));
    track(() => [sheet.changed, runs.ended, JSON.stringify(sheet.filter)]);
    track(() => JSON.stringify(recipeOfColumn(columnOf(sheet, state))));
    if (scope.choice === "selected") track(() => JSON.stringify(sheet.selected.rows));
    if (column === null || !isScopeReady(sheet, state)) return;
    const task = `estimate ${crypto.randomUUID()}`;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      isWorking.value = true;
      // The estimate is that of the saved recipe, whatever the draft says.
      const model = recipeOfColumn(columnOf(sheet, state))?.model || app.settings.model;
      const line = await estimateLine(sheet, column, scope, task, mayCost(model, app.settings));
      if (!isCurrent) return;
      isWorking.value = false;
      said.value = line;
    }, DEBOUNCE_MS);
    cleanup(() => {
      isCurrent = false;
      clearTimeout(timer);
      if (isWorking.value) void ipc.cancelTask(task).catch(() => false);
      isWorking.value = false;
    });
  });

  // Room for two lines: the Run button above must not move when the figures come.
  return (
    <p
      class="min-h-8 text-sm text-muted tabular-nums"
      aria-live="polite"
      data-testid="inspector-estimate"
    >
      {!isScopeReady(sheet, state)
        ? state.scope.choice === "filtered"
          ? text.run.nothingFiltered
          : text.run.nothingSelected
        : state.column === null
          ? previewEstimateText(rowsOfNew(sheet, state.scope), state.preview?.rows ?? null)
          : said.value === ""
            ? text.estimate.working
            : isUnsaved(sheet, state)
              ? `${said.value} (${text.estimate.ofSaved})`
              : said.value}
    </p>
  );
});

async function estimateLine(
  sheet: SheetState,
  column: number,
  scope: ScopeState,
  task: string,
  hasPrice: boolean,
): Promise<string> {
  try {
    const rows = scope.choice === "selected" ? await selectedRows(sheet) : [];
    const request = requestOf(scope, rows, sheet.filter);
    if (request === null) return text.estimate.nothing;
    const how = { sample_rows: SAMPLE_ROWS, asked_rows: 0 };
    return estimateText(await ipc.estimate(sheet.info.id, column, request, how, task), hasPrice);
  } catch (thrown) {
    const { message } = failureOf(thrown);
    return `${text.estimate.failed}: ${message}`;
  }
}

/** Rows that a column would fill right after it was added. */
function rowsOfNew(sheet: SheetState, scope: ScopeState): number {
  const all = sheet.info.row_count;
  const { rows } = sheet.selected;
  switch (scope.choice) {
    case "first":
      return Math.min(all, scope.firstCount);
    case "selected":
      return rows === null ? 0 : rows.last - rows.first + 1;
    case "filtered":
      return sheet.rowCount;
    default:
      return all;
  }
}
