import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
beforeEach(() => page.open("example"));
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

const names = (): Promise<string[]> =>
  page.browser.execute(() =>
    [...document.querySelectorAll("[data-testid=home-sheet-open]")].map((each) =>
      (each.textContent ?? "").trim(),
    ),
  );

test("sheets are listed by their last change, found by name and sorted", async () => {
  await page.byId("home-sheet");
  expect(await names()).toEqual(["Example: support tickets", "Product reviews", "Sensor readings"]);
  await page.press("/");
  await page.type("rev");
  await page.browser.waitUntil(async () => (await names()).length === 1);
  expect(await names()).toEqual(["Product reviews"]);
  await page.fill("home-search", "");
  await page.choose("home-sort", "Size");
  await page.browser.waitUntil(async () => (await names())[0] === "Sensor readings");
});

test("a deleted sheet comes back by Undo, and from the trash", async () => {
  await (await page.byRole("button", "Product reviews")).click();
  await page.click("shell-home");
  await page.byId("home-sheet");
  await page.browser.execute(() => {
    document.querySelector<HTMLElement>("[data-testid=home-sheet-open]")?.focus();
  });
  const [first] = await names();
  await page.press("Delete");
  await page.sees("is in the trash");
  await expect.poll(names).not.toContain(first);
  await page.click("toast-action");
  await page.browser.waitUntil(async () => (await names()).includes(first ?? ""));
  await page.click("home-trash-toggle");
  await page.click("home-trashed-restore");
  await page.browser.waitUntil(async () => (await names()).includes("Shopping list"));
});

test("a sheet is renamed in its place", async () => {
  await page.byId("home-sheet");
  await page.browser.execute(() => {
    document.querySelector<HTMLElement>("[data-testid=home-sheet-open]")?.focus();
  });
  await page.press("F2");
  await page.fill("home-sheet-name", "Support");
  await page.press("Enter");
  await page.browser.waitUntil(async () => (await names())[0] === "Support");
});

test("a pasted table goes through the import dialog and becomes a sheet", async () => {
  await page.click("home-paste");
  await page.fill("paste-text", "name\tage\nAda\t36\nGrace\t85\n");
  await page.click("paste-continue");
  await page.byId("import-preview");
  await page.sees("Grace");
  await page.click("import-run");
  await page.byId("sheet-screen");
  expect(await page.backend((backend) => backend.calls().importText)).toBe(1);
});

test("a first visit begins with the example", async () => {
  await page.open("empty");
  await page.byId("home-welcome");
  await page.click("home-example");
  await page.byId("sheet-screen");
});
