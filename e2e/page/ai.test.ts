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

test("an AI column is made, tried, added, run, paused and gone on with", async () => {
  await grid.open("example", "Example", { rate: "8" });
  await page.click("sheet-add-column");
  await (await page.byRole("menuitem", /^AI column/)).click();
  await page.fill("inspector-new-name", "tone");
  await page.fill("inspector-prompt", "What is the tone of {{message}}?");
  await page.click("inspector-preview-start");
  await page.byId("inspector-preview-row");
  expect(await calls("previewRecipe")).toBe(1);
  // Slow from here on: the run must not end by itself before it is stopped.
  await page.backend((backend) => backend.rowsPerSecond(1));
  await page.click("inspector-add-and-run");
  await page.byId("inspector-live-run");
  expect(await calls("addAiColumn")).toBe(1);
  await page.byId("run-strip-rows");
  await page.click("inspector-pause");
  await page.byId("inspector-stopped-run");
  await page.click("inspector-resume");
  await page.byId("inspector-live-run");
  await page.click("inspector-stop");
  await page.browser.waitUntil(async () => (await calls("cancelRun")) === 1);
});

test("a prompt that names no column that there is says so before it is sent", async () => {
  await grid.open("example", "Example");
  await page.click("sheet-add-column");
  await (await page.byRole("menuitem", /^AI column/)).click();
  await page.fill("inspector-prompt", "Look at {{mesage}}");
  await page.byId("inspector-use-suggestion");
  await page.click("inspector-add");
  await page.byId("inspector-problem");
  expect(await calls("addAiColumn")).toBe(0);
  await page.click("inspector-use-suggestion");
  await page.click("inspector-add");
  await page.browser.waitUntil(async () => (await calls("addAiColumn")) === 1);
});

test("a run streams into the grid, and what failed is asked again", async () => {
  await grid.open("example", "Example", { rate: "60" });
  await grid.openColumn("summary");
  await page.byId("inspector");
  await page.click("inspector-run");
  const column = await grid.column("summary");
  await grid.expectText(1, column, /^In short: /);
  await page.sees(/\d+ failed/);
  await page.browser.waitUntil(
    async () => (await page.backend((backend) => backend.calls().lookAt ?? 0)) > 0,
  );
  await page.byId("run-strip-idle");
  await page.choose("inspector-scope", "Failed cells");
  await page.click("inspector-run");
  await page.browser.waitUntil(async () => (await calls("generateBatch")) === 2);
  await page.byId("run-strip-idle");
});

test("all columns are filled from the hint, each behind those that it reads", async () => {
  await grid.open("example", "Example", { rate: "200" });
  await page.click("sheet-fill");
  expect(await calls("generateColumns")).toBe(1);
  const column = await grid.column("sentiment");
  await grid.expectText(2, column, "positive");
  await page.byId("run-strip-idle");
});

test("a cell is looked at, edited, approved, and its history gone back to", async () => {
  await grid.open("example", "reviews");
  const column = await grid.column("sentiment");
  await grid.press("End", "ArrowLeft");
  await grid.expectActive(1, column);
  await grid.press("Space");
  await page.byId("cell-panel");
  await page.click("cell-edit");
  await (await page.byRole("radio", "positive")).click();
  await page.click("cell-edit-save");
  await grid.expectText(1, column, "positive");
  await (await page.byRole("tab", /^History/)).click();
  await page.byId("cell-history-entry");
  await page.click("cell-go-back");
  await page.browser.waitUntil(async () => (await calls("restoreCell")) === 1);
  await (await page.byRole("tab", /^Prompt/)).click();
  await page.sees("Is this review positive");
  await (await page.byRole("tab", /^Value/)).click();
  await page.click("cell-approve");
  await page.browser.waitUntil(async () => (await calls("validateCells")) === 1);
  await page.click("cell-close");
});

