import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Home, makeHome } from "./app";
import { importFile, sheetsOf } from "./command-line";
import { writeReviews } from "./reviews";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

let home: Home;
let window: AppWindow | undefined;

beforeAll(async () => {
  home = await makeHome();
  return () => home.close();
});
beforeEach(() => {
  window = undefined;
});
afterEach(async () => {
  await window?.close();
});

const MEBIBYTE = 1024 * 1024;

test("a cold start shows the first screen", async (context) => {
  window = await openWindow(home);
  pictureIfFailed(() => window, context);
  await window.byId("home-welcome");
  await window.settle();
  const memory = (await window.memoryBytes()) / MEBIBYTE;
  console.log(`ready after ${window.readyAfterMs.toFixed(0)} ms, ${memory.toFixed(0)} MiB idle`);
  await window.picture("first start");
});

test("files on the command line come up in the import dialog", async (context) => {
  const files = [
    await writeReviews(home.folder, "first file", 3),
    await writeReviews(home.folder, "second file", 4),
  ];
  window = await openWindow(home, { args: files });
  pictureIfFailed(() => window, context);
  await window.byId("import-preview");
  expect(await window.textOf("import-place")).toBe("1 of 2");
  await window.sees("Import first file.csv");
  await window.click("import-run");
  await window.sees("Import second file.csv");
  await window.click("import-run");
  await window.gone("import-dialog");
  expect((await sheetsOf(home.folder)).sort()).toEqual(["first file", "second file"]);
});

test("a sheet that is named is what the window opens with", async (context) => {
  await importFile(home.folder, await writeReviews(home.folder, "mine", 5), "My reviews");
  window = await openWindow(home, { args: ["--sheet", "My reviews"] });
  pictureIfFailed(() => window, context);
  await window.byId("sheet-screen");
  await expect.poll(() => window?.grid.text(1, 1), { timeout: 20_000 }).toBe("1");
  await window.sees("5 rows");
});

test("a sheet that is not there is said so", async (context) => {
  window = await openWindow(home, { args: ["--sheet", "No such sheet"] });
  pictureIfFailed(() => window, context);
  await window.sees("No such sheet");
  await window.picture("no such sheet");
});
