/** What a person does with a download. Each shows its failure as a toast and never rejects. */
import { type AppError, type Download, errorOf, failureOf, ipc } from "~/ipc";
import type { ModelsState } from "~/state/models";
import { showToast, type ToastState } from "~/state/toasts";
import { showHubFailure } from "./hub-failure";
import { takeDownload, takeDownloads } from "./keep-downloads";
import { words } from "./screen-strings";
import { titleOf } from "./words";

export type DownloadAction = "pause" | "resume" | "cancel";

/** Below this nothing is lost that is worth a question before a download is given up. */
export const ASKED_FROM_BYTES = 20_000_000;

/** Does it, and shows at once what came of it. */
export async function actOn(
  action: DownloadAction,
  { id }: Pick<Download, "id">,
  models: ModelsState,
  toasts: ToastState,
): Promise<void> {
  try {
    if (action === "pause") takeDownload(models, await ipc.pauseDownload(id));
    else if (action === "resume") takeDownload(models, await ipc.resumeDownload(id));
    else takeDownload(models, await ipc.cancelDownload(id));
  } catch (thrown) {
    // It stands elsewhere than it was shown: another window, the command line or its end was first.
    if (failureOf(thrown).code === "conflict") await readAgain(models, toasts);
    else showHubFailure(toasts, thrown);
  }
}

async function readAgain(models: ModelsState, toasts: ToastState): Promise<void> {
  try {
    takeDownloads(models, await ipc.downloads());
  } catch (thrown) {
    showHubFailure(toasts, thrown);
  }
}

/** Has a model fetched and says so; returns why that cannot be, for the place where it was asked for. */
export async function beginDownload(
  models: ModelsState,
  toasts: ToastState,
  reference: string,
  label: string | null,
  /** Also one of an architecture that this version does not know. */
  anyway = false,
): Promise<AppError | null> {
  try {
    const download = await ipc.downloadModel({ reference, label, anyway });
    takeDownload(models, download);
    const title = words.downloads.begun(titleOf(download));
    showToast(toasts, { kind: "info", title, detail: words.downloads.begunBody });
    return null;
  } catch (thrown) {
    return errorOf(thrown);
  }
}
