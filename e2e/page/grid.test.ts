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

test("keys reach every corner of a million rows", async () => {
  await grid.open("million", "Sensor");
  await grid.press("ArrowDown", "ArrowRight");
  await grid.expectActive(2, 2);
  await grid.press("Control+End");
  await grid.expectActive(1_000_000, 20);
  await grid.press("Home");
  await grid.expectActive(1_000_000, 1);
  await grid.expectText(1_000_000, 1, "1000000");
  await grid.press("ArrowUp", "PageUp");
  const high = (await grid.active())?.position ?? 0;
  expect(high).toBeLessThan(999_999);
  expect(high).toBeGreaterThan(999_900);
  await grid.press("Control+Home");
  await grid.expectActive(1, 1);
  await grid.press("PageDown");
  await expect.poll(async () => (await grid.active())?.position).toBeGreaterThan(10);
  await grid.press("Control+ArrowDown");
  await grid.expectActive(1_000_000, 1);
  await grid.expectText(1_000_000, 1, "1000000");
});

test("Shift extends the selection and the status bar counts it", async () => {
  await grid.open("million", "Sensor");
  await grid.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight");
  await expect.poll(() => grid.selectedCells()).toBe(6);
  await page.sees("6 cells selected");
  await grid.press("Control+a");
  await page.sees("20,000,000 cells selected");
});

test("a cell is edited, left, cleared and brought back", async () => {
  await grid.open("example", "Example");
  const column = await grid.column("language");
  await grid.press("ArrowRight", "ArrowRight");
  await grid.expectActive(1, column);
  await grid.press("F2");
  await page.byId("grid-editor");
  await page.type("xyz");
  await grid.press("Escape");
  await grid.expectText(1, column, "en");
  await page.type("sv");
  await grid.press("Enter");
  await grid.expectText(1, column, "sv");
  await grid.expectActive(2, column);
  await grid.press("ArrowUp", "Delete");
  await grid.expectText(1, column, "");
  await grid.press("Control+z");
  await grid.expectText(1, column, "sv");
  await grid.press("Control+z");
  await grid.expectText(1, column, "en");
  await grid.press("Control+y");
  await grid.expectText(1, column, "sv");
});

test("a value that does not fit is refused with a reason", async () => {
  await grid.open("example", "Example");
  const column = await grid.column("order_value");
  await grid.press("End");
  for (let at = (await grid.active())?.column ?? 0; at > column; at -= 1) {
    await grid.press("ArrowLeft");
  }
  await grid.expectActive(1, column);
  await page.type("many");
  await grid.press("Enter");
  await page.sees(/does not fit/);
  expect(await page.backend((backend) => backend.calls().editCells)).toBe(1);
});

test("cells are copied and pasted, and what overflows is asked about", async () => {
  await grid.open("example", "Example");
  const column = await grid.column("language");
  await grid.press("ArrowRight", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowRight", "Control+c");
  await expect
    .poll(() => page.backend((backend) => backend.clipboard()))
    .toBe("en\temail\nen\tchat");
  await grid.press("Escape", "Control+Home", "ArrowRight", "ArrowRight");
  await grid.paste('fi\tphone\nno\t"a ""quoted"", word"');
  await grid.expectText(1, column, "fi");
  await grid.expectText(2, column + 1, 'a "quoted", word');
  await grid.press("Control+z");
  await grid.expectText(1, column, "en");
  await grid.press("Control+End", "Home", "ArrowRight", "ArrowRight");
  await grid.expectActive(70, column);
  await grid.paste("a\nb\nc");
  await page.click("paste-confirm");
  await grid.expectRowCount(72);
  await grid.press("Control+z");
  await grid.expectRowCount(70);
});

test("there is one tab stop, and what is selected is said", async () => {
  await grid.open("example", "Example");
  const stops = await page.browser.execute(
    () => document.querySelectorAll("[role=grid] [tabindex='0']").length,
  );
  expect(stops).toBe(1);
  const names = await page.browser.execute(() => {
    const table = document.querySelector("[role=grid]");
    const said = ["aria-rowcount", "aria-colcount", "aria-multiselectable", "aria-label"];
    return said.map((name) => table?.getAttribute(name) ?? "");
  });
  expect(names.slice(0, 3)).toEqual(["71", "10", "true"]);
  expect(names[3]).not.toBe("");
});

test("a sheet that another process has cannot be changed", async () => {
  await grid.open("readonly", "Example");
  await page.byId("sheet-read-only");
  await page.type("x");
  await grid.press("Delete");
  await grid.expectText(1, 1, "T001");
  expect((await page.backend((backend) => backend.calls())).editCells).toBe(undefined);
});
