/** Where the content is scrolled to, exactly, however coarse the scroll bar is. */
import { type GridDom, headerPx } from "./grid-dom";
import { clampTop, contentTopOf, type RowScale, rowScale, scrollTopOf } from "./range";

export class Scroller {
  /** The content's pixel at the top of the body. */
  contentTop = 0;
  left = 0;
  /** The visible size, without scroll bars. */
  widthPx = 0;
  bodyPx = 0;
  scale: RowScale = rowScale(0, 28, 0, 0);
  private rowCount = 0;
  private rowHeightPx = 28;
  private tailPx = 0;
  private contentWidthPx = 0;
  private seenTop = 0;
  private takesWheel = false;
  private readonly observer: ResizeObserver;

  /** `onMove` asks for a frame; `onResize` says that the visible size changed. */
  constructor(
    private readonly dom: GridDom,
    private readonly onMove: () => void,
    onResize: () => void,
  ) {
    dom.scroller.addEventListener("scroll", onMove, { passive: true });
    this.observer = new ResizeObserver(() => {
      if (this.measure()) onResize();
    });
    this.observer.observe(dom.scroller);
    this.measure();
  }

  destroy(): void {
    this.observer.disconnect();
    this.dom.scroller.removeEventListener("scroll", this.onMove);
    this.dom.scroller.removeEventListener("wheel", this.wheel);
  }

  /** What there is to scroll through. The row at the top stays at the top. */
  setContent(rowCount: number, rowHeightPx: number, tailPx: number, contentWidthPx: number): void {
    const isSame =
      rowCount === this.rowCount &&
      rowHeightPx === this.rowHeightPx &&
      tailPx === this.tailPx &&
      contentWidthPx === this.contentWidthPx;
    if (isSame) return;
    const top = (this.contentTop / this.rowHeightPx) * rowHeightPx;
    this.rowCount = rowCount;
    this.rowHeightPx = rowHeightPx;
    this.tailPx = tailPx;
    this.contentWidthPx = contentWidthPx;
    this.resize();
    this.scrollTo(top, this.left);
  }

  /** Takes over what the scroll bar says. Called once at the start of a frame. */
  read(): void {
    const { scrollTop, scrollLeft } = this.dom.scroller;
    if (Math.abs(scrollTop - this.seenTop) >= 1) {
      this.seenTop = scrollTop;
      this.contentTop = contentTopOf(this.scale, scrollTop);
    }
    this.left = Math.max(0, scrollLeft);
  }

  /** Scrolls to an exact place. */
  scrollTo(contentTop: number, left: number): void {
    const { scroller } = this.dom;
    this.contentTop = clampTop(this.scale, contentTop);
    const top = scrollTopOf(this.scale, this.contentTop);
    if (Math.abs(top - this.seenTop) > 0.01) {
      scroller.scrollTop = top;
      this.seenTop = scroller.scrollTop;
    }
    if (Math.abs(left - this.left) > 0.01) {
      scroller.scrollLeft = left;
      this.left = scroller.scrollLeft;
    }
    this.onMove();
  }

  private measure(): boolean {
    const { clientWidth, clientHeight } = this.dom.scroller;
    const body = Math.max(0, clientHeight - headerPx);
    if (clientWidth === this.widthPx && body === this.bodyPx) return false;
    this.widthPx = clientWidth;
    this.bodyPx = body;
    this.dom.viewport.style.width = `${clientWidth}px`;
    this.dom.viewport.style.height = `${clientHeight}px`;
    this.resize();
    return true;
  }

  private resize(): void {
    this.scale = rowScale(this.rowCount, this.rowHeightPx, this.bodyPx, this.tailPx);
    this.dom.size.style.height = `${Math.max(this.scale.scrollPx, this.bodyPx) + headerPx}px`;
    this.dom.size.style.width = `${Math.max(this.contentWidthPx, this.widthPx)}px`;
    this.contentTop = clampTop(this.scale, this.contentTop);
    this.takeWheel(this.scale.factor > 1);
  }

  /** Listening to the wheel makes scrolling wait for this page, so it is done only where needed. */
  private takeWheel(takes: boolean): void {
    if (takes === this.takesWheel) return;
    this.takesWheel = takes;
    const { scroller } = this.dom;
    if (takes) scroller.addEventListener("wheel", this.wheel, { passive: false });
    else scroller.removeEventListener("wheel", this.wheel);
  }

  /** On a scaled sheet one notch of the wheel would skip rows: it moves the content itself. */
  private readonly wheel = (event: WheelEvent): void => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const unit =
      event.deltaMode === WheelEvent.DOM_DELTA_LINE
        ? 28
        : event.deltaMode === WheelEvent.DOM_DELTA_PAGE
          ? this.bodyPx
          : 1;
    this.scrollTo(this.contentTop + event.deltaY * unit, this.left + event.deltaX * unit);
  };
}
