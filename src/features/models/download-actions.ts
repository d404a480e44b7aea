/** What a person does with a download. Each shows its failure as a toast and never rejects. */
import { type AppError, type Download, errorOf, ipc } from "~/ipc";
import type { ModelsState } from "~/state/models";
import type { ToastState } from "~/state/toasts";
import { showHubFailure } from "./hub-failure";
import { takeDownload } from "./keep-downloads";

export type DownloadAction = "pause" | "resume" | "cancel";

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
    showHubFailure(toasts, thrown);
  }
}

/** Has a model fetched; returns why that cannot be, for the place where it was asked for. */
export async function beginDownload(
  models: ModelsState,
  reference: string,
  label: string | null,
): Promise<AppError | null> {
  try {
    takeDownload(models, await ipc.downloadModel({ reference, label }));
    return null;
  } catch (thrown) {
    return errorOf(thrown);
  }
}
