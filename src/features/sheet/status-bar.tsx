import { component$, useSignal, useTask$ } from "@builder.io/qwik";
import { type ColumnStats, ipc, type NumberSummary, type Selection } from "~/ipc";
import { formatCount } from "~/lib/format";
import { Button, Spinner } from "~/ui";
import { cellsIn, onlyRectangle } from "./selection";
import { numberFigures, rowsText, stateCounts } from "./status-text";
import { text } from "./strings";
import { columnOf, shownIds, useSheetTools } from "./tools";
import { filterByState, stopView } from "./views";

const summariseAfterMs = 200;
const countAfterMs = 400;

/** How many rows are shown, what is selected, and how the focused AI column stands. */
export const StatusBar = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui } = tools;
  const cells = cellsIn(ui.selection?.ranges ?? [], shownIds(tools));
  return (
    <section
      class="flex h-7 shrink-0 items-center gap-3 overflow-hidden border-t border-line bg-panel px-3 text-sm whitespace-nowrap text-muted"
      aria-label={text.status.label}
      data-testid="sheet-status"
    >
      <span class="tabular-nums" data-testid="sheet-row-count">
        {rowsText(sheet.rowCount, sheet.info.row_count, sheet.filter !== null)}
      </span>
      {ui.busy !== null && (
        <span class="inline-flex items-center gap-1.5" role="status">
          <Spinner label={text.status.busy[ui.busy]} size={14} />
          {ui.canStop && (
            <Button size="s" variant="ghost" onClick$={() => stopView(tools)}>
              {text.status.stop}
            </Button>
          )}
        </span>
      )}
      <ColumnStates />
      <span class="flex-1" />
      {cells > 1 && (
        <span class="tabular-nums" data-testid="sheet-selected">
          {text.status.selected(text.cells(cells))}
        </span>
      )}
      <NumberFigures />
    </section>
  );
});

/** Sum, average and limits of the selected numbers. */
const NumberFigures = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui } = tools;
  const numbers = useSignal<NumberSummary | null>(null);

  useTask$(({ track, cleanup }) => {
    const selection = track(() => ui.selection);
    track(() => [sheet.changed, ui.statesChanged]);
    const range = onlyRectangle(selection?.ranges ?? []);
    const columns = (range?.columns ?? []).filter(
      (column) => columnOf(tools, column)?.value_type === "number",
    );
    numbers.value = null;
    const isWorth = range && (range.bottom > range.top || range.columns.length > 1);
    if (!range || !isWorth || columns.length === 0) return;
    let left = false;
    const timer = setTimeout(async () => {
      try {
        const summary = await ipc.summarise(sheet.info.id, columns, {
          rows: "range",
          view: sheet.view?.id ?? null,
          start: range.top,
          count: range.bottom - range.top + 1,
        });
        if (!left) numbers.value = summary.numbers;
      } catch {
        // The view was made anew meanwhile: the next selection is counted in the new one.
      }
    }, summariseAfterMs);
    cleanup(() => {
      left = true;
      clearTimeout(timer);
    });
  });

  return (
    <>
      {numberFigures(numbers.value).map(({ name, value }) => (
        <span
          key={name}
          class="tabular-nums max-[900px]:last-of-type:hidden"
          data-testid="sheet-figure"
        >
          {name} <span class="text-strong select-text">{value}</span>
        </span>
      ))}
    </>
  );
});

/** The states of the focused AI column; a click shows the rows in that state. */
const ColumnStates = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui, runs } = tools;
  const stats = useSignal<{ column: number; states: ColumnStats["states"] } | null>(null);
  const focused = sheet.selected.column;
  const column = focused === null ? null : columnOf(tools, focused);
  const isAi = column?.kind.kind === "ai";

  useTask$(({ track, cleanup }) => {
    const id = track(() => sheet.selected.column);
    track(() => [sheet.changed, ui.statesChanged, runs.ended, sheet.columns]);
    const chosen = id === null ? null : columnOf(tools, id);
    if (id === null || chosen?.kind.kind !== "ai") return;
    let left = false;
    const timer = setTimeout(async () => {
      try {
        const all: Selection = { rows: "all" };
        const found = await ipc.columnStats(sheet.info.id, id, all, 0, 0);
        if (!left) stats.value = { column: id, states: found.states };
      } catch {
        // The column was deleted meanwhile.
      }
    }, countAfterMs);
    cleanup(() => {
      left = true;
      clearTimeout(timer);
    });
  });

  if (!isAi || !column || stats.value?.column !== column.id) return null;
  return (
    <span class="inline-flex min-w-0 items-center gap-1" data-testid="sheet-states">
      <span class="max-w-32 truncate">{column.name}:</span>
      {stateCounts(stats.value.states).map(({ state, count }) => (
        <button
          key={state}
          type="button"
          class={[
            "rounded-md px-1.5 tabular-nums hover:bg-hover",
            state === "failed" ? "text-error" : state === "stale" ? "text-warning" : "",
          ]}
          title={text.status.showState(formatCount(count), text.states[state], column.name)}
          data-testid={`sheet-state-${state}`}
          onClick$={() => {
            filterByState(tools, column.id, state);
            ui.view?.focus();
          }}
        >
          {formatCount(count)} {text.states[state]}
        </button>
      ))}
    </span>
  );
});
