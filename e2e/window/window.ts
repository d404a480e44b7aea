import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { SheetGrid } from "../grid";
import { type Hands, handsOf } from "../hands";
import { type Home, type RunningApp, type StartOptions, startApp } from "./app";

/** Where pictures of failures go. */
const PICTURES = process.env.BRAINCELLS_PICTURES ?? "build/window";

/** The real program in a real window, with hands to work in it. */
export interface AppWindow extends RunningApp, Hands {
  grid: SheetGrid;
  /** Keeps a picture of the window. */
  picture(name: string): Promise<void>;
}

/** Opens the window of the program over a home. */
export async function openWindow(home: Home, options: StartOptions = {}): Promise<AppWindow> {
  const app = await startApp(home, options);
  const hands = handsOf(app.browser);
  return {
    ...hands,
    ...app,
    grid: new SheetGrid(hands),
    async picture(name) {
      await mkdir(PICTURES, { recursive: true });
      // The web view of a window that stands still waits for ever for its next frame.
      await app.browser.execute(() => {
        const speck = document.createElement("div");
        speck.id = "speck";
        speck.style.cssText = "position:fixed;right:0;bottom:0;width:1px;height:1px";
        document.documentElement.append(speck);
        const colours = [{ backgroundColor: "#000" }, { backgroundColor: "#fff" }];
        speck.animate(colours, { duration: 500, iterations: Infinity });
      });
      await app.browser.saveScreenshot(join(PICTURES, `${name}.png`));
      await app.browser.execute(() => document.getElementById("speck")?.remove());
    },
  };
}

/**
 * Called before a test: keeps a picture of the window if the test fails; of the one that is open
 * then, which a test may have opened itself.
 */
export function pictureIfFailed(window: () => AppWindow | undefined, context: TestContext): void {
  context.onTestFailed(async ({ task }) => {
    // A program that is gone has no picture, and the failure itself says more.
    await window()
      ?.picture(`failed ${task.name}`)
      .catch(() => {});
  });
}
