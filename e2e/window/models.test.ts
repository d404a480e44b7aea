import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../started";
import { type Home, makeHome } from "./app";
import { rowsOf } from "./command-line";
import { type HubServer, startHubServer } from "./hub-server";
import { writeReviews } from "./reviews";
import {
  COLUMN,
  endOfRun,
  idle,
  importByButton,
  LABELS,
  RUN_MS,
  rowsEnded,
  writeLabelColumn,
} from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

const SHEET = "reviews";
/** More than a run is through with while somebody asks whether a model can go. */
const ROWS = 2_000;
const FIRST = { repository: "tests/First-135M-GGUF", file: "First-135M-Q4_1.gguf" };
const SECOND = { repository: "tests/Second-135M-GGUF", file: "Second-135M-Q4_1.gguf" };
/** The size of the file, in bytes. */
const MODEL_BYTES = 98_362_432;
const MEGABYTE = 1_000_000;
/** How much is there when the program is killed. */
const KILLED_AT_BYTES = 36 * MEGABYTE;
/** More than comes twice of what was on its way when the program was killed. */
const LOST_BYTES = 16 * 1024 * 1024;

let home: Home;
let hub: HubServer;
let window: AppWindow;

const open = (): Promise<AppWindow> =>
  openWindow(home, { environment: { HF_ENDPOINT: hub.endpoint } });

beforeAll(async () => {
  home = await makeHome(false);
  hub = await startHubServer([FIRST, SECOND]);
  window = await open();
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await hub?.close();
  await home?.close();
});

/** Where the file of a model is once it is there. */
const placeOf = ({ repository, file }: typeof FIRST): string =>
  join(home.folder, "models", repository.replace("/", "--"), file);

/** Bytes that are on the disk, as the window says. */
async function bytesShown(): Promise<number> {
  const [, value = "0", unit = "B"] =
    /^([\d.]+) (B|kB|MB)/.exec((await window.textOf("download-figures")) ?? "") ?? [];
  return Number(value) * ({ B: 1, kB: 1e3, MB: 1e6 }[unit] ?? 1);
}

const downloadState = (): Promise<string | null> => window.textOf("download-state");

/** Waits until so much of a download is there. */
async function arrived(bytes: number): Promise<void> {
  await until(`${bytes} bytes`, async () => (await bytesShown()) >= bytes, 60_000);
}

/** Presses a button in the line of a model, without a pointer. */
async function pressIn(name: string, button: string): Promise<void> {
  await until(`${button} of ${name}`, () =>
    window.browser.execute(
      (wanted, inside) => {
        const lines = [...document.querySelectorAll("[data-testid=installed-model]")];
        const line = lines.find((each) => each.textContent?.includes(wanted));
        const found = line?.querySelector<HTMLButtonElement>(`[data-testid=${inside}]`);
        found?.click();
        return found !== undefined && found !== null;
      },
      name,
      button,
    ),
  );
}

/** Where a model stands, as its line in the list says; "" while that is nothing to tell. */
const statusOf = (name: string): Promise<string | null> =>
  window.browser.execute((wanted) => {
    const lines = [...document.querySelectorAll("[data-testid=installed-model]")];
    const line = lines.find((each) => each.querySelector("bdi")?.textContent?.includes(wanted));
    if (line === undefined) return null;
    return line.querySelector("[data-testid=model-status]")?.textContent?.trim() ?? "";
  }, name);

/** Chooses the model of the column whose panel is open, and waits until the panel has it. */
async function chooseModel(name: string): Promise<void> {
  await (await window.byRole("tab", /^Model/)).click();
  await window.fill("inspector-model", name);
  // Enter takes what is found, which the field has as its text from the first letter on.
  await window.byRole("option", new RegExp(name));
  await window.press("Enter");
  await window.byId("inspector-unsaved");
  expect(await (await window.byId("inspector-model")).getValue()).toContain(name);
}

test("without a model the way to one is shown, also while the hub is not there", async () => {
  await window.byId("home-first-model");
  await hub.online(false);
  await window.click("first-model-more");
  await window.byId("recommended");
  await window.fill("hub-search", "135M");
  await window.byId("hub-search-failed");
  await window.picture("models offline");
  await hub.online(true);
  await window.click("hub-again");
  await window.byId("hub-result");
});

