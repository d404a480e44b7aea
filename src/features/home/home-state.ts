import {
  type AppError,
  errorOf,
  ipc,
  type SheetId,
  type SheetInfo,
  type TrashedSheet,
} from "~/ipc";
import type { SheetOrder } from "./sheet-order";

/** How many sheets are listed before a person asks for more. */
export const SHEETS_AT_ONCE = 200;

/** All that the home screen knows. */
export interface HomeState {
  status: "loading" | "ready" | "failed";
  sheets: SheetInfo[];
  trash: TrashedSheet[];
  failure: AppError | null;
  search: string;
  order: SheetOrder;
  /** How many of the sheets are listed at most. */
  most: number;
  /** The sheet whose name is being changed. */
  renaming: SheetId | null;
  /** What was pressed and is not done yet. */
  busy: "example" | "new" | null;
}

/** A home screen that has read nothing yet. */
export function newHome(order: SheetOrder): HomeState {
  return {
    status: "loading",
    sheets: [],
    trash: [],
    failure: null,
    search: "",
    order,
    most: SHEETS_AT_ONCE,
    renaming: null,
    busy: null,
  };
}

/** Reads the sheets and the trash. What is shown stays until the answer is there. */
export async function loadSheets(state: HomeState, isWanted: () => boolean): Promise<void> {
  try {
    const [sheets, trash] = await Promise.all([ipc.sheets(), ipc.trash()]);
    if (!isWanted()) return;
    state.sheets = sheets;
    state.trash = trash;
    state.failure = null;
    state.status = "ready";
  } catch (thrown) {
    if (!isWanted()) return;
    state.failure = errorOf(thrown);
    state.status = "failed";
  }
}
