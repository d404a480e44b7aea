import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { historyOf, type Row, rowsOf, rowsOfFile, runsOf } from "./command-line";
import { writeReviews } from "./reviews";
import {
  COLUMN,
  endOfRun,
  idle,
  importByButton,
  LABELS,
  RUN_MS,
  rowsEnded,
  writeLabelColumn,
} from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

const SHEET = "reviews";
const ROWS = 60;
/** The rows that the person edits and approves, counted from 1. */
const EDITED = 3;
const APPROVED = 5;

let home: Home;
let window: AppWindow;
/** The place of the AI column, counted from 1. */
const column = 3;

beforeAll(async () => {
  home = await makeHome();
  window = await openWindow(home);
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await home?.close();
});

const rows = (): Promise<Row[]> => rowsOf(home.folder, SHEET);
const labels = async (): Promise<unknown[]> => (await rows()).map((row) => row[COLUMN]);
/** Another label than a given one. */
const other = (label: unknown): string => LABELS.find((each) => each !== label) ?? "";

test("a file is imported through the preview", async () => {
  await window.expectAccessible("the first screen");
  await home.answerDialog(await writeReviews(home.folder, SHEET, ROWS));
  await window.click("home-import");
  await window.byId("import-preview");
  await window.sees("The lamp. It stopped working");
  await window.picture("import");
  await window.click("import-cancel");
  await importByButton(window, home, join(home.folder, `${SHEET}.csv`));
  await window.sees(`${ROWS} rows`);
  expect(await rows()).toHaveLength(ROWS);
});

test("a label column is tried on five rows before it is added", async () => {
  await writeLabelColumn(window);
  await window.click("inspector-preview-start");
  await window.browser.waitUntil(
    async () => (await window.browser.$$("[data-testid=inspector-preview-row]").length) === 5,
    { timeout: RUN_MS, timeoutMsg: "the preview has no five rows" },
  );
  expect(await window.textOf("inspector-estimate")).toMatch(/60 rows.*about [\d,.k]+ tokens/);
  await window.picture("preview");
  await window.expectAccessible("a new AI column with its preview");
  expect(Object.keys((await rows())[0] ?? {})).toEqual(["id", "text"]);
});

test("the run is paused and goes on to the last row", { timeout: RUN_MS }, async () => {
  await window.click("inspector-add-and-run");
  await rowsEnded(window, 3);
  await window.picture("running");
  await window.click("inspector-pause");
  await window.byId("inspector-stopped-run");
  await idle(window);
  const [paused] = await runsOf(home.folder, SHEET);
  expect(paused).toMatchObject({ status: "paused", rows_total: ROWS });
  expect(paused?.rows_done).toBeLessThan(ROWS);
  const before = await labels();
  await window.click("inspector-resume");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_done: ROWS, rows_failed: 0 });
  const after = await labels();
  for (const label of after) expect(LABELS).toContain(label);
  const kept = before.flatMap((label, at) => (label === null ? [] : [[at, label]]));
  expect(kept.length).toBe(paused?.rows_done);
  for (const [at, label] of kept) expect(after[at as number]).toBe(label);
  await window.grid.expectText(1, column, String(after[0]));
});

test("a cell is corrected by typing and another is approved", async () => {
  const before = await labels();
  await window.grid.click(EDITED, column);
  const correction = other(before[EDITED - 1]);
  await window.type(correction);
  await window.press("Enter");
  await window.grid.expectText(EDITED, column, correction);
  await window.grid.click(APPROVED, column);
  await window.press("Control", "Shift", "u");
  await expect
    .poll(() => window.textOf("sheet-state-validated"), { timeout: 20_000 })
    .toMatch(/^1 /);
  await expect.poll(() => window.textOf("sheet-state-edited")).toMatch(/^1 /);
  await window.picture("edited");
  const after = await labels();
  expect(after[EDITED - 1]).toBe(correction);
  expect(after[APPROVED - 1]).toBe(before[APPROVED - 1]);
});

test("a run of all cells leaves alone what a person wrote", { timeout: RUN_MS }, async () => {
  const before = await rows();
  await window.choose("inspector-scope", "All again");
  await window.byId("inspector-estimate");
  await window.click("inspector-run");
  const run = await endOfRun(home, SHEET, 2);
  expect(run).toMatchObject({ status: "done", rows_total: ROWS - 2, rows_failed: 0 });
  await idle(window);
  const after = await rows();
  expect(after[EDITED - 1]).toEqual(before[EDITED - 1]);
  expect(after[APPROVED - 1]).toEqual(before[APPROVED - 1]);
  for (const row of [EDITED, APPROVED]) {
    const history = await historyOf(home.folder, SHEET, row, COLUMN);
    expect(history.filter((entry) => entry.run === run.id)).toEqual([]);
  }
  await window.grid.focus();
  await window.press("Control", "z");
  await window.sees(/Taken back: /);
  await expect.poll(rows, { timeout: 20_000 }).toEqual(before);
  await window.picture("undone");
});

test("rows are sorted by the column and filtered to one label", async () => {
  const all = await labels();
  await window.grid.openHeaderMenu(COLUMN);
  await (await window.byRole("menuitem", /^Sort ascending/)).click();
  const sorted = all.map(String).sort();
  for (const row of [1, 2, 10]) await window.grid.expectText(row, column, sorted[row - 1] ?? "");
  await window.grid.click(1, column);
  await window.press("Shift", "F10");
  await (await window.byRole("menuitem", /^Filter by this value/)).click();
  const count = sorted.filter((label) => label === sorted[0]).length;
  await window.sees(`${count} of ${ROWS} rows`);
  await window.grid.expectRowCount(count);
  await window.picture("filtered");
});

test("the sheet is exported as Parquet and another program reads the same", async () => {
  const path = join(home.folder, "out.parquet");
  await home.answerDialog(path);
  await window.click("sheet-export");
  await window.choose("export-format", "Parquet");
  await window.option("export-rows", "Whole sheet");
  await window.picture("export");
  await window.click("export-run");
  await window.sees(`${ROWS} rows written to out.parquet`);
  expect(await rowsOfFile(path)).toEqual(await rows());
});
