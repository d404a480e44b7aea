import type { Theme } from "~/ipc";

const themeNames: Record<Theme, string> = {
  system: "System theme",
  light: "Light theme",
  dark: "Dark theme",
};

/** The words of the window's frame. */
export const text = {
  product: "Braincells",
  navigation: "Main",
  home: "Home",
  models: "Models",
  settings: "Settings",
  sheets: "Recent sheets",
  noSheets: "No sheets yet",
  collapse: "Narrow sidebar",
  expand: "Wide sidebar",
  search: "Search",
  downloading: (count: number, percent: number) =>
    count === 1 ? `1 download, ${percent}% there` : `${count} downloads, ${percent}% there`,
  percent: (percent: number) => `${percent}%`,
  sheetRunning: "a run is going on",
  sheetWaiting: "a run waits",

  messages: "Messages",
  closeMessage: "Close message",
  closeAll: (count: number) => `Close all ${count} messages`,

  drop: "Drop to import",
  dropBody: "CSV, JSON, Parquet, Arrow and workbooks become sheets",
  dropCount: (count: number) => (count === 1 ? "1 file" : `${count} files`),

  palette: "Commands",
  palettePlaceholder: "Search commands and sheets",
  paletteEmpty: "Nothing of that name",
  goHome: "Home",
  goModels: "Models",
  goModelsGet: "Get models",
  goSettings: "Settings",
  newSheet: "New sheet",
  newSheetName: "Untitled sheet",
  importFile: "Import a file…",
  example: "Open the example",
  keyboardHelp: "Keyboard shortcuts",
  theme: (theme: Theme) => themeNames[theme],
  groupGo: "Go to",
  groupDo: "Action",
  groupSheets: "Sheets",

  startFailed: "Braincells could not start",
  retry: "Try again",
} as const;
