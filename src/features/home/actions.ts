import { $ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc, type SheetId, type SheetInfo, type TrashedSheet } from "~/ipc";
import { type AppState, goToSheet } from "~/state/app";
import { showToast, type ToastState } from "~/state/toasts";
import type { HomeState } from "./home-state";
import { newSheetName } from "./sheet-order";
import { text } from "./strings";

/** Makes the example sheet and opens it. */
export async function startExample(state: HomeState, app: AppState, toasts: ToastState) {
  await begin(state, "example", app, toasts, () => ipc.createExampleSheet());
}

/** Makes an empty sheet and opens it. */
export async function createEmpty(state: HomeState, app: AppState, toasts: ToastState) {
  await begin(state, "new", app, toasts, () => ipc.createSheet(newSheetName(state.sheets)));
}

async function begin(
  state: HomeState,
  busy: NonNullable<HomeState["busy"]>,
  app: AppState,
  toasts: ToastState,
  make: () => Promise<SheetInfo>,
): Promise<void> {
  if (state.busy) return;
  state.busy = busy;
  try {
    const sheet = await make();
    app.sheetsChanged += 1;
    goToSheet(app, sheet.id);
  } catch (thrown) {
    showFailure(toasts, thrown);
  } finally {
    state.busy = null;
  }
}

/** Gives a sheet another name. A blank or unchanged name changes nothing. */
export async function renameSheet(
  app: AppState,
  toasts: ToastState,
  sheet: SheetInfo,
  typed: string,
): Promise<void> {
  const name = typed.trim();
  if (name === "" || name === sheet.name) return;
  await attempt(app, toasts, () => ipc.renameSheet(sheet.id, name));
}

/** Makes a copy of a sheet, its history included. */
export async function duplicateSheet(app: AppState, toasts: ToastState, sheet: SheetInfo) {
  const made = await attempt(app, toasts, () => ipc.duplicateSheet(sheet.id, null));
  if (made) showToast(toasts, { kind: "success", title: text.duplicated(made.name) });
}

/** Moves a sheet to the trash at once, and offers to bring it back. */
export async function deleteSheet(app: AppState, toasts: ToastState, sheet: SheetInfo) {
  const { id, name } = sheet;
  const done = await attempt(app, toasts, async () => {
    await ipc.deleteSheet(id);
    return true;
  });
  if (!done) return;
  if (app.sheet === id) app.sheet = null;
  showToast(toasts, {
    kind: "info",
    title: text.deleted(name),
    action: { label: text.undo, run$: $(() => restoreSheet(app, toasts, id)) },
  });
}

/** Brings a sheet back from the trash. */
export async function restoreSheet(app: AppState, toasts: ToastState, sheet: SheetId) {
  const back = await attempt(app, toasts, () => ipc.restoreSheet(sheet));
  if (back) showToast(toasts, { kind: "success", title: text.restored(back.name) });
}

/** Deletes one sheet of the trash for good. */
export async function deleteForGood(app: AppState, toasts: ToastState, trashed: TrashedSheet) {
  await attempt(app, toasts, () => ipc.deleteTrashed(trashed.sheet.id));
}

/** Deletes all that is in the trash for good. */
export async function emptyTrash(app: AppState, toasts: ToastState): Promise<void> {
  const count = await attempt(app, toasts, () => ipc.emptyTrash());
  if (count) showToast(toasts, { kind: "info", title: text.emptied(count) });
}

/** Does something to the sheets and has the lists read again; null when it failed, which is shown. */
async function attempt<T>(
  app: AppState,
  toasts: ToastState,
  action: () => Promise<T>,
): Promise<T | null> {
  try {
    return await action();
  } catch (thrown) {
    showFailure(toasts, thrown);
    return null;
  } finally {
    app.sheetsChanged += 1;
  }
}
