/** The browser's own clipboard events: the only way to read the clipboard, and the edit menu's. */
import type { GridCore } from "./grid-core";

/** An empty clipboard makes no paste event; then the focus comes back after this time. */
const pasteWithinMs = 300;

export class ClipboardEvents {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly core: GridCore) {
    const { table, catcher } = core.dom;
    catcher.addEventListener("paste", this.paste);
    catcher.addEventListener("blur", () => {
      catcher.value = "";
    });
    table.addEventListener("paste", this.paste);
    // From the system's edit menu no key comes.
    for (const kind of ["copy", "cut"] as const) {
      table.addEventListener(kind, (event) => {
        event.preventDefault();
        core.emit({ kind });
      });
    }
  }

  destroy(): void {
    clearTimeout(this.timer);
  }

  /** Only a text field is pasted into on every system, so one takes the focus for a moment. */
  catchPaste(): void {
    this.core.dom.catcher.focus({ preventScroll: true });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.giveBack(), pasteWithinMs);
  }

  private giveBack(): void {
    clearTimeout(this.timer);
    if (document.activeElement === this.core.dom.catcher) this.core.takeFocus();
  }

  private readonly paste = (event: ClipboardEvent): void => {
    event.preventDefault();
    this.giveBack();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const html = event.clipboardData?.getData("text/html") ?? "";
    if (text === "" && html === "") return;
    this.core.emit({ kind: "paste", text, html: html === "" ? null : html });
  };
}
