/** The small square at the corner of the selection, and dragging it. */
import type { GridCore, GridPart } from "./grid-core";
import { element } from "./grid-dom";
import { filledRect, type Place, type Rect } from "./selection";

export class FillHandle implements GridPart {
  private readonly handle: HTMLDivElement;
  private from: Rect | null = null;

  constructor(private readonly core: GridCore) {
    this.handle = element("div", "grid-fill-handle", "presentation");
    this.handle.dataset.testid = "grid-fill-handle";
  }

  /** Whether an event began on the handle; then the drag is this one's. */
  takes(target: EventTarget | null): boolean {
    const { selection } = this.core;
    const rect = selection?.rects[selection.rects.length - 1];
    if (target !== this.handle || rect === undefined) return false;
    this.from = rect;
    return true;
  }

  /** The pointer is over a cell. */
  drag(to: Place): void {
    if (this.from === null) return;
    this.core.painter.filling = filledRect(this.from, to);
    this.core.requestFrame(true);
  }

  /** The button was released; `isKept` is false when the drag was broken off. */
  drop(isKept: boolean): void {
    const { core, from } = this;
    const to = core.painter.filling;
    this.from = null;
    core.painter.filling = null;
    core.requestFrame(true);
    if (!isKept || from === null || to === null) return;
    const isSame =
      from.top === to.top &&
      from.bottom === to.bottom &&
      from.left === to.left &&
      from.right === to.right;
    if (isSame || core.selection === null) return;
    const intent = {
      kind: "fill-drag",
      from: core.rangeOf(from),
      to: core.rangeOf(to),
    } as const;
    const active = { row: to.top, column: to.left };
    const head = { row: to.bottom, column: to.right };
    core.select({ active, head, span: "cells", rects: [to] }, null);
    core.emit(intent);
  }

  draw(): void {
    const { selection, model, pool, isOnHeader } = this.core;
    const rect = selection?.rects[0];
    const isOne = selection?.rects.length === 1 && selection.span === "cells";
    const slot =
      rect === undefined || !isOne || model.readOnly || isOnHeader
        ? null
        : pool.cellAt(rect.bottom, rect.right);
    if (slot === null) this.handle.remove();
    else if (this.handle.parentElement !== slot.element) slot.element.append(this.handle);
  }
}
