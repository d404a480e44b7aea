import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectNotInPage } from "../traces";
import { type Home, makeHome } from "./app";
import { type ChatServer, MODEL, startChatServer } from "./chat-server";
import { rowsOf, runsOf } from "./command-line";
import { writeReviews } from "./reviews";
import { idle, importByButton, rowsEnded } from "./steps";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

/** Keys that no other text looks like. */
const KEY = "sk-canary-right-5d1b77e2";
const WRONG_KEY = "sk-canary-wrong-90ac4f18";
const SHEET = "reviews";
const ROWS = 60;
const COLUMN = "echo";

let home: Home;
let server: ChatServer;
let window: AppWindow;
let log: string;

beforeAll(async () => {
  home = await makeHome();
  log = join(home.folder, "program.log");
  server = await startChatServer(KEY, 40);
  // All that the program can say of itself, so that a key that is said would be found.
  window = await openWindow(home, { environment: { RUST_LOG: "debug" }, log });
});
beforeEach((context) => pictureIfFailed(() => window, context));
afterAll(async () => {
  await window?.close();
  await server?.close();
  await home?.close();
});

/** Enters a key in the settings of the endpoint, whose details are open. */
async function enterKey(key: string): Promise<void> {
  await window.fill("backend-loopback-key", key);
  await window.click("backend-loopback-key-send");
  await expect.poll(() => window.textOf("backend-loopback-key-state")).toBe("Key for this session");
}

/** The files below a folder that hold a text. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found: string[] = [];
  for (const entry of entries) {
    // The model is a hundred megabytes that nobody writes to.
    if (!entry.isFile() || entry.name.endsWith(".gguf")) continue;
    const path = join(entry.parentPath, entry.name);
    // A journal may go while it is looked at.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.includes(text)) found.push(path);
  }
  return found;
}

test("an endpoint is added, refuses without a key, and works with it for this session", async () => {
  await window.click("shell-settings", "settings-section-backends");
  await window.byId("backends-session-only");
  await window.click("backends-add");
  await window.choose("endpoint-preset", "Other");
  await window.fill("endpoint-id", "loopback");
  await window.fill("endpoint-address", server.baseUrl.replace(/\/v1$/, ""));
  await window.click("endpoint-add");
  await window.gone("endpoint-dialog");
  await window.click("backend-loopback-test");
  await window.byId("backend-loopback-test-failed");
  await window.click("backend-loopback-details");
  await enterKey(KEY);
  await expectNotInPage(window.browser, KEY);
  await window.click("backend-loopback-test");
  await window.byId("backend-loopback-test-result");
  await window.sees("1 model");
  await window.expectAccessible("the backends");
  await window.picture("backends");
});

test("a column of its model is filled, and its answers are written as they come", async () => {
  await window.click("shell-home");
  await importByButton(window, home, await writeReviews(home.folder, SHEET, ROWS));
  await window.click("sheet-add-column");
  await (await window.byRole("menuitem", /^AI column/)).click();
  await window.fill("inspector-new-name", COLUMN);
  await window.fill("inspector-prompt", "Say this again: {{text}}");
  await (await window.byRole("tab", /^Model/)).click();
  await window.fill("inspector-model", "loopback:test");
  await window.sees("Use loopback:test");
  await window.browser.waitUntil(() =>
    window.browser.execute(
      (name) =>
        [...document.querySelectorAll("[data-group=loopback] [role=option]")].some((option) =>
          option.textContent?.includes(name),
        ),
      MODEL,
    ),
  );
  await window.fill("inspector-model", `loopback:${MODEL}`);
  await window.press("Enter");
  const chosen = async () => (await window.byId("inspector-model")).getValue();
  await expect.poll(chosen).toBe(`loopback:${MODEL}`);
  await window.sees("What it does with the rows is up to it");
  await window.click("inspector-add-and-run");
  await window.byId("inspector-live-run");
  const column = await window.grid.column(COLUMN);
  const seen = new Set<string>();
  const finished = async () => {
    const shown = await window.grid.text(1, column);
    if (shown) seen.add(shown);
    return rowsOf(home.folder, SHEET).then((rows) => String(rows[0]?.[COLUMN] ?? ""));
  };
  await expect.poll(finished, { timeout: 60_000, interval: 50 }).not.toBe("");
  const whole = await finished();
  const parts = [...seen].filter((text) => text !== whole && whole.startsWith(text.trim()));
  expect(parts.length).toBeGreaterThan(0);
});

test("a rate limit is told calmly, and the run can be stopped", async () => {
  await server.control({ rate_per_second: 1 });
  const told = async () =>
    `${await window.textOf("run-strip-waits")} ${await window.textOf("inspector-run-flow")}`;
  await expect.poll(told, { timeout: 30_000, interval: 100 }).toMatch(/slow(ed)? down/i);
  await window.picture("slowed down");
  await expect.poll(told).toMatch(/Slowed down to \d/);
  expect(await window.isShown("toast-error")).toBe(false);
  await rowsEnded(window, 1);
  await window.click("inspector-stop");
  await idle(window);
  const [run] = await runsOf(home.folder, SHEET);
  expect(run).toMatchObject({ status: "cancelled", rows_failed: 0 });
  await server.control({ rate_per_second: null });
});

test("with a wrong key the run stops with one clear message that leads to the keys", async () => {
  await window.click("shell-settings", "settings-section-backends");
  await window.click("backend-loopback-details");
  await enterKey(WRONG_KEY);
  await window.click("settings-back");
  await window.grid.openColumn(COLUMN);
  await window.byId("inspector-run");
  await window.click("inspector-run");
  await window.byId("toast-error");
  await window.sees(/refused|not accept|incorrect/i);
  await idle(window);
  const messages = await window.browser.execute(
    () => document.querySelectorAll("[data-testid=toast-error]").length,
  );
  expect(messages).toBe(1);
  const run = (await runsOf(home.folder, SHEET)).at(-1);
  expect(run).toMatchObject({ status: "failed", rows_failed: 0 });
  await window.picture("wrong key");
  await (await window.byRole("button", "Open Backends")).click();
  await window.byId("backend-loopback");
});

test("no key is in the page, in what the window remembers, in the home folder or in the log", async () => {
  for (const key of [KEY, WRONG_KEY]) {
    await expectNotInPage(window.browser, key);
    expect(await filesWith(home.folder, key)).toEqual([]);
  }
  await window.close();
  for (const key of [KEY, WRONG_KEY]) expect(await filesWith(home.folder, key)).toEqual([]);
  // The log has what the program says of a backend at its most talkative, so that finding no key in
  // it means something.
  expect(await readFile(log, "utf8")).toMatch(/DEBUG.*braincells_workbench.*models are not listed/);
  window = await openWindow(home, { log });
  await window.click("shell-settings", "settings-section-backends");
  await window.byId("backend-loopback");
  expect(await window.textOf("backend-loopback-key-state")).toBe("No key needed");
});
