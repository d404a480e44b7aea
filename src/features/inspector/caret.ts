/** Where a character of a text is on the screen, and typing on a person's behalf. */

/** The box of a character in an element that holds only text; null when it is not painted. */
export function caretBox(
  element: HTMLElement,
  offset: number,
): { left: number; top: number; bottom: number } | null {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let before = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (offset < before + length) {
      const range = document.createRange();
      range.setStart(node, offset - before);
      range.setEnd(node, offset - before + 1);
      const { left, top, bottom } = range.getBoundingClientRect();
      return { left, top, bottom };
    }
    before += length;
  }
  return null;
}

/**
 * Replaces a part of what stands in a textarea as if it was typed: the browser's own undo takes it
 * back, and an "input" event tells of it.
 */
export function replaceText(
  area: HTMLTextAreaElement,
  start: number,
  end: number,
  replacement: string,
): void {
  area.focus();
  area.setSelectionRange(start, end);
  // The only way that keeps the undo history of a textarea; every engine we run in has it.
  if (document.execCommand?.("insertText", false, replacement)) return;
  area.setRangeText(replacement, start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