test("approving by keys and generating a selection", async () => {
  await grid.open("example", "reviews", { rate: "60" });
  const column = await grid.column("sentiment");
  await grid.press("End", "ArrowLeft", "Control+Shift+U");
  await page.browser.waitUntil(async () => (await calls("validateCells")) === 1);
  await grid.press("Control+ArrowDown");
  await expect.poll(async () => (await grid.active())?.position).toBeGreaterThan(2);
  await grid.press("ArrowUp", "ArrowUp", "Shift+ArrowDown", "Control+Enter");
  await page.browser.waitUntil(async () => (await calls("generateBatch")) === 1);
  expect(await grid.column("sentiment")).toBe(column);
  await page.byId("run-strip-idle");
});

test("without a model the reason and the way out are shown", async () => {
  await grid.open("nomodel", "Example");
  await page.click("sheet-fill");
  await page.sees(/model/i);
  await page.byId("toast-error");
});

test("a recipe goes out to a file", async () => {
  await grid.open("example", "Example");
  await page.click("sheet-recipe");
  await page.byId("recipe-dialog");
  await page.backend((backend) => backend.save("/home/you/mine.yml"));
  await page.click("recipe-save");
  await page.browser.waitUntil(() =>
    page.backend((backend) => "/home/you/mine.yml" in backend.written()),
  );
  expect(await calls("exportRecipe")).toBe(1);
  const yaml = await page.backend((backend) => backend.written()["/home/you/mine.yml"] ?? "");
  expect(yaml).toContain("sentiment:");
});

async function openModelTab(column: string): Promise<void> {
  await grid.openColumn(column);
  await page.byId("inspector");
  await (await page.byRole("tab", /^Model/)).click();
  await page.byId("inspector-model");
}

const shownModel = async () => (await page.byId("inspector-model")).getValue();

test("a search and Enter take a model that is listed, and no dollars limit one on this computer", async () => {
  await grid.open("cloud", "reviews");
  await openModelTab("topic");
  await page.click("inspector-model");
  await page.fill("inspector-model", "openrouter:gpt-4o");
  await page.sees("openai/gpt-4o-mini");
  await page.sees("Use openrouter:gpt-4o");
  await page.press("Enter");
  await expect.poll(shownModel).toBe("openrouter:openai/gpt-4o-mini");
  await page.byId("inspector-cap-usd");
  await page.fill("inspector-model", "ollama:llama3.2");
  await page.sees("Use ollama:llama3.2");
  await page.press("Enter");
  await expect.poll(shownModel).toBe("ollama:llama3.2:1b");
  await page.gone("inspector-cap-usd");
  await page.byId("inspector-cap-tokens");
});

test("backends that cannot be read are said, and asked for once more", async () => {
  await grid.open("cloud", "reviews");
  await grid.openColumn("topic");
  await page.byId("inspector-cap-usd");
  await expect.poll(() => calls("backendModels")).toBeGreaterThan(0);
  await page.backend((backend) => backend.fail("backends", "storage", "the keyring is busy"));
  await (await page.byRole("tab", /^Model/)).click();
  await page.byId("model-backends-failed");
  await page.sees("The keyring is busy");
  expect(await page.isShown("model-remote")).toBe(false);
  await page.click("model-backends-again");
  await page.byId("model-remote");
  await page.gone("model-backends-failed");
});

test("a run at its limit is led to a higher one, from the list of runs as well", async () => {
  await grid.open("cloud", "reviews", { rate: "30" });
  await grid.openColumn("topic");
  await page.fill("inspector-cap-tokens", "2000");
  await page.press("Tab");
  await page.click("inspector-run");
  await page.byId("inspector-limit-reached");
  await page.fill("inspector-raise-tokens", "");
  await page.press("Tab");
  const field = await page.byId("inspector-raise-tokens");
  expect(await field.getAttribute("placeholder")).toBe("4000");
  await (await page.byRole("tab", /^Runs/)).click();
  await page.sees(/cost (\$0\.\d+|<\$0\.001)/);
  expect(await page.isShown("inspector-runs-resume")).toBe(false);
  await page.click("inspector-runs-raise");
  await expect
    .poll(() => page.browser.execute(() => document.activeElement?.getAttribute("data-testid")))
    .toBe("inspector-raise-tokens");
  await page.click("run-strip-more", "run-raise-limit");
  await page.byId("inspector-limit-reached");
  expect(await calls("resumeRun")).toBe(0);
});
