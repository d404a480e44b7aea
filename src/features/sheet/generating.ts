import { type ColumnId, ipc, type RowId, type RunRequest, type RunScope } from "~/ipc";
import { showToast } from "~/state/toasts";
import { rowsAt, viewId } from "./reading";
import { aiColumnsAmong, groupsOf, rowsIn, type Span } from "./selection";
import { text } from "./strings";
import { type SheetTools, selectionOf, shownIds } from "./tools";

/** Up to so many rows a person waits for the answers: they go before other runs. */
const rowsWaitedFor = 20;
/** Cells that are shown as queued before the first event of their run comes. */
const mostMarked = 2000;
/** Rows that are read at a time to find the failed ones. */
const rowsAtATime = 10_000;

/** Generates the AI cells of the selection, whatever they hold, except what a person wrote. */
export async function generateSelection(tools: SheetTools, fresh: boolean): Promise<void> {
  const groups = aiGroups(tools);
  if (groups.length === 0) {
    showToast(tools.toasts, { kind: "info", title: text.toast.noAiCells });
    return;
  }
  for (const { columns, spans } of groups) await generateSpans(tools, columns, spans, fresh);
}

/** Generates again the failed cells of the selection. */
export async function retrySelection(tools: SheetTools): Promise<void> {
  const groups = aiGroups(tools);
  let found = 0;
  for (const { columns, spans } of groups) {
    for (const column of columns) {
      if (isEveryRow(tools, spans)) {
        await start(tools, [column], whole(tools, { rows: "failed" }, false));
        found += 1;
        continue;
      }
      const rows = await failedRows(tools, column, spans);
      found += rows.length;
      if (rows.length > 0) await start(tools, [column], these(rows, false));
    }
  }
  if (found === 0) {
    const title = groups.length === 0 ? text.toast.noAiCells : text.toast.noFailed;
    showToast(tools.toasts, { kind: "info", title });
  }
}

/** Generates some columns at some positions. */
export async function generateSpans(
  tools: SheetTools,
  columns: ColumnId[],
  spans: Span[],
  fresh: boolean,
): Promise<void> {
  // A selection of everything is said in words: a million row ids would say the same.
  if (isEveryRow(tools, spans)) {
    await start(tools, columns, whole(tools, { rows: "all" }, fresh));
    return;
  }
  const rows = await rowsAt(tools, spans);
  if (rows.length === 0) return;
  markQueued(tools, columns, spans, rows);
  try {
    await start(tools, columns, these(rows, fresh));
  } catch (thrown) {
    tools.ui.view?.reload();
    throw thrown;
  }
}

/** Runs one AI column over the whole sheet. */
export async function runColumn(
  tools: SheetTools,
  column: ColumnId,
  scope: "pending" | "failed",
): Promise<void> {
  await ipc.generateBatch(tools.sheet.info.id, column, { rows: scope });
}

/** Fills every AI column, each behind those that it reads. */
export async function runAll(tools: SheetTools): Promise<void> {
  // The button becomes another one, which the focus does not survive.
  tools.ui.view?.focus();
  await ipc.generateColumns(tools.sheet.info.id, null, { rows: "pending" });
}

/** Stops the live runs of a column, or of the whole sheet. What is done is kept. */
export async function stopRuns(tools: SheetTools, column: ColumnId | null): Promise<void> {
  const { sheet, runs, toasts } = tools;
  const alive = runs.live.filter(
    ({ progress }) =>
      progress.sheet === sheet.info.id && (column === null || progress.column === column),
  );
  // Queued ones first, so that none of them begins when the working one ends.
  for (const { progress } of [...alive].reverse()) {
    await ipc.cancelRun(sheet.info.id, progress.run);
  }
  if (alive.length > 0 && column === null) {
    showToast(toasts, { kind: "info", title: text.toast.stopped });
  }
}

function aiGroups(tools: SheetTools): { columns: ColumnId[]; spans: Span[] }[] {
  return groupsOf(selectionOf(tools).ranges, shownIds(tools))
    .map(({ columns, spans }) => ({
      columns: aiColumnsAmong(tools.sheet.columns, columns),
      spans,
    }))
    .filter(({ columns }) => columns.length > 0);
}

function isEveryRow({ sheet }: SheetTools, spans: readonly Span[]): boolean {
  return sheet.rowCount > rowsWaitedFor && rowsIn(spans) >= sheet.rowCount;
}

function whole({ sheet }: SheetTools, scope: RunScope, fresh: boolean): RunRequest {
  return { ...scope, only: sheet.filter, fresh };
}

function these(ids: RowId[], fresh: boolean): RunRequest {
  return { rows: "these", ids, fresh, priority: ids.length <= rowsWaitedFor ? "now" : "normal" };
}

async function start(
  { sheet }: SheetTools,
  columns: ColumnId[],
  request: RunRequest,
): Promise<void> {
  const [first, ...more] = columns;
  if (first === undefined) return;
  if (more.length === 0) await ipc.generateBatch(sheet.info.id, first, request);
  else await ipc.generateColumns(sheet.info.id, columns, request);
}

async function failedRows(
  tools: SheetTools,
  column: ColumnId,
  spans: readonly Span[],
): Promise<RowId[]> {
  const rows: RowId[] = [];
  const view = viewId(tools);
  for (const { start, count } of spans) {
    for (let at = start; at < start + count; at += rowsAtATime) {
      const length = Math.min(rowsAtATime, start + count - at);
      const page = await ipc.window(tools.sheet.info.id, view, [column], at, length);
      for (const { row, cells } of page.rows) {
        if (cells[0]?.state === "failed") rows.push(row);
      }
    }
  }
  return rows;
}

/** Shows at once that something will happen, where the run will overwrite the cell. */
function markQueued(
  tools: SheetTools,
  columns: ColumnId[],
  spans: readonly Span[],
  rows: readonly RowId[],
): void {
  const { view } = tools.ui;
  const positions = spans.flatMap(({ start, count }) =>
    Array.from({ length: Math.min(count, mostMarked) }, (_, index) => start + index),
  );
  for (const [index, row] of rows.slice(0, mostMarked).entries()) {
    const position = positions[index];
    if (!view || position === undefined) return;
    for (const column of columns) {
      const cell = view.cellAt(position, column);
      if (!cell || cell.state === "edited" || cell.state === "validated") continue;
      view.patchCell(row, column, { state: "queued", error: null });
    }
  }
}
