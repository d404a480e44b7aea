/** Scrolls the grid and regular-table over the same million rows, and tells how long frames take. */
import "../../src/styles.css";
import "../../src/features/grid/grid.css";
import "regular-table";
import "regular-table/dist/css/material.css";
import type { RegularTableElement } from "regular-table";
import { GridView } from "../../src/features/grid/grid-view";
import { answerAfterMs, cellText, columnCount, columns, model, rowCount, source } from "./sheet";

/** Frame times of one movement. */
export interface Spread {
  frames: number;
  p50: number;
  p95: number;
  greatest: number;
}

/** A table under test. */
interface Subject {
  scroller: HTMLElement;
  /** Whether the page shows this row, with its content. */
  shows(position: number): boolean;
  patch: ((position: number, column: number, text: string) => void) | null;
  rowsShown(): number[];
  remove(): void;
}

const framesScrolled = 120;
const stepPx = 280;
const jumps = 20;
const streamedPerSecond = 2000;
const streamForMs = 4000;

function host(): HTMLElement {
  const found = document.getElementById("host");
  if (found === null) throw new Error("the page has no host");
  return found;
}

function frame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

function spread(times: number[]): Spread {
  const sorted = [...times].sort((left, right) => left - right);
  function at(share: number): number {
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  }
  return { frames: times.length, p50: at(0.5), p95: at(0.95), greatest: at(1) };
}

async function until(isTrue: () => boolean, limitMs: number): Promise<number> {
  const start = performance.now();
  while (!isTrue()) {
    if (performance.now() - start > limitMs) throw new Error("nothing was shown in time");
    await frame();
  }
  return performance.now() - start;
}

function grid(): Subject {
  const view = new GridView(host(), {
    source,
    onIntent() {},
    onSelection() {},
    onRowsInView() {},
  });
  view.setModel(model);
  const scroller = host().querySelector<HTMLElement>(".grid-scroller");
  if (scroller === null) throw new Error("the grid has no scroller");
  return {
    scroller,
    shows(position) {
      const row = host().querySelector(`.grid-row[aria-rowindex="${position + 2}"]:not([hidden])`);
      return row?.querySelector('[data-column="2"]')?.textContent === cellText(position, 1);
    },
    patch(position, column, text) {
      view.patchCell(position, columns[column]?.id ?? 0, { value: text, state: "done" });
    },
    rowsShown: () => view.rowsInView(),
    remove: () => view.destroy(),
  };
}

function regularTable(): Subject {
  const table = document.createElement("regular-table") as RegularTableElement;
  table.style.cssText = "position:absolute;inset:0";
  host().append(table);
  table.setDataListener(async (x0, y0, x1, y1) => {
    await new Promise((resolve) => setTimeout(resolve, answerAfterMs));
    const data: string[][] = [];
    for (let column = x0; column < x1; column += 1) {
      const cells: string[] = [];
      for (let row = y0; row < y1; row += 1) cells.push(cellText(row, column));
      data.push(cells);
    }
    return {
      num_rows: rowCount,
      num_columns: columnCount,
      column_headers: columns.slice(x0, x1).map((column) => [column.name]),
      row_headers: Array.from({ length: y1 - y0 }, (_, index) => [String(y0 + index + 1)]),
      data,
    };
  });
  void table.draw();
  return {
    scroller: table,
    shows(position) {
      const text = cellText(position, 1);
      return [...table.querySelectorAll("td")].some((cell) => cell.textContent === text);
    },
    patch: null,
    rowsShown: () => [],
    remove: () => table.remove(),
  };
}

let subject: Subject | null = null;

function opened(): Subject {
  if (subject === null) throw new Error("no table is open");
  return subject;
}

/** What the script calls, one after another, so that it can take the processor time of each. */
const steps = {
  /** Milliseconds until the first row is on screen. */
  async open(name: "grid" | "regular-table"): Promise<number> {
    const start = performance.now();
    subject = name === "grid" ? grid() : regularTable();
    const made = subject;
    await until(() => made.shows(0), 10_000);
    const time = performance.now() - start;
    for (let index = 0; index < 10; index += 1) await frame();
    return time;
  },
  async scroll(): Promise<Spread> {
    const { scroller } = opened();
    const times: number[] = [];
    let before = await frame();
    for (let index = 0; index < framesScrolled; index += 1) {
      scroller.scrollTop += stepPx;
      const now = await frame();
      times.push(now - before);
      before = now;
    }
    return spread(times);
  },
  /** From one jump of the scroll bar to the next frame but one, when its rows can be there. */
  async jump(): Promise<Spread> {
    const { scroller } = opened();
    const times: number[] = [];
    for (let index = 1; index <= jumps; index += 1) {
      const before = await frame();
      scroller.scrollTop = ((scroller.scrollHeight - scroller.clientHeight) * index) / (jumps + 1);
      await frame();
      times.push((await frame()) - before);
    }
    return spread(times);
  },
  /** Milliseconds until the last row is on screen with its content. */
  async lastRow(): Promise<number> {
    const { scroller, shows } = opened();
    scroller.scrollTop = scroller.scrollHeight;
    return until(() => shows(rowCount - 1), 20_000);
  },
  /** Frames while cells are finished on screen; null where a table cannot do it. */
  async stream(): Promise<{ spread: Spread; perSecond: number } | null> {
    const { patch, rowsShown } = opened();
    if (patch === null) return null;
    const rows = rowsShown();
    const times: number[] = [];
    const start = performance.now();
    let before = await frame();
    let sent = 0;
    while (performance.now() - start < streamForMs) {
      const due = Math.floor(((performance.now() - start) / 1000) * streamedPerSecond);
      for (; sent < due; sent += 1) {
        patch(rows[sent % rows.length] ?? 0, sent % columnCount, `finished ${sent}`);
      }
      const now = await frame();
      times.push(now - before);
      before = now;
    }
    const perSecond = sent / ((performance.now() - start) / 1000);
    return { spread: spread(times), perSecond };
  },
  close(): void {
    opened().remove();
    subject = null;
  },
};

export type Steps = typeof steps;
Object.assign(window, { steps });
document.body.dataset.ready = "true";
