import { expect } from "vitest";
import type { Hands } from "./hands";

/** Where the active cell is: the position counts from 1 as the row numbers do. */
export interface ActiveCell {
  position: number;
  column: number;
  text: string;
}

/** What specs look at in the grid; cells are named as a screen reader names them. */
export class SheetGrid {
  constructor(private readonly page: Hands) {}

  /** Opens a sheet from the home screen and waits until its first rows are shown. */
  async enter(sheet: string): Promise<void> {
    const { browser } = this.page;
    await this.page.byId("home-sheet");
    await browser.execute((wanted) => {
      const sheets = [...document.querySelectorAll<HTMLElement>("[data-testid=home-sheet-open]")];
      sheets.find((each) => each.textContent?.includes(wanted))?.click();
    }, sheet);
    await this.page.byId("grid");
    await expect.poll(() => this.active(), { timeout: 20_000 }).toMatchObject({ position: 1 });
    await expect.poll(() => this.text(1, 1), { timeout: 20_000 }).not.toBe(null);
    await this.focus();
  }

  /** Opens the inspector of an AI column as a double click on its header does. */
  async openColumn(name: string): Promise<void> {
    await this.header(name, (header) => {
      header.querySelector<HTMLElement>("[data-act=open]")?.click();
    });
  }

  /** Opens the menu of a column by its button. */
  async openHeaderMenu(name: string): Promise<void> {
    await this.header(name, (header) => {
      header.querySelector<HTMLElement>("[data-act=menu]")?.click();
    });
  }

  /** Does something with the header of a column, once it is in sight; gives what that gave. */
  private async header<T>(name: string, act: (header: Element) => T): Promise<T> {
    const found = await this.page.browser.waitUntil(
      () =>
        this.page.browser.executeAsync(
          `const [wanted, done] = arguments;
           const headers = [...document.querySelectorAll("[role=columnheader]")];
           const nameOf = (each) => each.querySelector(".grid-header-name")?.textContent;
           const header = headers.find((each) => nameOf(each) === wanted);
           const scroller = document.querySelector(".grid-scroller");
           // A column beyond the edge has a header before it has cells.
           const edge = (scroller?.getBoundingClientRect().right ?? 0) - 60;
           const isShown = header !== undefined && header.getBoundingClientRect().left < edge;
           if (isShown) {
             done({ given: (${act.toString()})(header) });
             return;
           }
           if (scroller) {
             const end = scroller.scrollWidth - scroller.clientWidth;
             // From the end back to the beginning: the column may be on the left of where it began.
             if (scroller.scrollLeft >= end - 1) scroller.scrollLeft = 0;
             else scroller.scrollBy(200, 0);
           }
           // Headers follow with the next frame; to scroll on before it would pass the column by.
           requestAnimationFrame(() => requestAnimationFrame(() => done(null)));`,
          name,
        ) as Promise<{ given: T } | null>,
      { timeoutMsg: `there is no column ${name}`, interval: 50 },
    );
    return found.given;
  }

  /** Puts the focus on the active cell. */
  async focus(): Promise<void> {
    await this.page.browser.execute(() => {
      document.querySelector<HTMLElement>("[role=gridcell][tabindex='0']")?.focus();
    });
  }

  /** Clicks a cell that is in sight. */
  async click(position: number, column: number): Promise<void> {
    const row = `.grid-rows [aria-rowindex="${position + 1}"]`;
    await this.page.browser.$(`${row} [role=gridcell][aria-colindex="${column + 1}"]`).click();
    await this.expectActive(position, column);
  }

  async active(): Promise<ActiveCell | null> {
    return this.page.browser.execute(() => {
      const cell = document.querySelector("[role=gridcell][tabindex='0']");
      const row = cell?.closest("[role=row]");
      if (!cell || !row) return null;
      return {
        position: Number(row.getAttribute("aria-rowindex")) - 1,
        column: Number(cell.getAttribute("aria-colindex")) - 1,
        text: cell.querySelector(".grid-text")?.textContent ?? cell.textContent ?? "",
      };
    });
  }

  /** The text of a cell that is in the page; null when it is not, or not read yet. */
  async text(position: number, column: number): Promise<string | null> {
    return this.page.browser.execute(
      (row, at) => {
        const line = document.querySelector(`.grid-rows [aria-rowindex="${row + 1}"]`);
        const cell = line?.querySelector(`[role=gridcell][aria-colindex="${at + 1}"]`);
        if (!cell || cell.classList.contains("is-unknown")) return null;
        return cell.querySelector(".grid-text")?.textContent ?? "";
      },
      position,
      column,
    );
  }

  /** The place of a column by its name, counted from 1; the grid scrolls to it. */
  async column(name: string): Promise<number> {
    return this.header(name, (header) => Number(header.getAttribute("aria-colindex") ?? "0") - 1);
  }

  /** Presses keys one after another, as a person does. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.press(...key.split("+"));
      await this.page.frame();
    }
  }

  async expectActive(position: number, column: number): Promise<void> {
    const where = async () => {
      const cell = await this.active();
      return cell ? { position: cell.position, column: cell.column } : null;
    };
    await expect.poll(where, { timeout: 20_000 }).toEqual({ position, column });
  }

  async expectText(position: number, column: number, text: string | RegExp): Promise<void> {
    const read = () => this.text(position, column);
    if (typeof text === "string") await expect.poll(read, { timeout: 20_000 }).toBe(text);
    else await expect.poll(read, { timeout: 20_000 }).toMatch(text);
  }

  /** How many rows the grid says that it has. */
  async rowCount(): Promise<number> {
    return this.page.browser.execute(() => {
      const count = document.querySelector("[role=grid]")?.getAttribute("aria-rowcount");
      return Number(count) - 1;
    });
  }

  async expectRowCount(rows: number): Promise<void> {
    await expect.poll(() => this.rowCount(), { timeout: 20_000 }).toBe(rows);
  }

  /** How many cells in the page are selected. */
  async selectedCells(): Promise<number> {
    return this.page.browser.execute(
      () => document.querySelectorAll(".grid-rows [role=gridcell][aria-selected=true]").length,
    );
  }

  /** Pastes as the browser does when a person presses Ctrl+V. */
  async paste(text: string, html = ""): Promise<void> {
    await this.page.browser.execute(
      (plain, rich) => {
        const data = new DataTransfer();
        data.setData("text/plain", plain);
        if (rich !== "") data.setData("text/html", rich);
        const event = new ClipboardEvent("paste", {
          clipboardData: data,
          bubbles: true,
          cancelable: true,
        });
        document.activeElement?.dispatchEvent(event);
      },
      text,
      html,
    );
  }
}
