import { rename } from "node:fs/promises";
import { basename } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { rowsOf } from "./command-line";
import { writeReviews } from "./reviews";
import { COLUMN, endOfRun, importByButton, LABELS, RUN_MS, writeLabelColumn } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

const SHEET = "reviews";
const ROWS = 6;

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

const theme = (): Promise<string | undefined> =>
  window.browser.execute(() => document.documentElement.dataset.theme);

/** What a field holds, or whether a switch is on. */
const held = async (testId: string): Promise<string | boolean> => {
  const field = await window.byId(testId);
  return window.browser.execute((element) => {
    const input = element as unknown as HTMLInputElement;
    return input.type === "checkbox" ? input.checked : input.value;
  }, field);
};

test("settings hold at once and after a restart", async () => {
  await window.click("shell-settings");
  await window.option("settings-theme", "Dark");
  await expect.poll(theme).toBe("dark");
  await window.click("settings-section-models");
  await window.fill("settings-parallel-rows", "3");
  await window.press("Enter");
  await window.byId("setting-applied");
  await window.click("settings-section-privacy", "settings-local-only");
  await window.byId("setting-applied");
  await window.expectAccessible("the dark settings");
  await window.picture("settings dark");

  await window.close();
  window = await openWindow(home);
  expect(await theme()).toBe("dark");
  await window.click("shell-settings", "settings-section-models");
  expect(await held("settings-parallel-rows")).toBe("3");
  await window.click("settings-section-privacy");
  expect(await held("settings-local-only")).toBe(true);
  await window.click("shell-home");
});

test("without the model file the run says which is missing and where to go", async () => {
  await importByButton(window, home, await writeReviews(home.folder, SHEET, ROWS));
  await writeLabelColumn(window);
  await window.click("inspector-add");
  await window.byId("inspector-run");
  await rename(home.model, `${home.model}.away`);
  await window.click("inspector-run");
  await window.sees(basename(home.model));
  await window.picture("model missing");
  await (await window.byRole("button", "Choose a model")).click();
  await window.byId("inspector-panel-model");
  await window.picture("model missing tab");
  await window.click("first-model-more");
  await window.byId("models-screen");
  expect((await rowsOf(home.folder, SHEET)).every((row) => row[COLUMN] === null)).toBe(true);
});

test("the run works as soon as the file is back", { timeout: RUN_MS }, async () => {
  await rename(`${home.model}.away`, home.model);
  await window.click("models-back");
  await window.grid.openColumn(COLUMN);
  await window.choose("inspector-scope", "Cells not up to date");
  await window.click("inspector-run");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_done: ROWS, rows_failed: 0 });
  for (const row of await rowsOf(home.folder, SHEET)) expect(LABELS).toContain(row[COLUMN]);
});
