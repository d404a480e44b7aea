import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { writeCheckpoint } from "./checkpoint";
import { rowsOf } from "./command-line";
import { type HubServer, startHubServer } from "./hub-server";
import { writeReviews } from "./reviews";
import { endOfRun, idle, importByButton, RUN_MS } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

/** The default of the recommended models for MLX. */
const REPOSITORY = "mlx-community/Qwen3-1.7B-4bit";
const SHEET = "reviews";
const COLUMN = "echo";
const ROWS = 40;

let home: Home;
let hub: HubServer;
let window: AppWindow;

beforeAll(async () => {
  const program = process.env.BRAINCELLS_ENGINE_PROCESS ?? "";
  if (!program) throw new Error("BRAINCELLS_ENGINE_PROCESS names no program");
  home = await makeHome(false);
  hub = await startHubServer([], async (folder) => {
    await writeCheckpoint(join(folder, REPOSITORY));
    const facts = { downloads: 5, licence: "apache-2.0", library: "mlx" };
    await writeFile(join(folder, `${REPOSITORY}.json`), JSON.stringify(facts));
  });
  const helper = join(home.folder, "braincells-mlx");
  await writeFile(helper, `#!/bin/sh\nexec '${program}' serve-mlx\n`);
  await chmod(helper, 0o755);
  window = await openWindow(home, {
    environment: { HF_ENDPOINT: hub.endpoint, BRAINCELLS_MLX_HELPER: helper },
  });
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await hub?.close();
  await home?.close();
});

const folder = (): string => join(home.folder, "models", REPOSITORY.replace("/", "--"));

/** Where the model stands, in the words of the window. */
const status = (): Promise<string> =>
  window.browser.execute(
    (id) =>
      document.querySelector(`[data-mlx="${id}"] [data-testid=mlx-status]`)?.textContent?.trim() ??
      "",
    REPOSITORY.replace("/", "--"),
  );

/** Presses a button in the line of the model. */
async function press(button: string): Promise<void> {
  const found = await window.browser.$(
    `[data-mlx="${REPOSITORY.replace("/", "--")}"] [data-testid=${button}]`,
  );
  await found.waitForDisplayed();
  await found.click();
}

test("a model for MLX is downloaded with its progress, and is there", async () => {
  await window.click("shell-models", "models-tab-get");
  await window.byId("mlx-models");
  expect(await status()).toBe("Not downloaded");
  await hub.faults({ bytes_per_second: 2_000_000 });
  await press("mlx-download");
  await expect.poll(status, { timeout: 10_000 }).toMatch(/^Downloading [1-9]\d*%$/);
  await window.picture("mlx downloading");
  expect(existsSync(join(folder(), "config.json"))).toBe(false);
  await hub.faults({ bytes_per_second: null });
  await expect.poll(status, { timeout: 20_000 }).toBe("Downloaded");
  expect(existsSync(join(folder(), "config.json"))).toBe(true);
  await window.expectAccessible("the models for MLX");
});

test("a column is filled by “Local (MLX)”", { timeout: RUN_MS }, async () => {
  await window.click("shell-home");
  await importByButton(window, home, await writeReviews(home.folder, SHEET, ROWS));
  await window.click("sheet-add-column");
  await (await window.byRole("menuitem", /^AI column/)).click();
  await window.fill("inspector-new-name", COLUMN);
  await window.fill("inspector-prompt", "{{text}}");
  await (await window.byRole("tab", /^Model/)).click();
  await window.fill("inspector-model", "Local (MLX)");
  await window.byRole("option", /^Local \(MLX\)/);
  await window.press("Enter");
  await window.picture("mlx column");
  await window.click("inspector-add-and-run");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_done: ROWS, rows_failed: 0 });
  for (const row of await rowsOf(home.folder, SHEET)) expect(row[COLUMN]).toBe(row.text);
  await idle(window);
  await window.click("shell-models", "models-tab-get");
  await expect.poll(status).toBe("Ready, in memory");
});

test("without the model cells keep their values, and it is said", async () => {
  await press("mlx-delete");
  await window.byId("mlx-delete-dialog");
  await window.picture("mlx delete");
  await window.click("confirm-ok");
  await expect.poll(status).toBe("Not downloaded");
  expect(existsSync(folder())).toBe(false);
  await window.click("shell-home");
  await window.grid.enter(SHEET);
  await window.grid.openColumn(COLUMN);
  await window.choose("inspector-scope", "All again");
  await window.click("inspector-run");
  await window.sees("keep their values");
  await window.picture("mlx missing");
  for (const row of await rowsOf(home.folder, SHEET)) expect(row[COLUMN]).toBe(row.text);
  await window.click("shell-models", "models-tab-get");
  expect(await status()).toBe("Not downloaded");
});
