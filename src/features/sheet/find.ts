import { type FindRequest, failureOf, ipc, type Replacement } from "~/ipc";
import { showToast } from "~/state/toasts";
import { busyWith, cellsChanged } from "./changes";
import { withCondition } from "./conditions";
import { type FindCursor, pageLength, pageOf, placeInPage, stepped } from "./find-cursor";
import { viewId } from "./reading";
import { text } from "./strings";
import { type SheetTools, selectionOf, shownIds } from "./tools";

/** Replacements that are shown before all are made. */
export const mostShown = 100;

/** Opens the bar, or brings the focus back to it. */
export function openFind({ ui }: SheetTools, withReplace: boolean): void {
  ui.find.withReplace = withReplace || (ui.find.open && ui.find.withReplace);
  ui.find.open = true;
  ui.find.focused += 1;
}

/** Closes the bar and gives the focus back to the grid. */
export function closeFind({ ui }: SheetTools): void {
  ui.find.open = false;
  ui.view?.focus();
}

/** Looks only into the columns of the selection, or into all again. */
export function limitFind(tools: SheetTools, limited: boolean): void {
  const columns = tools.sheet.selected.columns;
  tools.ui.find.columns = limited && columns.length > 0 ? columns : null;
}

function requestOf(tools: SheetTools, skip: number, limit: number): FindRequest {
  const { find } = tools.ui;
  const shown = shownIds(tools);
  const columns = find.columns?.filter((column) => shown.includes(column)) ?? shown;
  return {
    text: find.text,
    match_case: find.matchCase,
    whole: find.whole,
    regex: find.regex,
    columns,
    filter: null,
    skip,
    limit,
  };
}

function cursorOf({ ui }: SheetTools): FindCursor {
  const { total, at } = ui.find;
  return {
    total: total ?? 0,
    at,
    skip: ui.work?.foundSkip ?? 0,
    length: ui.work?.found.length ?? 0,
  };
}

/** Typing has to rest this long before it is searched for. */
const searchAfterMs = 250;

/** Searches once typing rests, unless somebody asks for a match before; ends by what it returns. */
export function searchSoon(tools: SheetTools, failed: (thrown: unknown) => void): () => void {
  const { find, work } = tools.ui;
  find.total = null;
  find.searching = find.text !== "";
  if (!work) return () => undefined;
  const timer = window.setTimeout(() => search(tools).catch(failed), searchAfterMs);
  work.searchTimer = timer;
  return () => clearTimeout(timer);
}

/** Searches anew for what the bar says; an answer to an older search is dropped. */
export async function search(tools: SheetTools): Promise<void> {
  const { work } = tools.ui;
  if (!work) return;
  // A search that begins later would forget the match that somebody went to meanwhile.
  clearTimeout(work.searchTimer);
  const begun = searched(tools);
  // Who waits for it as well hears of no failure: it is told once, by who began.
  const ended = begun.catch(() => undefined);
  work.search = ended;
  try {
    await begun;
  } finally {
    if (work.search === ended) work.search = null;
  }
}

async function searched(tools: SheetTools): Promise<void> {
  const { find } = tools.ui;
  find.at = -1;
  find.problem = null;
  if (find.text === "") {
    if (tools.ui.work) tools.ui.work.searches += 1;
    find.total = null;
    find.searching = false;
    return;
  }
  find.searching = true;
  await readPage(tools, 0);
}

async function readPage(tools: SheetTools, skip: number): Promise<boolean> {
  const { sheet, ui } = tools;
  const { find, work } = ui;
  if (!work) return false;
  work.searches += 1;
  const asked = work.searches;
  try {
    const found = await ipc.find(sheet.info.id, requestOf(tools, skip, pageLength), viewId(tools));
    if (asked !== work.searches) return false;
    work.found = found.cells;
    work.foundSkip = skip;
    find.total = found.total;
    return true;
  } catch (thrown) {
    if (asked !== work.searches) return false;
    const failure = failureOf(thrown);
    if (failure.code !== "bad_input") throw thrown;
    find.total = null;
    find.problem = failure.message;
    return false;
  } finally {
    if (asked === work.searches) find.searching = false;
  }
}

