/** What waits until scrolling has come to rest, and what tells that rows are late. */
import type { GridCore, GridPart } from "./grid-core";
import type { RowId } from "./types";

const atRestAfterMs = 120;
/** Most rows come sooner: a placeholder that only flashes up would be noise. */
const lateAfterMs = 150;

export class AtRest implements GridPart {
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private lateTimer: ReturnType<typeof setTimeout> | undefined;
  private top = -1;
  private arrivals = 0;
  private rowsSaid: RowId[] = [];

  constructor(private readonly core: GridCore) {}

  destroy(): void {
    clearTimeout(this.restTimer);
    clearTimeout(this.lateTimer);
  }

  draw(): void {
    const { core } = this;
    this.showWhetherLate();
    if (this.top === core.scroller.contentTop && this.arrivals === core.arrivals) return;
    this.top = core.scroller.contentTop;
    this.arrivals = core.arrivals;
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(), atRestAfterMs);
  }

  private rest(): void {
    const { core } = this;
    core.direction = 0;
    core.pool.sort();
    const rows = core.rowsInView();
    const said = this.rowsSaid;
    if (rows.length === said.length && rows.every((row, at) => row === said[at])) return;
    this.rowsSaid = rows;
    core.options.onRowsInView(rows);
  }

  private showWhetherLate(): void {
    const { dataset } = this.core.dom.root;
    const isWhole = this.isWhole();
    dataset.ready = String(isWhole);
    if (isWhole) {
      clearTimeout(this.lateTimer);
      this.lateTimer = undefined;
      dataset.late = "false";
    } else if (this.lateTimer === undefined) {
      this.lateTimer = setTimeout(() => {
        dataset.late = "true";
      }, lateAfterMs);
    }
  }

  /** Whether the first and the last cell on screen were read; pages come whole. */
  private isWhole(): boolean {
    const { shown, layout, cache } = this.core;
    const { rows, columns } = shown;
    const column = layout.columns[columns.first] ?? layout.columns[0];
    if (rows.end === rows.first || column === undefined) return true;
    return (
      cache.cell(rows.first, column.id) !== undefined &&
      cache.cell(rows.end - 1, column.id) !== undefined
    );
  }
}
