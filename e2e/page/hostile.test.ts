import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GridOf } from "./grid";
import { type Page, startPage } from "./page";

let page: Page;
let grid: GridOf;
beforeAll(async () => {
  page = await startPage();
  grid = new GridOf(page);
});
afterEach(expectHarmless);
afterAll(() => page.close());

const ROWS = 23;

/** Nothing ran, nothing was asked for, and no dialog of the browser opened. */
async function expectHarmless(): Promise<void> {
  const found = await page.browser.execute(() => ({
    ran: (window as unknown as { __pwned?: string }).__pwned ?? "nothing",
    isPolluted: "polluted" in {},
    elsewhere: performance
      .getEntriesByType("resource")
      .map((entry) => entry.name)
      .filter((name) => !name.startsWith(location.origin) && !name.startsWith("data:")),
    scripts: document.querySelectorAll("script:not([src])").length,
  }));
  expect(found).toEqual({ ran: "nothing", isPolluted: false, elsewhere: [], scripts: 0 });
  await page.expectNoTroubles();
  const own = /^GET 127\.0\.0\.1:\d+\/(\?|assets\/|favicon\.ico|forget|$)/;
  expect(page.requests.filter((request) => !own.test(request))).toEqual([]);
}

test("cells and names of columns are only ever text", async () => {
  await grid.open("hostile", "");
  await grid.expectText(1, 1, '<script>window.__pwned = "script"</script>');
  const tags = await page.browser.execute(
    () =>
      document.querySelectorAll("[role=grid] :is(script, iframe, img, object, embed, a)").length,
  );
  expect(tags).toBe(0);
  await page.option("sheet-row-height", "High");
  await grid.press("Control+End", "Control+Home");
});

test("every hostile cell can be opened in every view", async () => {
  await grid.open("hostile", "");
  await grid.press("Space");
  await page.byId("cell-panel");
  for (let row = 1; row <= ROWS; row += 1) {
    await page.sees(`Row ${row}`);
    const views = await page.browser.execute(() => {
      const select = document.querySelector<HTMLSelectElement>("[data-testid=cell-view]");
      return select ? [...select.options].map((option) => option.label) : [];
    });
    for (const view of views) {
      await page.choose("cell-view", view);
      await page.frame();
    }
    const frames = await page.browser.execute(() =>
      [...document.querySelectorAll("iframe")].map((frame) => frame.getAttribute("sandbox")),
    );
    expect(frames.filter((sandbox) => sandbox !== "")).toEqual([]);
    await expectHarmless();
    if (row < ROWS) await page.click("cell-next");
  }
});

test("a 5 MB cell opens in pieces and does not stop the grid", async () => {
  await grid.open("hostile", "");
  await grid.press("Control+End", "Home", "Space");
  await page.byId("cell-panel");
  await page.byId("cell-show-more");
  const length = await page.browser.execute(
    () => document.querySelector("[data-testid=cell-panel]")?.textContent?.length ?? 0,
  );
  expect(length).toBeLessThan(1_000_000);
});

test("hostile names pass through dialogs, menus and filters", async () => {
  await grid.open("hostile", "");
  await page.click("sheet-export");
  await page.byId("export-dialog");
  await page.press("Escape");
  await page.click("sheet-filter");
  await page.byId("sheet-condition");
  await page.press("Escape");
  await grid.focus();
  await grid.press("Control+f");
  await page.fill("find-text", "<script>");
  await page.sees(/found|of \d+/);
  await page.press("Escape");
  await page.press("Control", "k");
  await page.byId("shell-palette-input");
  await page.press("Escape");
  await page.click("shell-home");
  await page.byId("home-sheet");
});

test("pasted markup becomes text", async () => {
  await grid.open("example", "Example");
  const markup = '<table><tr><td><img src=x onerror="window.__pwned=1">a</td></tr></table>';
  await grid.paste("a", markup);
  await grid.expectText(1, 1, "a");
});
