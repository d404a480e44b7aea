// What a person waits for in the window over a large sheet, and what the window takes of the
// machine. Prints one line per figure; the bounds are judged by whoever reads them.
import { rm } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Home, makeHome } from "../../e2e/window/app";
import { importFile } from "../../e2e/window/command-line";
import { type AppWindow, openWindow } from "../../e2e/window/window";
import { BUCKETS, writeTable } from "./table";

const ROWS = Number(process.env.BRAINCELLS_BENCH_ROWS);
const SHEET = "large";
const ROUNDS = 5;

let home: Home;

beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.close());

function say(name: string, figure: string): void {
  console.log(`${name.padEnd(24)} ${figure} (load ${loadavg()[0]?.toFixed(1)})`);
}

function spread(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (place: number) => `${sorted.at(place)?.toFixed(0)} ms`;
  return `${at(Math.floor(sorted.length / 2))}, greatest ${at(-1)}`;
}

/** Does something in the page, and returns how long it took until a cell or a count was painted. */
async function timed(window: AppWindow, act: string, isDone: string): Promise<number> {
  const source = `
    const done = arguments[arguments.length - 1];
    const textAt = (row, column) => {
      const cell = document.querySelector(
        '.grid-rows [aria-rowindex="' + (row + 1) + '"] [aria-colindex="' + (column + 1) + '"]');
      return cell && !cell.classList.contains("is-unknown")
        ? cell.querySelector(".grid-text")?.textContent : null;
    };
    const rowCount = () => Number(
      document.querySelector("[role=grid]")?.getAttribute("aria-rowcount")) - 1;
    const item = (label) => [...document.querySelectorAll("[role=menuitem]")]
      .find((each) => each.textContent.startsWith(label));
    const begun = performance.now();
    ${act};
    const look = () => {
      // One more frame, because what is in the page is painted after it.
      if (${isDone}) requestAnimationFrame(() => done(performance.now() - begun));
      else requestAnimationFrame(look);
    };
    look();`;
  return window.browser.executeAsync<number, []>(source as never);
}

test("a cold start, and what the window takes while nothing happens", async () => {
  const starts: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const window = await openWindow(home);
    starts.push(window.readyAfterMs);
    await window.byId("home-welcome");
    await window.settle();
    memory.push((await window.memoryBytes()) / 1024 ** 2);
    await window.close();
  }
  say("start", spread(starts));
  say("memory, first screen", `${Math.max(...memory).toFixed(0)} MiB`);
});

test("a large sheet", async () => {
  const path = join(home.folder, "large.csv");
  await writeTable(path, ROWS);
  const begun = performance.now();
  await importFile(home.folder, path, SHEET);
  await rm(path);
  say("import", `${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const opened: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const window = await openWindow(home);
    await window.byId("home-sheet");
    opened.push(
      await timed(
        window,
        'document.querySelector("[data-testid=home-sheet-open]").click()',
        'textAt(1, 1) === "0"',
      ),
    );
    await window.close();
  }
  say("open to first rows", spread(opened));

  const window = await openWindow(home, { args: ["--sheet", SHEET] });
  try {
    await window.grid.expectText(1, 1, "0");
    say("memory, sheet open", `${((await window.memoryBytes()) / 1024 ** 2).toFixed(0)} MiB`);
    for (const [name, column, first] of [
      ["number", 2, "0"],
      ["word", 3, "w0000000"],
    ] as const) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await window.grid.openHeaderMenu(name);
        await window.byRole("menuitem", /^Sort ascending/);
        times.push(
          await timed(
            window,
            'item("Sort ascending").click()',
            `textAt(1, ${column}) === "${first}"`,
          ),
        );
        await window.click("sheet-sort", "sheet-sort-clear");
        await window.grid.expectText(1, 1, "0");
      }
      say(`sort by ${name}`, spread(times));
    }

    const filtered: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await window.grid.click(1 + round, 4);
      await window.press("Shift", "F10");
      await window.byRole("menuitem", /^Filter by this value/);
      filtered.push(
        await timed(
          window,
          'item("Filter by this value").click()',
          `rowCount() === ${ROWS / BUCKETS} && textAt(1, 1) !== null`,
        ),
      );
      await window.click("sheet-filter-clear");
      await window.grid.expectRowCount(ROWS);
    }
    say("filter", spread(filtered));

    const edited: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await window.grid.click(1 + round, 3);
      const text = `edited ${round}`;
      await window.type(text);
      edited.push(
        await timed(
          window,
          `document.activeElement.dispatchEvent(
             new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }))`,
          `textAt(${1 + round}, 3) === "${text}"`,
        ),
      );
    }
    say("edit", spread(edited));

    const jumps: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await window.press("Control", "Home");
      await window.grid.expectActive(1, 1);
      jumps.push(
        await timed(
          window,
          `document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
             { key: "End", ctrlKey: true, bubbles: true, cancelable: true }))`,
          `textAt(${ROWS}, 20) !== null`,
        ),
      );
    }
    say("to the last row", spread(jumps));
  } finally {
    await window.close();
  }
});
