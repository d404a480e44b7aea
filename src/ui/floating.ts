/**
 * What floats above the window: menus, popovers, lists. Plain DOM, used by the components of this
 * folder. A panel is an element with `popover="manual"`, so that nothing clips it and it stands
 * above an open dialog.
 */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

export type Align = "start" | "end";

export interface Placement {
  left: number;
  top: number;
  /** The room there is; the panel scrolls inside when its content is taller. */
  maxHeightPx: number;
  above: boolean;
}

const edgePx = 8;

/** Where a panel stands: under its anchor, above it when there is more room, never outside. */
export function place(
  anchor: Box,
  panel: Size,
  window: Size,
  align: Align,
  gapPx: number,
): Placement {
  const below = window.height - edgePx - anchor.bottom - gapPx;
  const overhead = anchor.top - edgePx - gapPx;
  const above = panel.height > below && overhead > below;
  const room = Math.max(above ? overhead : below, 64);
  const height = Math.min(panel.height, room);
  const wanted = align === "start" ? anchor.left : anchor.right - panel.width;
  const left = Math.max(edgePx, Math.min(wanted, window.width - edgePx - panel.width));
  const top = above ? anchor.top - gapPx - height : anchor.bottom + gapPx;
  return {
    left,
    top: Math.max(edgePx, Math.min(top, window.height - edgePx - height)),
    maxHeightPx: room,
    above,
  };
}

export interface FloatingOptions {
  /** What the panel stands under, asked whenever it is placed again. */
  anchor: () => Box;
  align: Align;
  gapPx: number;
  /** Gives the panel at least the width of its anchor. */
  asWide?: boolean;
  /** Where a press does not count as outside, such as the button that opened the panel. */
  inside?: () => Element | null | undefined;
  /** Esc was pressed or something outside was; the owner is to close the panel. */
  onDismiss: (why: "escape" | "outside") => void;
}

const open: symbol[] = [];

/**
 * Shows a panel and keeps it in place until the returned function is called. Only the panel that
 * was opened last hears Esc.
 */
export function openFloating(panel: HTMLElement, options: FloatingOptions): () => void {
  // A test without layout has nowhere to put it.
  if (typeof panel.showPopover !== "function") return () => {};
  const token = Symbol("floating");
  open.push(token);
  if (!panel.matches(":popover-open")) panel.showPopover();

  function replace() {
    const anchor = options.anchor();
    if (options.asWide) panel.style.minWidth = `${anchor.right - anchor.left}px`;
    panel.style.maxHeight = "none";
    const size = { width: panel.offsetWidth, height: panel.scrollHeight };
    const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
    const at = place(anchor, size, room, options.align, options.gapPx);
    panel.style.position = "fixed";
    panel.style.left = `${at.left}px`;
    panel.style.top = `${at.top}px`;
    panel.style.maxHeight = `${at.maxHeightPx}px`;
  }
  function pressed(event: Event) {
    const target = event.target;
    if (!(target instanceof Node) || panel.contains(target)) return;
    if (options.inside?.()?.contains(target)) return;
    options.onDismiss("outside");
  }
  function key(event: KeyboardEvent) {
    if (event.key !== "Escape" || event.isComposing || open.at(-1) !== token) return;
    event.preventDefault();
    event.stopPropagation();
    options.onDismiss("escape");
  }
  function scrolled(event: Event) {
    if (event.target instanceof Node && !panel.contains(event.target)) replace();
  }

  replace();
  const sized = typeof ResizeObserver === "function" ? new ResizeObserver(replace) : null;
  for (const child of panel.children) sized?.observe(child);
  document.addEventListener("pointerdown", pressed, true);
  document.addEventListener("keydown", key, true);
  document.addEventListener("scroll", scrolled, true);
  window.addEventListener("resize", replace);

  return () => {
    const place = open.indexOf(token);
    if (place >= 0) open.splice(place, 1);
    sized?.disconnect();
    document.removeEventListener("pointerdown", pressed, true);
    document.removeEventListener("keydown", key, true);
    document.removeEventListener("scroll", scrolled, true);
    window.removeEventListener("resize", replace);
    if (panel.isConnected && panel.matches(":popover-open")) panel.hidePopover();
  };
}

/**
 * Whether a dialog, a menu or a popover is open: then keys belong to it, and shortcuts of the
 * window have to wait.
 */
export function isLayerOpen(): boolean {
  return open.length > 0 || document.querySelector("dialog[open]") !== null;
}

/** Whether keys typed here are text, so that they must not be taken as shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !["button", "checkbox", "radio", "range", "submit"].includes(target.type);
}
