import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

/** How many rows of the current run have ended, as the strip says. */
const rowsEnded = async (): Promise<number> =>
  Number.parseInt((await page.textOf("run-strip-rows")) ?? "", 10);

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
  await page.open("interrupted", { rate: "2" });
  await page.byId("resume-offer");
  await page.click("run-resume");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().resumeRun ?? 0) === 1),
  );
  await page.byId("run-strip-rows");
  await expect.poll(rowsEnded).toBeGreaterThan(40);
});

test("the buttons of the strip stand still while a run loads, is measured and runs", async () => {
  await page.open("running");
  await page.byId("run-stop");
  // Marked, because a button that was made anew in the same place loses clicks as well.
  const before = await page.browser.execute(() => {
    const stop = document.querySelector<HTMLElement>("[data-testid=run-stop]");
    if (stop) stop.dataset.marked = "";
    return stop?.getBoundingClientRect().x;
  });
  await expect.poll(rowsEnded).toBeGreaterThan(0);
  await page.byId("run-strip-left");
  const after = await page.browser.execute(
    () => document.querySelector("[data-testid=run-stop][data-marked]")?.getBoundingClientRect().x,
  );
  expect(before).toBeGreaterThan(0);
  expect(after).toBe(before);
});

test("the strip shows what runs, and pauses and stops it", async () => {
  await page.open("running");
  await page.byId("run-strip-rows");
  await page.sees("2 queued");
  await page.click("run-pause");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().pauseRun ?? 0) === 1),
  );
  // The next run is the current one now, and its buttons are on again.
  await page.sees("1 queued, 1 unfinished");
  await page.click("run-stop");
  await page.browser.waitUntil(() =>
    page.backend((backend) => (backend.calls().cancelRun ?? 0) === 1),
  );
});
