import { $ } from "@builder.io/qwik";
import { sentence } from "~/errors";
import { type CellView, type ColumnId, failureOf, ipc, type RowId, type Value } from "~/ipc";
import { showToast } from "~/state/toasts";
import { busyWith, cellsChanged } from "./changes";
import { type FillPlan, fillEdits, planFillDown, planFillDrag, planFillRight } from "./fill-plan";
import { generateSpans } from "./generating";
import { rowsAt, valuesAt } from "./reading";
import { aiColumnsAmong, groupsOf, type Rectangle } from "./selection";
import { text } from "./strings";
import { columnOf, type SheetTools, selectionOf, shownIds } from "./tools";

/** Cells that one step of edits may have: each travels as a value of its own. */
const editsAtATime = 50_000;

/**
 * Writes what was typed into a cell, as the type of its column reads it. The cell shows it at
 * once; when it is refused, the cell goes back, and the text stays at hand in the message.
 */
export async function editCell(
  tools: SheetTools,
  at: { position: number; row: RowId; column: ColumnId },
  typed: string,
): Promise<void> {
  const { sheet, ui } = tools;
  const column = columnOf(tools, at.column);
  const before = ui.view?.cellAt(at.position, at.column) ?? null;
  const isAi = column?.kind.kind === "ai";
  const value: Value = typed === "" ? null : typed;
  ui.view?.patchCell(at.row, at.column, {
    value,
    state: isAi ? (value === null ? "empty" : "edited") : null,
    error: null,
    confidence: null,
  });
  try {
    await ipc.editCells(sheet.info.id, [{ column: at.column, row: at.row, value }]);
    cellsChanged(tools);
  } catch (thrown) {
    if (before) ui.view?.patchCell(at.row, at.column, whole(before));
    refused(tools, thrown, typed);
  }
}

function whole(cell: CellView): CellView {
  return {
    value: cell.value,
    state: cell.state,
    error: cell.error,
    confidence: cell.confidence,
  };
}

function refused(tools: SheetTools, thrown: unknown, typed: string): void {
  const failure = failureOf(thrown);
  showToast(tools.toasts, {
    kind: "error",
    title: text.toast.notWritten,
    detail: [failure.message, failure.hint ?? ""].filter(Boolean).map(sentence).join("\n"),
    action: {
      label: text.toast.copyTyped,
      run$: $(async () => {
        await ipc.copyText(typed);
      }),
    },
  });
}

/** Empties the selected cells. */
export async function clearSelection(tools: SheetTools): Promise<void> {
  const { sheet } = tools;
  const groups = groupsOf(selectionOf(tools).ranges, shownIds(tools));
  if (groups.length === 0) return;
  await busyWith(tools, "change", async () => {
    try {
      for (const { columns, spans } of groups) {
        const rows = await rowsAt(tools, spans);
        if (rows.length > 0) await ipc.clearCells(sheet.info.id, columns, rows);
      }
    } finally {
      cellsChanged(tools);
    }
  });
}

/** Approves the selected cells of AI columns as they are. */
export async function validateSelection(tools: SheetTools): Promise<void> {
  const { sheet } = tools;
  const groups = groupsOf(selectionOf(tools).ranges, shownIds(tools));
  let cells = 0;
  await busyWith(tools, "change", async () => {
    for (const { columns, spans } of groups) {
      const ai = aiColumnsAmong(sheet.columns, columns);
      if (ai.length === 0) continue;
      const rows = await rowsAt(tools, spans);
      for (const column of ai) {
        await ipc.validateCells(sheet.info.id, column, rows);
        cells += rows.length;
      }
    }
  });
  if (cells === 0) {
    showToast(tools.toasts, { kind: "info", title: text.toast.noAiCells });
    return;
  }
  cellsChanged(tools);
  if (cells > 1) {
    showToast(tools.toasts, { kind: "info", title: text.toast.approved });
  }
}

/** Ctrl+D: the first row of the selection into the others; AI columns generate them. */
export async function fillDown(tools: SheetTools): Promise<void> {
  for (const range of selectionOf(tools).ranges) {
    await fill(tools, planFillDown(range));
  }
}

/** Ctrl+R: the first column of the selection into the others; AI columns generate theirs. */
export async function fillRight(tools: SheetTools): Promise<void> {
  for (const range of selectionOf(tools).ranges) {
    await fill(tools, planFillRight(range, shownIds(tools)));
  }
}

/** The fill handle was dragged from one rectangle to another. */
export async function fillDrag(tools: SheetTools, from: Rectangle, to: Rectangle): Promise<void> {
  await fill(tools, planFillDrag(from, to));
}

async function fill(tools: SheetTools, plan: FillPlan | null): Promise<void> {
  if (plan === null) return;
  const { sheet } = tools;
  const ai = aiColumnsAmong(
    sheet.columns,
    plan.columns.map(({ to }) => to),
  );
  const span = { start: plan.to.top, count: plan.to.bottom - plan.to.top + 1 };
  const data = plan.columns.filter(({ to }) => !ai.includes(to));
  if (data.length > 0) {
    await busyWith(tools, "change", () => copyValues(tools, { ...plan, columns: data }));
  }
  if (ai.length > 0) {
    await generateSpans(tools, ai, [span], false);
  }
}

async function copyValues(tools: SheetTools, plan: FillPlan): Promise<void> {
  const { sheet } = tools;
  const source = { start: plan.from.top, count: plan.from.bottom - plan.from.top + 1 };
  const target = { start: plan.to.top, count: plan.to.bottom - plan.to.top + 1 };
  const values = await valuesAt(
    tools,
    plan.columns.map(({ from }) => from),
    source,
  );
  const rows = await rowsAt(tools, [target]);
  const edits = fillEdits(plan, values, rows);
  try {
    for (let at = 0; at < edits.length; at += editsAtATime) {
      await ipc.editCells(sheet.info.id, edits.slice(at, at + editsAtATime));
    }
  } finally {
    cellsChanged(tools);
  }
}
