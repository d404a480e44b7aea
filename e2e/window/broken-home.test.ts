import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Home, makeHome } from "./app";
import { type AppWindow, openWindow, pictureIfFailed } from "./window";

let home: Home;
let window: AppWindow | undefined;

beforeAll(async () => {
  home = await makeHome();
});
afterAll(async () => {
  await window?.close();
  await home.close();
});

test("a home that cannot be opened is said so, and opens once it is mended", async (context) => {
  const inTheWay = join(home.folder, "sheets");
  await writeFile(inTheWay, "a file where a folder must be");
  window = await openWindow(home);
  pictureIfFailed(() => window, context);
  await window.byId("shell-start-failed");
  await window.sees(inTheWay);
  await window.picture("a home that cannot be opened");
  await rm(inTheWay);
  const retry = await window.byRole("button", "Try again");
  await retry.click();
  await window.byId("home-welcome");
});