test("a model is searched, and whether it fits is known before it is downloaded", async () => {
  await window.fill("hub-search", "First-135M");
  await (await window.byRole("button", FIRST.repository)).click();
  await window.byId("hub-choices");
  expect(await window.textOf("model-fit")).toBe("Fits");
  await window.click("hub-check");
  await window.byId("fit-figures");
  await window.sees("Available memory");
  await window.expectAccessible("a repository of the hub");
  await window.picture("models repository");
  const asked = (await hub.requests()).filter(({ file }) => file?.endsWith(".gguf"));
  expect(asked.length).toBeGreaterThan(0);
  for (const { sent } of asked) expect(sent).toBeLessThan(MODEL_BYTES / 2);
});

test("a connection that is cut is taken up where it ended", async () => {
  await hub.faults({
    bytes_per_second: 8 * MEGABYTE,
    cut: { after_bytes: 24 * MEGABYTE, times: 1 },
  });
  await window.click("hub-download");
  await expect.poll(downloadState, { interval: 50 }).toContain("Interrupted");
  // It is tried again in two seconds: a picture must not take longer than the rest of the file.
  await hub.faults({ bytes_per_second: 2 * MEGABYTE });
  await window.picture("models interrupted");
  await expect.poll(downloadState).toBe("Downloading");
  await arrived(28 * MEGABYTE);
  expect(existsSync(placeOf(FIRST))).toBe(false);
});

test("a download goes on when the program is killed and started again", async () => {
  await arrived(KILLED_AT_BYTES);
  const askedBefore = (await hub.requests()).length;
  await window.kill();
  // Still slow: otherwise it is there before anybody looks.
  window = await open();
  await window.click("shell-models");
  await window.byId("download");
  expect(await bytesShown()).toBeGreaterThan(KILLED_AT_BYTES - LOST_BYTES);
  await window.picture("models resumed");
  await hub.faults({ bytes_per_second: null });
  await window.sees("is on this computer");
  expect(existsSync(placeOf(FIRST))).toBe(true);
  const later = (await hub.requests())
    .slice(askedBefore)
    .filter(({ part, file }) => part === "cdn" && file !== null);
  expect(later.length).toBeGreaterThan(0);
  for (const { status } of later) expect(status).toBe(206);
  const fetched = later.reduce((all, { sent }) => all + sent, 0);
  expect(fetched).toBeLessThan(MODEL_BYTES - KILLED_AT_BYTES + LOST_BYTES);
});

test("the model fills a column", { timeout: RUN_MS }, async () => {
  await window.click("shell-home");
  await importByButton(window, home, await writeReviews(home.folder, SHEET, ROWS));
  await writeLabelColumn(window);
  // A hundred, unless told otherwise.
  await window.choose("inspector-scope", "First rows");
  await window.click("inspector-add-and-run");
  const run = await endOfRun(home, SHEET, 1);
  expect(run).toMatchObject({ status: "done", rows_failed: 0 });
  const filled = (await rowsOf(home.folder, SHEET)).filter((row) => row[COLUMN] !== null);
  for (const row of filled) expect(LABELS).toContain(row[COLUMN]);
  await window.click("shell-models");
  await expect.poll(() => statusOf("First-135M-Q4_1")).toBe("In memory");
});

test("a pasted name brings another model, and the column is switched to it", {
  timeout: RUN_MS,
}, async () => {
  await window.click("models-tab-get");
  await window.fill("hub-search", SECOND.repository);
  await window.press("Enter");
  await window.click("hub-download");
  await window.sees("Second-135M-Q4_1 is on this computer");
  await window.click("models-tab-here");
  await expect.poll(() => statusOf("Second-135M-Q4_1")).toBe("");
  await window.click("shell-home");
  await window.grid.enter(SHEET);
  await window.grid.openColumn(COLUMN);
  await chooseModel("Second-135M-Q4_1");
  await window.choose("inspector-scope", "All again");
  await window.click("inspector-run");
  await rowsEnded(window, 3);
});

test("a model that is at work is not deleted; afterwards it is", { timeout: RUN_MS }, async () => {
  await window.click("shell-models", "models-tab-here");
  await expect.poll(() => statusOf("Second-135M-Q4_1")).toBe("Working");
  await pressIn("Second-135M", "model-menu");
  await window.click("model-delete", "confirm-ok");
  await window.byId("model-refused");
  await window.picture("models busy");
  expect(existsSync(placeOf(SECOND))).toBe(true);
  await window.click("run-stop");
  await idle(window);
  await pressIn("Second-135M", "model-menu");
  await window.click("model-delete", "confirm-ok");
  await window.sees("was deleted");
  await expect.poll(() => existsSync(placeOf(SECOND))).toBe(false);
  expect(existsSync(join(home.folder, "models", "tests--Second-135M-GGUF"))).toBe(false);
  expect(existsSync(placeOf(FIRST))).toBe(true);
  await window.expectAccessible("the models");
  await window.picture("models");
});
