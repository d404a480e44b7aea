import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

test("closing the window while runs are alive asks first", async () => {
  await page.open("running");
  const close = () => page.backend((backend) => backend.ask({ ask: "close", live_runs: 3 }));
  await close();
  await page.click("close-stay");
  expect(await page.backend((backend) => backend.calls().closeWindow ?? 0)).toBe(0);
  await close();
  await page.click("close-pause");
  await page.browser.waitUntil(() =>
    page.backend((backend) => backend.opened().includes("closed")),
  );
});

test("a run that was interrupted is offered and goes on", async () => {
  await page.open("interrupted");
  await page.byId("resume-offer");
  await page.click("run-resume");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().resumeRun ?? 0) === 1),
  );
  await page.byId("run-strip-rows");
});

test("the strip shows what runs, and pauses and stops it", async () => {
  await page.open("running");
  await page.byId("run-strip-rows");
  await page.sees("2 queued");
  await page.click("run-pause");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().pauseRun ?? 0) === 1),
  );
  await page.click("run-stop");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().cancelRun ?? 0) === 1),
  );
});