/** Goes to the next or previous match; searches first if nothing was looked for yet. */
export async function findStep(tools: SheetTools, back: boolean): Promise<void> {
  const { ui } = tools;
  if (ui.find.text === "") {
    openFind(tools, false);
    return;
  }
  // Whoever presses Enter twice while it is looked for means two steps, not two searches.
  if (ui.find.total === null) await (ui.work?.search ?? search(tools));
  const at = stepped(cursorOf(tools), back);
  if (at === null) return;
  if (placeInPage(cursorOf(tools), at) === null) {
    ui.find.searching = true;
    if (!(await readPage(tools, pageOf(at)))) return;
  }
  await show(tools, at);
}

async function show(tools: SheetTools, at: number): Promise<void> {
  const { sheet, ui } = tools;
  const place = placeInPage(cursorOf(tools), at);
  const cell = place === null ? undefined : ui.work?.found[place];
  if (!cell) return;
  ui.find.at = at;
  const position = await ipc.positionOf(sheet.info.id, viewId(tools), cell.row);
  ui.find.problem = position === null ? text.find.hidden : null;
  if (position !== null) ui.view?.goTo(position, cell.column);
}

/** Replaces the text in the match that is shown, then goes to the next one. */
export async function replaceOne(tools: SheetTools): Promise<void> {
  const { sheet, ui } = tools;
  const { active } = selectionOf(tools);
  if (ui.find.at < 0 || !active || active.row === null) {
    await findStep(tools, false);
    return;
  }
  const after = await replacedAt(tools, active.position, active.column);
  if (after === null) {
    showToast(tools.toasts, { kind: "info", title: text.find.notReplaced });
    return;
  }
  const value = after === "" ? null : after;
  await ipc.editCells(sheet.info.id, [{ column: active.column, row: active.row, value }]);
  cellsChanged(tools);
  const { at } = ui.find;
  await search(tools);
  // The match is gone as a rule, so that the next one has its number now.
  if (ui.find.total !== null && ui.find.total > 0) {
    ui.find.at = Math.min(at, ui.find.total) - 1;
    await findStep(tools, false);
  }
}

/** What a cell becomes; asked of the Rust side, whose regular expressions are not JavaScript's. */
async function replacedAt(
  tools: SheetTools,
  position: number,
  column: number,
): Promise<string | null> {
  const { sheet, ui } = tools;
  const page = await ipc.window(sheet.info.id, viewId(tools), [column], position, 1);
  const value = page.rows[0]?.cells[0]?.value ?? null;
  if (value === null) return null;
  // Any row with the same value becomes the same text.
  const same = withCondition(null, {
    column,
    test: { test: "one_of", values: [value] },
    negated: false,
  });
  const request = { ...requestOf(tools, 0, 1), columns: [column], filter: same };
  const [found] = await ipc.previewReplacements(sheet.info.id, request, ui.find.replacement);
  return found?.after ?? null;
}

/** What replacing all would do: the first cells, and whether there are more. */
export async function previewAll(
  tools: SheetTools,
): Promise<{ cells: Replacement[]; more: boolean }> {
  const { sheet, ui } = tools;
  const request = { ...requestOf(tools, 0, mostShown + 1), filter: sheet.filter };
  const found = await ipc.previewReplacements(sheet.info.id, request, ui.find.replacement);
  return { cells: found.slice(0, mostShown), more: found.length > mostShown };
}

/** Replaces every match, as one step. */
export async function replaceAll(tools: SheetTools): Promise<void> {
  const { sheet, ui, toasts } = tools;
  const request = { ...requestOf(tools, 0, mostShown), filter: sheet.filter };
  const count = await busyWith(tools, "change", () =>
    ipc.replace(sheet.info.id, request, ui.find.replacement),
  );
  cellsChanged(tools);
  showToast(toasts, { kind: "success", title: text.find.replaced(text.cells(count)) });
  await search(tools);
}
