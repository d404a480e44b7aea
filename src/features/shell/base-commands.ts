import { pickAndImport } from "~/features/import";
import { follow } from "~/features/settings";
import { ipc, type SheetInfo, type Theme } from "~/ipc";
import { freeName } from "~/lib/free-name";
import { type AppState, goHome, goToModels, goToSettings, goToSheet } from "~/state/app";
import type { ToastState } from "~/state/toasts";
import type { IconName } from "~/ui";
import type { PaletteCommand } from "./commands";
import { text } from "./strings";

const themeIcons: Record<Theme, IconName> = { system: "monitor", light: "sun", dark: "moon" };

/** What the palette offers on every screen. */
export function baseCommands(
  app: AppState,
  toasts: ToastState,
  showHelp: () => void,
): PaletteCommand[] {
  const themes: Theme[] = ["system", "light", "dark"];
  return [
    { id: "home", title: text.goHome, group: text.groupGo, icon: "home", run: () => goHome(app) },
    {
      id: "models",
      title: text.goModels,
      group: text.groupGo,
      icon: "model",
      words: "installed local files disk delete",
      run: () => goToModels(app, "here"),
    },
    {
      id: "models-get",
      title: text.goModelsGet,
      group: text.groupGo,
      icon: "download",
      words: "download hugging face hub search recommended gguf",
      run: () => goToModels(app, "get"),
    },
    {
      id: "settings",
      title: text.goSettings,
      group: text.groupGo,
      icon: "settings",
      shortcut: "Ctrl+,",
      words: "preferences options",
      run: () => goToSettings(app),
    },
    {
      id: "new-sheet",
      title: text.newSheet,
      group: text.groupDo,
      icon: "plus",
      words: "create empty table",
      run: async () => {
        const taken = (await ipc.sheets()).map((sheet) => sheet.name);
        await openMade(app, ipc.createSheet(freeName(text.newSheetName, taken)));
      },
    },
    {
      id: "import",
      title: text.importFile,
      group: text.groupDo,
      icon: "upload",
      words: "open csv json parquet excel file",
      run: async () => {
        await pickAndImport(app, toasts);
      },
    },
    {
      id: "example",
      title: text.example,
      group: text.groupDo,
      icon: "sparkle",
      words: "demo sample start",
      run: () => openMade(app, ipc.createExampleSheet()),
    },
    ...themes.map((theme) => ({
      id: `theme-${theme}`,
      title: text.theme(theme),
      group: text.groupDo,
      icon: themeIcons[theme],
      words: "colour color appearance mode",
      run: () => follow(app, async () => ipc.setSettings({ ...(await ipc.settings()), theme })),
    })),
    {
      id: "keyboard",
      title: text.keyboardHelp,
      group: text.groupDo,
      icon: "keyboard",
      shortcut: "F1",
      words: "help keys",
      run: showHelp,
    },
  ];
}

/** The sheets as commands that open them, the ones changed last first. */
export function sheetCommands(app: AppState, sheets: readonly SheetInfo[]): PaletteCommand[] {
  return [...sheets]
    .sort((one, other) => other.changed_at_ms - one.changed_at_ms)
    .map((sheet) => ({
      id: `sheet-${sheet.id}`,
      title: sheet.name,
      group: text.groupSheets,
      icon: "table",
      run: () => goToSheet(app, sheet.id),
    }));
}

async function openMade(app: AppState, made: Promise<SheetInfo>): Promise<void> {
  const { id } = await made;
  app.sheetsChanged += 1;
  goToSheet(app, id);
}
