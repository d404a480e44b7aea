import { SheetGrid } from "../grid";
import type { Page } from "./page";

/** The grid of a scene's sheet. */
export class GridOf extends SheetGrid {
  constructor(private readonly scenes: Page) {
    super(scenes);
  }

  /** Opens a scene and a sheet of it. */
  async open(scene: string, sheet: string, parameters: Record<string, string> = {}): Promise<void> {
    await this.scenes.open(scene, parameters);
    await this.enter(sheet);
  }
}
