import { useContext, useTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { pastedTable } from "~/features/import";
import { ipc } from "~/ipc";
import { AppContext, goToSettings } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { isLayerOpen, isMac, isTyping } from "~/ui";
import { baseCommands, sheetCommands } from "./base-commands";
import { registerCommands } from "./commands";
import { type Shortcut, shortcutOf } from "./shortcuts";
import { applyTheme } from "./theme";

/** What is open of the frame's own dialogs. */
export interface FrameState {
  palette: boolean;
  help: boolean;
}

/** On a cell every character begins an edit. */
function isInGrid(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[role=grid]") !== null;
}

/** What the window does on every screen: theme, keys, paste, commands. Called once, by the frame. */
export function useWindow(frame: FrameState): void {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);

  useTask$(({ track, cleanup }) => {
    cleanup(applyTheme(track(() => app.settings.theme)));
    document.documentElement.lang = track(() => app.settings.language);
  });

  useTask$(({ cleanup }) => {
    function act(shortcut: Shortcut) {
      if (shortcut === "settings") goToSettings(app);
      if (shortcut === "palette") frame.palette = true;
      if (shortcut === "help") frame.help = true;
    }
    function key(event: KeyboardEvent) {
      const shortcut = shortcutOf(event, {
        mac: isMac(),
        typing: isTyping(event.target) || isInGrid(event.target),
        busy: isLayerOpen(),
      });
      // A reload would lose what is not saved yet; it is only kept from happening.
      if (shortcut === null || (shortcut === "reload" && import.meta.env.DEV)) return;
      event.preventDefault();
      act(shortcut);
    }
    function paste(event: ClipboardEvent) {
      if (app.screen !== "home" || isTyping(event.target) || isLayerOpen()) return;
      const plain = event.clipboardData?.getData("text/plain") ?? "";
      const table = pastedTable(plain, event.clipboardData?.getData("text/html") ?? "");
      if (table.trim() === "") return;
      event.preventDefault();
      app.textToImport = table;
    }
    function menu(event: MouseEvent) {
      // The web view's own menu offers "Reload"; it stays where it helps with text.
      const hasSelection = !document.getSelection()?.isCollapsed;
      if (!isTyping(event.target) && !hasSelection) event.preventDefault();
    }
    function rejected(event: PromiseRejectionEvent) {
      event.preventDefault();
      showFailure(toasts, event.reason);
    }
    // A file dropped where nobody hears it must not replace the page.
    function stray(event: DragEvent) {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    }
    document.addEventListener("keydown", key);
    document.addEventListener("paste", paste);
    document.addEventListener("contextmenu", menu);
    document.addEventListener("dragover", stray);
    document.addEventListener("drop", stray);
    window.addEventListener("unhandledrejection", rejected);
    cleanup(() => {
      document.removeEventListener("keydown", key);
      document.removeEventListener("paste", paste);
      document.removeEventListener("contextmenu", menu);
      document.removeEventListener("dragover", stray);
      document.removeEventListener("drop", stray);
      window.removeEventListener("unhandledrejection", rejected);
    });
  });

  useTask$(({ cleanup }) => {
    function showHelp() {
      frame.help = true;
    }
    cleanup(registerCommands(baseCommands(app, toasts, showHelp)));
  });

  useTask$(async ({ track, cleanup }) => {
    track(() => app.sheetsChanged);
    track(() => app.sheet);
    let isWanted = true;
    let unregister: (() => void) | null = null;
    cleanup(() => {
      isWanted = false;
      unregister?.();
    });
    // The sidebar tells when the list cannot be read.
    const sheets = await ipc.sheets().catch(() => []);
    if (isWanted) unregister = registerCommands(sheetCommands(app, sheets));
  });
}
