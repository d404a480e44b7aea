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

test("the window is named after the sheet that is open", async () => {
  await grid.open("example", "Example");
  await expect.poll(() => page.browser.getTitle()).toBe("Example: support tickets – Braincells");
  await page.click("shell-home");
  await expect.poll(() => page.browser.getTitle()).toBe("Braincells");
});

test("rows are filtered by what a text contains, and all come back", async () => {
  await grid.open("example", "Example");
  await page.click("sheet-filter");
  await page.byId("sheet-condition");
  await page.choose("condition-test", "contains");
  await page.fill("condition-text", "T00");
  await page.click("condition-apply");
  await grid.expectRowCount(9);
  await page.sees("9 of 70 rows");
  await page.click("sheet-filter-clear");
  await grid.expectRowCount(70);
});

test("rows are sorted from the menu of a column, with empty cells last", async () => {
  await grid.open("example", "Example");
  const column = await grid.column("order_value");
  await grid.openHeaderMenu("order_value");
  await (await page.byRole("menuitem", /^Sort descending/)).click();
  await grid.expectText(1, column, "540");
  const sort = await page.browser.execute(() =>
    document
      .querySelector('[role=columnheader][aria-sort="descending"]')
      ?.getAttribute("aria-label"),
  );
  expect(sort).toContain("order_value");
  await page.click("sheet-sort");
  await page.click("sheet-sort-clear");
  await grid.expectText(1, column, "48.9");
});

test("a million rows are filtered by the value of a cell", async () => {
  await grid.open("million", "Sensor");
  const column = await grid.column("city");
  await grid.press("ArrowRight", "Shift+F10");
  const city = await grid.text(1, column);
  await (await page.byRole("menuitem", /^Filter by this value/)).click();
  await page.sees(/[\d,]+ of 1,000,000 rows/);
  await grid.expectText(2, column, city ?? "");
});

test("text is found, counted and gone through", async () => {
  await grid.open("example", "Example");
  await grid.press("Control+f");
  await page.fill("find-text", "my ");
  await page.sees(/\d+ found|of \d+/);
  await grid.press("Enter");
  await page.sees(/\b1 of \d+/);
  const column = await grid.column("message");
  await grid.expectText(1, column, /My monstera/);
  await grid.press("F3");
  await page.sees(/2 of \d+/);
  await grid.press("Escape");
  await page.browser.waitUntil(async () => (await grid.active())?.column === column);
});

test("Enter right behind the typing goes to a match, and from there on", async () => {
  await grid.open("example", "Example");
  await grid.press("Control+f");
  await page.fill("find-text", "my ");
  await grid.press("Enter");
  for (const at of [1, 2, 3]) {
    await page.sees(new RegExp(`\\b${at} of \\d+`));
    await grid.press("F3");
  }
});

test("all matches are replaced as one step", async () => {
  await grid.open("example", "Example");
  const column = await grid.column("channel");
  await grid.press("Control+h");
  await page.fill("find-text", "email");
  await page.fill("find-replacement", "letter");
  await page.sees(/\d+ found|of \d+/);
  await page.click("find-replace-all");
  await page.byId("replace-count");
  await page.click("replace-confirm");
  await grid.expectText(1, column, "letter");
  await page.click("sheet-undo");
  await grid.expectText(1, column, "email");
});

test("columns are renamed, hidden, moved and deleted, and come back", async () => {
  await grid.open("example", "Example");
  const names = () =>
    page.browser.execute(() =>
      [...document.querySelectorAll("[role=columnheader] .grid-header-name")]
        .map((each) => ({
          place: Number(each.closest("[role=columnheader]")?.getAttribute("aria-colindex")),
          name: each.textContent ?? "",
        }))
        .sort((left, right) => left.place - right.place)
        .map((each) => each.name)
        .slice(0, 4),
    );
  await grid.openHeaderMenu("language");
  await (await page.byRole("menuitem", /^Rename/)).click();
  await page.fill("column-name", "tongue");
  await page.click("column-rename");
  await expect.poll(names).toEqual(["id", "received", "tongue", "channel"]);
  await grid.openHeaderMenu("tongue");
  await (await page.byRole("menuitem", /^Move left/)).click();
  await expect.poll(names).toEqual(["id", "tongue", "received", "channel"]);
  await grid.openHeaderMenu("received");
  await (await page.byRole("menuitem", /^Hide/)).click();
  await expect.poll(names).toEqual(["id", "tongue", "channel", "message"]);
  await grid.openHeaderMenu("channel");
  await (await page.byRole("menuitem", /^Delete column/)).click();
  await expect.poll(names).toEqual(["id", "tongue", "message", "order_value"]);
  for (let step = 0; step < 4; step += 1) await page.click("sheet-undo");
  await expect.poll(names).toEqual(["id", "received", "language", "channel"]);
});

test("rows are inserted and deleted", async () => {
  await grid.open("example", "Example");
  await grid.press("Shift+F10");
  await (await page.byRole("menuitem", /^Insert 1 row above/)).click();
  await grid.expectRowCount(71);
  await grid.expectText(2, 1, "T001");
  await grid.press("Shift+F10");
  await (await page.byRole("menuitem", /^Delete 1 row/)).click();
  await grid.expectRowCount(70);
  await grid.expectText(1, 1, "T001");
});

test("a query shows its rows and becomes a sheet", async () => {
  await grid.open("example", "Example");
  await page.click("sheet-sql");
  await page.fill("sql-query", "SELECT channel, count(*) FROM sheet GROUP BY channel");
  await page.click("sql-run");
  await page.byId("sql-result");
  await page.sees("email");
  await page.click("sql-save");
  await page.fill("sql-save-name", "channels");
  await page.click("sql-save-confirm");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().sqlToSheet ?? 0) === 1),
  );
  await page.click("sql-query");
  await page.fill("sql-query", "DROP TABLE sheet");
  await page.click("sql-run");
  await page.byId("sql-failure");
});

test("a sheet is exported to the file that was chosen", async () => {
  await grid.open("example", "Example");
  await page.click("sheet-export");
  await page.byId("export-dialog");
  await page.backend((backend) => backend.save("/home/you/out.csv"));
  await page.click("export-run");
  await page.browser.waitUntil(() =>
    page.backend((backend) => "/home/you/out.csv" in backend.written()),
  );
  const written = await page.backend((backend) => backend.written()["/home/you/out.csv"] ?? "");
  expect(written.split("\n")[0]).toBe(
    "id,received,language,channel,message,order_value,sentiment,urgency,summary",
  );
  await page.sees(/70 rows|out\.csv/);
});
