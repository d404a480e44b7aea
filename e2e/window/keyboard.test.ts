import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { rowsOf, rowsOfFile } from "./command-line";
import { writeReviews } from "./reviews";
import { COLUMN, endOfRun, idle, LABELS, RUN_MS } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

const SHEET = "reviews";
const ROWS = 12;
/** No part of the window is further away than so many presses of Tab. */
const MOST_TABS = 60;

let home: Home;
let window: AppWindow;

beforeAll(async () => {
  home = await makeHome();
  window = await openWindow(home);
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await home?.close();
});

/** The test id of what has the focus. */
const focused = (): Promise<string | null> =>
  window.browser.execute(() => {
    const element = document.activeElement;
    if (element?.closest("[role=grid]")) return "grid";
    return element?.closest("[data-testid]")?.getAttribute("data-testid") ?? null;
  });

/** Goes to a control with Tab, as a person without a mouse does. */
async function tabTo(testId: string): Promise<void> {
  const passed: (string | null)[] = [];
  for (let press = 0; press < MOST_TABS; press += 1) {
    const now = await focused();
    if (now === testId) return;
    passed.push(now);
    // In the grid Tab goes from cell to cell, until Escape.
    if (now === "grid") await window.press("Escape");
    await window.press("Tab");
    await window.frame();
  }
  throw new Error(`Tab does not lead to ${testId}; it went over ${passed.join(", ")}`);
}

/** Does something by its name in the command palette. */
async function command(name: string): Promise<void> {
  await window.press("Control", "k");
  await window.byId("shell-palette-input");
  await window.type(name);
  await window.press("Enter");
  await window.gone("shell-palette-dialog");
}

/** Waits until the focus is somewhere. */
async function expectFocus(testId: string): Promise<void> {
  await expect.poll(focused, { timeout: 20_000 }).toBe(testId);
}

test("a file is imported with keys alone", async () => {
  await home.answerDialog(await writeReviews(home.folder, SHEET, ROWS));
  await command("import");
  await window.byId("import-preview");
  await window.sees("The kettle.");
  await expectFocus("import-name");
  await window.press("Enter");
  await window.byId("sheet-screen");
  await expectFocus("grid");
  await window.grid.expectText(1, 1, "1");
});

test("a label column is written and run with keys alone", { timeout: RUN_MS }, async () => {
  await command("add an ai");
  await window.byId("inspector");
  await expectFocus("inspector-new-name");
  await window.type(COLUMN);
  await tabTo("inspector-prompt");
  await window.type("Is this review good? {{te");
  await window.sees("text");
  await window.press("Enter");
  await tabTo("inspector-output");
  await window.type("l");
  await tabTo("inspector-new-label");
  for (const label of LABELS) {
    await window.type(label);
    await window.press("Enter");
  }
  await window.picture("written with keys");
  await tabTo("inspector-add-and-run");
  await window.press("Enter");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_done: ROWS, rows_failed: 0 });
  await idle(window);
  for (const row of await rowsOf(home.folder, SHEET)) expect(LABELS).toContain(row[COLUMN]);
});

test("a cell is corrected, taken back and done again with keys alone", async () => {
  const column = 3;
  await tabTo("grid");
  await window.grid.press("Control+Home", "End", "ArrowDown");
  await window.grid.expectActive(2, column);
  const before = (await rowsOf(home.folder, SHEET))[1]?.[COLUMN];
  const correction = LABELS.find((label) => label !== before) ?? "";
  await window.type(correction);
  await window.press("Enter");
  await window.grid.expectText(2, column, correction);
  await window.grid.expectActive(3, column);
  await window.press("Control", "z");
  await window.grid.expectText(2, column, String(before));
  await window.press("Control", "y");
  await window.grid.expectText(2, column, correction);
  expect((await rowsOf(home.folder, SHEET))[1]?.[COLUMN]).toBe(correction);
});

test("the sheet is exported with keys alone", async () => {
  const path = join(home.folder, "keys.parquet");
  await home.answerDialog(path);
  await command("export");
  await window.byId("export-dialog");
  await expectFocus("export-format");
  await window.type("par");
  await expect
    .poll(() => window.browser.$("[data-testid=export-format]").getValue())
    .toBe("parquet");
  await tabTo("export-run");
  await window.press("Enter");
  await window.sees(`${ROWS} rows written to keys.parquet`);
  await expectFocus("grid");
  expect(await rowsOfFile(path)).toEqual(await rowsOf(home.folder, SHEET));
});
