import { type CopyFormat, ipc } from "~/ipc";
import { showToast } from "~/state/toasts";
import { busyWith, cellsChanged, columnsChanged, countRows } from "./changes";
import { freeColumnName } from "./column-order";
import { clearSelection } from "./edits";
import { onlyWhatFits, type PastePlan, planPaste } from "./paste-plan";
import { rowsAt, viewId } from "./reading";
import { onlyRectangle, type Rectangle } from "./selection";
import { text } from "./strings";
import { type SheetTools, selectionOf, shownIds } from "./tools";

/** From this many cells on, a message says that they were copied. */
const worthSaying = 1000;

/** Puts the selection on the clipboard; says whether it did. */
async function copy(tools: SheetTools, format: CopyFormat, header: boolean): Promise<boolean> {
  const { sheet, toasts } = tools;
  const { ranges } = selectionOf(tools);
  const range = onlyRectangle(ranges);
  if (range === null || range.columns.length === 0) {
    const title = ranges.length > 1 ? text.toast.copyOneBlock : text.toast.copyNothing;
    showToast(toasts, { kind: "info", title });
    return false;
  }
  const cells = await busyWith(tools, "copy", () =>
    ipc.copyCells(sheet.info.id, {
      view: viewId(tools),
      columns: range.columns,
      start: range.top,
      count: range.bottom - range.top + 1,
      format,
      header,
    }),
  );
  if (cells > worthSaying || format !== "tsv") {
    showToast(toasts, { kind: "success", title: text.toast.copied(text.cells(cells)) });
  }
  return true;
}

/** Copies the selection as text of a format. */
export async function copySelection(
  tools: SheetTools,
  format: CopyFormat,
  header: boolean,
): Promise<void> {
  await copy(tools, format, header);
}

/** Copies the selection, then empties it; nothing is emptied when it could not be copied. */
export async function cutSelection(tools: SheetTools): Promise<void> {
  if (await copy(tools, "tsv", false)) await clearSelection(tools);
}

/** Pastes from a menu, where no paste event brings the text. */
export async function pasteFromClipboard(tools: SheetTools): Promise<void> {
  let found: { html: string | null; text: string };
  try {
    found = await readClipboard();
  } catch {
    // The system may keep the clipboard from pages; the keys always work.
    showToast(tools.toasts, {
      kind: "warning",
      title: text.toast.pasteFailed,
      detail: text.toast.pasteFailedHint,
    });
    return;
  }
  await paste(tools, found.text, found.html);
}

async function readClipboard(): Promise<{ html: string | null; text: string }> {
  if (typeof navigator.clipboard.read !== "function") {
    return { html: null, text: await navigator.clipboard.readText() };
  }
  const [item] = await navigator.clipboard.read();
  async function read(type: string): Promise<string | null> {
    return item?.types.includes(type) ? await (await item.getType(type)).text() : null;
  }
  return { html: await read("text/html"), text: (await read("text/plain")) ?? "" };
}

/** Pastes what the clipboard holds at the selection; asks first when it does not fit. */
export async function paste(tools: SheetTools, plain: string, html: string | null): Promise<void> {
  const { sheet, ui, toasts } = tools;
  const block = await parse(plain, html);
  if (block.length === 0) {
    showToast(toasts, { kind: "info", title: text.toast.pasteNothing });
    return;
  }
  const plan = planPaste(block, pasteTarget(tools), shownIds(tools), sheet.rowCount);
  const fits = plan.lostColumns === 0 && plan.addedRows === 0;
  // A sheet without cells has nothing to overwrite and nothing to ask about.
  if (sheet.columns.length === 0) await pasteWithColumns(tools, plan);
  else if (fits) await pastePlanned(tools, plan);
  else ui.dialog = { kind: "paste", plan };
}

function pasteTarget(tools: SheetTools): Rectangle {
  const { active, ranges } = selectionOf(tools);
  const range = ranges.at(-1);
  if (range && range.columns.length > 0) return range;
  const top = active?.position ?? tools.sheet.rowCount;
  const column = active?.column ?? shownIds(tools)[0];
  return { top, bottom: top, columns: column === undefined ? [] : [column] };
}

async function parse(plain: string, html: string | null): Promise<string[][]> {
  return plain === "" && html === null ? [] : await ipc.parseClipboard(plain, html);
}

/** Pastes the part of a plan that has columns; rows beyond the last one are added. */
export async function pastePlanned(tools: SheetTools, planned: PastePlan): Promise<void> {
  const { sheet, ui } = tools;
  const plan = onlyWhatFits(planned);
  if (plan.columns.length === 0) return;
  await busyWith(tools, "paste", async () => {
    const rows = await rowsAt(tools, [{ start: plan.start, count: plan.coveredRows }]);
    await ipc.paste(sheet.info.id, plan.columns, rows, plan.block);
    if (plan.addedRows > 0) await countRows(tools);
    cellsChanged(tools);
  });
  const bottom = Math.min(plan.start + plan.block.length, sheet.rowCount) - 1;
  if (bottom >= plan.start) {
    ui.view?.select({ top: plan.start, bottom, columns: plan.columns });
  }
}

/** Adds text columns for what has no place to the right, then pastes all. */
export async function pasteWithColumns(tools: SheetTools, plan: PastePlan): Promise<void> {
  const { sheet } = tools;
  const added: number[] = [];
  try {
    for (let missing = plan.lostColumns; missing > 0; missing -= 1) {
      const name = freeColumnName(sheet.columns, text.paste.columnName);
      const column = await ipc.addDataColumn(sheet.info.id, name, "text");
      sheet.columns = [...sheet.columns, column];
      added.push(column.id);
    }
  } finally {
    await columnsChanged(tools);
  }
  await pastePlanned(tools, { ...plan, columns: [...plan.columns, ...added], lostColumns: 0 });
}
