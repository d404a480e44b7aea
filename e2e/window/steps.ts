import { expect } from "vitest";
import { until } from "../started";
import type { Home } from "./app";
import { type Run, runsOf } from "./command-line";
import type { AppWindow } from "./window";

/** The labels of the column that these specs add. */
export const LABELS = ["positive", "negative", "neutral"];

/** What these specs ask for each row. */
export const PROMPT = "What is the sentiment of this review? {{text}}";

/** The column that these specs add. */
export const COLUMN = "sentiment";

/** A run of a small model on a slow machine takes this long at most. */
export const RUN_MS = 300_000;

/** Imports a file with the button of the home screen, and waits until its sheet is open. */
export async function importByButton(window: AppWindow, home: Home, path: string): Promise<void> {
  await home.answerDialog(path);
  await window.click("home-import");
  await window.byId("import-preview");
  await window.click("import-run");
  await window.byId("sheet-screen");
  await expect.poll(() => window.grid.text(1, 1), { timeout: 20_000 }).not.toBe(null);
}

/** Opens the panel of a new AI column and writes one that labels the reviews. */
export async function writeLabelColumn(window: AppWindow): Promise<void> {
  await window.click("sheet-add-column");
  await (await window.byRole("menuitem", /^AI column/)).click();
  await window.fill("inspector-new-name", COLUMN);
  await window.fill("inspector-prompt", PROMPT);
  await window.choose("inspector-output", "Label");
  for (const label of LABELS) {
    await window.fill("inspector-new-label", label);
    await window.click("inspector-add-label");
  }
}

/** Waits until the latest run of a sheet is over; returns it. */
export async function endOfRun(home: Home, sheet: string, count: number): Promise<Run> {
  const ends = ["done", "failed", "cancelled"];
  return until(
    `run ${count} of ${sheet}`,
    async () => {
      const runs = await runsOf(home.folder, sheet);
      const last = runs.at(-1);
      return runs.length >= count && last && ends.includes(last.status) ? last : null;
    },
    RUN_MS,
  );
}

/** Waits until the strip says that at least so many rows of the run have ended. */
export async function rowsEnded(window: AppWindow, least: number): Promise<number> {
  return until(
    `${least} rows in the strip`,
    async () => {
      const rows = endedRows((await window.textOf("run-strip-rows")) ?? "");
      return rows !== null && rows >= least ? rows : null;
    },
    RUN_MS,
  );
}

/** The first number of `12 / 200`. */
function endedRows(text: string): number | null {
  const found = /^([\d,]+) \//.exec(text)?.[1];
  return found === undefined ? null : Number(found.replaceAll(",", ""));
}

/** Waits until nothing runs. */
export async function idle(window: AppWindow): Promise<void> {
  await window.browser.waitUntil(() => window.isShown("run-strip-idle"), {
    timeout: RUN_MS,
    timeoutMsg: "something still runs",
  });
}
