import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
beforeEach(() => page.open("empty"));
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

async function choose(...names: string[]): Promise<void> {
  await page.backend((backend, ...files) => backend.pick(...files), ...names);
  await page.click("home-import");
  await page.byId("import-dialog");
}

async function shownNames(): Promise<string[]> {
  return page.browser.execute(() =>
    [...document.querySelectorAll("[data-testid=import-preview] th")].map((each) =>
      (each.textContent ?? "").trim(),
    ),
  );
}

test("the preview follows the options", async () => {
  await choose("prices.csv");
  await page.sees("Monstera");
  expect((await shownNames()).join()).toContain("Artikel");
  await page.choose("import-delimiter", "Tab");
  await page.browser.waitUntil(async () => (await shownNames()).join().includes("Artikel;Preis"));
});

test("a file that cannot be read says why, and can be left", async () => {
  await choose("broken.csv");
  await page.byId("import-refusal");
  await page.sees(/line 3 has 2 values/i);
  await page.click("import-cancel");
  await page.byId("home-welcome");
});

test("a long import can be stopped and leaves nothing", async () => {
  await choose("big.csv");
  await page.byId("import-preview");
  await page.backend((backend) => backend.importPieceMs(3_600_000));
  await page.click("import-run");
  await page.byId("import-progress");
  await page.click("import-stop");
  await page.byId("import-run");
  await page.click("import-cancel");
  await page.byId("home-welcome");
});

test("several files come one after another", async () => {
  await choose("people.tsv", "orders.jsonl");
  await page.sees("Ada Lovelace");
  await page.click("import-run");
  await page.sees("customer");
  await page.click("import-run");
  await page.sees("2 sheets imported");
  expect(await page.backend((backend) => backend.calls().importFile)).toBe(2);
});

test("a dropped file opens the dialog", async () => {
  const drop = { ask: "drag", paths: ["/home/you/Downloads/people.tsv"], over: false };
  await page.backend((backend, ask) => backend.ask(JSON.parse(ask)), JSON.stringify(drop));
  await page.byId("import-dialog");
  await page.sees("Emmy Noether");
});
