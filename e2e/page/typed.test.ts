import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GridOf } from "./grid";
import { type Page, startPage } from "./page";

let page: Page;
let grid: GridOf;
beforeAll(async () => {
  page = await startPage();
  grid = new GridOf(page);
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

const calls = (command: string): Promise<number> =>
  page.backend((backend, name) => backend.calls()[name ?? ""] ?? 0, command);

/** Opens the sheet that has a column of every output type, and the inspector of one. */
async function inspect(column: string): Promise<void> {
  await grid.open("typed", "Letters");
  await grid.openColumn(column);
  await page.byId("inspector");
}

/** The test id of what has the focus. */
const focused = (): Promise<string | null> =>
  page.browser.execute(() => document.activeElement?.getAttribute("data-testid") ?? null);

/** How many labels the cells on screen show in a colour. */
const colouredLabels = (): Promise<number> =>
  page.browser.execute(
    () => document.querySelectorAll(".grid-cell.is-label, .grid-label[class*=label-]").length,
  );

test("labels are chips in their colours, one or several in a cell", async () => {
  await grid.open("typed", "Letters");
  await expect.poll(colouredLabels).toBeGreaterThan(10);
  const several = await page.browser.execute(() =>
    [...document.querySelectorAll(".grid-cell.is-labels")].map((cell) => ({
      label: cell.getAttribute("aria-label"),
      chips: [...cell.querySelectorAll(".grid-label:not([hidden])")].map((one) => one.textContent),
    })),
  );
  expect(several.length).toBeGreaterThan(3);
  for (const { label, chips } of several) expect(label).toContain(chips.join(", "));
});

test("a column of labels is made one of several labels, and a number gets limits", async () => {
  await inspect("mood");
  await page.click("inspector-multi-label");
  await page.sees("Any number of the labels below");
  await page.choose("inspector-output", "Number");
  await page.gone("inspector-labels");
  await page.choose("inspector-output", "Label");
  await page.sees("Any number of the labels below");
  await page.choose("inspector-output", "Number");
  await page.click("inspector-number-integer");
  await page.fill("inspector-number-min", "5");
  await page.press("Tab");
  await page.fill("inspector-number-max", "1");
  await page.press("Tab");
  await page.sees("The least is above the greatest");
  await page.click("inspector-save");
  await page.byId("inspector-problem");
  expect(await calls("setRecipe")).toBe(0);
  await page.fill("inspector-number-max", "9");
  await page.press("Tab");
  await page.click("inspector-save");
  await page.browser.waitUntil(async () => (await calls("setRecipe")) === 1);
});

test("a schema is built of fields, inside of fields, and read back from its text", async () => {
  await inspect("details");
  await page.byId("inspector-field-name-1");
  await page.click("inspector-add-field-8");
  await page.fill("inspector-field-name-8-3", "street");
  await page.press("Tab");
  await page.option("inspector-schema-view", "JSON Schema");
  const raw = await page.byId("inspector-schema-raw");
  const schema = JSON.parse(await raw.getValue());
  expect(Object.keys(schema.properties.customer.properties)).toEqual(["name", "city", "street"]);
  expect(schema.properties.wishes).toEqual({ type: "array", items: { type: "string" } });
  expect(schema.properties.tone.enum).toEqual(["angry", "calm", "happy"]);
});

test("a schema that is not JSON says where, one that is more than fields says why", async () => {
  await inspect("details");
  await page.option("inspector-schema-view", "JSON Schema");
  await page.fill("inspector-schema-raw", '{\n  "type": "object"\n  "properties": {}\n}');
  await page.sees("Line 3, column 3");
  await page.click("inspector-schema-go-to");
  const at = await page.browser.execute(
    () => (document.activeElement as HTMLTextAreaElement).selectionStart,
  );
  expect(at).toBe('{\n  "type": "object"\n  '.length);
  const limited = '{"type":"object","properties":{"a":{"type":"string","minLength":2}}}';
  await page.fill("inspector-schema-raw", limited);
  await page.sees("no word for “minLength” of “a”");
});

test("a calibration is changed without asking the model, and told in figures", async () => {
  await inspect("mood");
  await page.click("inspector-label-figures");
  await page.byId("inspector-label-table");
  await page.sees("Is it right as often as it is sure?");
  await page.option("inspector-calibration", "Off");
  await page.click("inspector-save");
  await page.byId("inspector-recalibrated");
  expect(await calls("recalibrate")).toBe(1);
  expect(await calls("setRecipe")).toBe(0);
  expect(await calls("generateBatch")).toBe(0);
  await page.sees("No calibration is in use");
  // What a step did is no longer said once it is taken back.
  await grid.focus();
  await grid.press("Control+z");
  await page.gone("inspector-recalibrated");
});

test("a calibration that nothing can be computed with is saved for the next run", async () => {
  await inspect("mood");
  await page.backend((backend) =>
    backend.fail("recalibrate", "bad_input", "no scores of its labels are kept"),
  );
  await page.option("inspector-calibration", "Off");
  await page.click("inspector-save");
  await page.sees("Saved for the next run. The cells stay as they are");
  expect(await calls("setRecipe")).toBe(1);
});

test("a cell shows what the model thought of each label, and is edited by choosing", async () => {
  await grid.open("typed", "Letters");
  await grid.press("ArrowRight", "Space");
  await page.byId("cell-labels");
  await page.sees("As the model says");
  const column = await grid.column("mood");
  const other = (await grid.text(1, column)) === "negative" ? "positive" : "negative";
  await page.click("cell-edit");
  await (await page.byRole("radio", other)).click();
  await page.click("cell-edit-save");
  await grid.expectText(1, column, other);
});

test("a column is filtered to what the model was not sure of", async () => {
  await grid.open("typed", "Letters");
  await grid.openHeaderMenu("topics");
  await page.click("menu-filter-unsure");
  await page.sees(/topics.*confidence up to 70%/s);
});

test("a JSON column is split into typed columns, and that is taken back", async () => {
  await grid.open("typed", "Letters");
  await grid.openHeaderMenu("details");
  await page.click("menu-split");
  await page.byId("column-split-1");
  await page.click("column-split-2");
  await page.fill("column-split-name-1", "letter");
  await page.sees("Another column has this name");
  await page.fill("column-split-name-1", "item");
  await page.click("column-split");
  await page.sees("Made 7 columns");
  expect(await calls("splitJsonColumn")).toBe(1);
  expect(await grid.column("item")).toBeGreaterThan(0);
  expect(await page.textOf("toast-action")).toBe("Undo");
  await page.click("toast-action");
  await page.sees("Taken back");
});

test("a model is tuned, which can be stopped, and the copy is chosen", async () => {
  await page.open("example");
  await page.click("shell-settings", "settings-section-models", "settings-tune");
  await page.backend((backend) => {
    backend.fail("tuneModel", "engine_failed", "the program that measures ended");
    backend.tuneStageMs(3_600_000);
  });
  await page.click("tune-measure");
  await page.byId("tune-failed");
  await page.click("tune-measure");
  await page.byId("tune-progress");
  // Who pressed a button that went can go on by the keyboard.
  await expect.poll(focused).toBe("tune-stop");
  await page.click("tune-stop");
  await page.byId("tune-keep");
  await page.gone("tune-progress");
  await page.backend((backend) => backend.tuneStageMs(0));
  await page.click("tune-keep");
  await page.byId("tune-result");
  await page.sees("The fastest that is faithful");
  await page.click("tune-use");
  await page.gone("tune-dialog");
  await page.sees("tuned-Q8_0.gguf");
  expect(await calls("configureBackend")).toBe(1);
});

test("a process that ended and was started again is told once, with a count", async () => {
  await grid.open("typed", "Letters");
  for (let at = 0; at < 3; at += 1) {
    await page.backend((backend) => backend.restart("small.gguf", "it was ended by signal 9"));
  }
  await page.sees("small stopped and was started again 3 times");
});
