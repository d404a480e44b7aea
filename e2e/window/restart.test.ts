import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { copyHome, historyOf, type Row, rowsOf } from "./command-line";
import { writeReviews } from "./reviews";
import { COLUMN, endOfRun, importByButton, RUN_MS, rowsEnded, writeLabelColumn } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

const SHEET = "reviews";
const ROWS = 200;
/** Rows whose whole history is read. */
const LOOKED_AT = 12;

let home: Home;
let window: AppWindow;
/** What was on disk when the program was killed. */
let kept: Row[] = [];

beforeAll(async () => {
  home = await makeHome();
  window = await openWindow(home);
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await home?.close();
});

const isFilled = (row: Row): boolean => row[COLUMN] !== null;

test("what the window showed as done is on disk when it is killed", {
  timeout: RUN_MS,
}, async () => {
  await importByButton(window, home, await writeReviews(home.folder, SHEET, ROWS));
  await writeLabelColumn(window);
  await window.click("inspector-add-and-run");
  const shown = await rowsEnded(window, 20);
  await window.kill();
  const copy = await copyHome(home.folder);
  kept = await rowsOf(copy.folder, SHEET).finally(() => copy.close());
  const filled = kept.filter(isFilled).length;
  expect(filled).toBeGreaterThanOrEqual(shown);
  expect(filled, "the run was over before the kill").toBeLessThan(ROWS);
});

test("the next start offers to go on, and nothing is lost or asked again", {
  timeout: RUN_MS,
}, async () => {
  window = await openWindow(home);
  await window.byId("resume-offer");
  await window.sees("A run did not finish");
  await window.picture("resume offer");
  await window.grid.enter(SHEET);
  expect(await window.isShown("sheet-notice")).toBe(false);
  expect(await window.isShown("sheet-read-only")).toBe(false);
  await window.click("run-resume");
  await window.gone("resume-offer");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_total: ROWS, rows_done: ROWS, rows_failed: 0 });

  const after = await rowsOf(home.folder, SHEET);
  expect(after.filter(isFilled)).toHaveLength(ROWS);
  const before = kept.flatMap((row, at) => (isFilled(row) ? [{ at, row }] : []));
  for (const { at, row } of before) expect(after[at]).toEqual(row);
  for (const { at } of before.slice(-LOOKED_AT)) {
    const answers = await historyOf(home.folder, SHEET, at + 1, COLUMN);
    expect(answers.filter(({ state }) => state === "done")).toHaveLength(1);
  }
});
