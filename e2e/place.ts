import { GridOf } from "./page/grid";
import type { Page } from "./page/page";

/** A screen, a dialog or a state that people see. */
export interface Place {
  name: string;
  scene: string;
  parameters?: Record<string, string>;
  /** The way there from where the scene begins. */
  go(page: Page): Promise<void>;
}

/** Nothing more to do. */
export const stay = async (): Promise<void> => {};

/** A place inside a sheet: the sheet is opened first, with its first cell active. */
export function inSheet(
  name: string,
  scene: string,
  sheet: string,
  go: (page: Page, grid: GridOf) => Promise<unknown> = stay,
): Place {
  return {
    name,
    scene,
    async go(page) {
      const grid = new GridOf(page);
      await grid.enter(sheet);
      await go(page, grid);
    },
  };
}

/** Opens the inspector of a column by its header. */
export async function inspect(page: Page, grid: GridOf, column: string): Promise<void> {
  await grid.openColumn(column);
  await page.byId("inspector");
}
