import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Page, startPage } from "./page";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
beforeEach(async () => {
  await page.open("example");
  await page.click("shell-settings");
  await page.byId("settings-screen");
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

const kept = (): Promise<Record<string, unknown>> =>
  page.browser.execute(() =>
    JSON.parse(sessionStorage.getItem("braincells.fake.settings") ?? "{}"),
  );

test("the theme applies at once and is kept", async () => {
  const theme = () => page.browser.execute(() => document.documentElement.dataset.theme);
  await page.option("settings-theme", "Dark");
  // It says so for a few seconds only.
  await Promise.all([page.sees("Applied"), expect.poll(theme).toBe("dark")]);
  expect((await kept()).theme).toBe("dark");
  await page.option("settings-theme", "Light");
  await expect.poll(theme).toBe("light");
});

test("options of the engine and the model for new columns are kept", async () => {
  await page.click("settings-section-models");
  await page.fill("settings-threads", "4");
  await page.press("Enter");
  await expect.poll(async () => (await kept()).engine).toMatchObject({ threads: 4 });
  await page.fill("settings-model", "Qwen3-4B-Thinking");
  await page.press("Enter");
  await expect.poll(async () => (await kept()).model).toBe("Qwen3-4B-Thinking-2507-Q4_K_M.gguf");
});

test("local only, kept answers and the report of the machine", async () => {
  await page.click("settings-section-privacy");
  await (await page.byRole("checkbox", /Local only/)).click();
  await expect.poll(async () => (await kept()).local_only).toBe(true);
  await page.click("settings-section-diagnostics");
  await page.byId("settings-doctor");
  await page.click("settings-doctor-copy");
  await expect.poll(() => page.backend((backend) => backend.clipboard())).toContain("v1.5.0");
  await page.click("settings-section-about");
  await page.fill("settings-licence-search", "duck");
  await page.sees("duckdb");
});

test("Escape goes back to where one came from", async () => {
  await page.press("Escape");
  await page.byId("home-sheet");
});
