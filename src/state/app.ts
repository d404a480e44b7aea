import { createContextId } from "@builder.io/qwik";
import type { ColumnId, Settings, SheetId, Startup } from "~/ipc";

/** The screens of the window. A new screen is a name here and a line in `app.tsx`. */
export type Screen = "home" | "sheet" | "models" | "settings";

/** The parts of the models screen: what is on this computer, and where more is to be had. */
export type ModelsTab = "here" | "get";

/** What the whole window shares; made once in `app.tsx`. */
export interface AppState {
  screen: Screen;
  /** The section that the settings open at. */
  settingsSection: string;
  /** The screen that the settings were opened from, which "back" goes to. */
  cameFrom?: Screen;
  /** The part that the models screen opens at; without one it chooses by what there is. */
  modelsTab?: ModelsTab | null;
  /** The screen that the models were opened from, which "back" goes to. */
  modelsCameFrom?: Screen;
  /** The sheet that is open; kept while settings are shown, so that "back" goes to it. */
  sheet: SheetId | null;
  startup: Startup;
  settings: Settings;
  /** Counts up when the list of sheets may have changed; lists reload when it does. */
  sheetsChanged: number;
  /** Files that wait for the import dialog: dropped, given on the command line, or picked. */
  filesToImport: string[];
  /** Pasted text that waits for the import dialog. */
  textToImport: string | null;
  /** What the sheet that opens is to show first; the sheet screen takes it and sets it to null. */
  columnToShow?: ColumnToShow | null;
}

/** A column that someone asked to see, such as from the list of runs or a message about a run. */
export interface ColumnToShow {
  sheet: SheetId;
  column: ColumnId;
  /** Shows only the rows whose cell of this column failed. */
  onlyFailed: boolean;
  /** Opens the panel of the column as well. */
  inspect?: boolean;
}

export const AppContext = createContextId<AppState>("braincells.app");

/** Opens a sheet. */
export function goToSheet(app: AppState, sheet: SheetId): void {
  app.sheet = sheet;
  app.screen = "sheet";
}

export function goHome(app: AppState): void {
  app.screen = "home";
}

export function goToSettings(app: AppState, section = "general"): void {
  if (app.screen !== "settings") app.cameFrom = app.screen;
  app.settingsSection = section;
  app.screen = "settings";
}

/** Leaves the settings for the screen that they were opened from. */
export function leaveSettings(app: AppState): void {
  app.screen = app.cameFrom === "models" ? "models" : sheetOrHome(app, app.cameFrom);
}

/** Opens the models, at a part of them. */
export function goToModels(app: AppState, tab: ModelsTab | null = null): void {
  // From the settings "back" goes on to where those were opened from.
  const from = app.screen === "settings" ? app.cameFrom : app.screen;
  if (from !== undefined && from !== "models") app.modelsCameFrom = from;
  if (tab !== null || app.screen !== "models") app.modelsTab = tab;
  app.screen = "models";
}

/** Leaves the models for the screen that they were opened from. */
export function leaveModels(app: AppState): void {
  app.screen = sheetOrHome(app, app.modelsCameFrom);
}

function sheetOrHome(app: AppState, from: Screen | undefined): Screen {
  return from === "sheet" && app.sheet !== null ? "sheet" : "home";
}

/** Opens a sheet at a column; with `onlyFailed`, filtered to the rows that failed there. */
export function goToColumn(app: AppState, target: ColumnToShow): void {
  app.columnToShow = target;
  goToSheet(app, target.sheet);
}
