import { $, type QRL, useContext } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { type AppError, type Download, type DownloadId, errorOf, failureOf, ipc } from "~/ipc";
import { AppContext, type AppState } from "~/state/app";
import { type MlxModel, ModelsContext, type ModelsState } from "~/state/models";
import { showToast, ToastContext, type ToastState } from "~/state/toasts";
import { showHubFailure } from "./hub-failure";
import { takeDownload, takeDownloads } from "./keep-downloads";
import { readMlxModels } from "./keep-mlx-models";
import { withChosen } from "./mlx-models";
import { words } from "./screen-strings";
import { readSettings } from "./use-models";

/** The models for MLX, and what a person does with them. */
export interface MlxModels {
  /** Empty where this computer does not run them: then nothing of MLX is shown. */
  list: readonly MlxModel[];
  /** Has `local-mlx` mean another model. */
  select$: QRL<(id: string) => Promise<void>>;
  /** Fetches one; returns why that cannot be, for the place where it was asked for. */
  download$: QRL<(id: string) => Promise<AppError | null>>;
  /** Gives a download up. */
  cancel$: QRL<(id: string) => Promise<void>>;
  /** Stops a download for now: it is one of the queue that all models share. */
  pause$: QRL<(download: DownloadId) => Promise<void>>;
  /** Goes on with a download that failed or was paused. */
  retry$: QRL<(id: string) => Promise<void>>;
  /** Deletes one; returns why that cannot be while something has it. */
  remove$: QRL<(model: MlxModel) => Promise<AppError | null>>;
}

/** The models for MLX, kept by `useModels`. Failures that no place shows are toasts. */
export function useMlxModels(): MlxModels {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  return {
    list: models.mlx,
    select$: $((id: string) => selectMlx(id, app, models, toasts)),
    download$: $((id: string) => downloadMlx(id, models)),
    cancel$: $((id: string) => changeDownload(ipc.mlxCancelDownload(id), models, toasts)),
    pause$: $((download: DownloadId) =>
      changeDownload(ipc.pauseDownload(download), models, toasts),
    ),
    retry$: $((id: string) => changeDownload(ipc.mlxRetryDownload(id), models, toasts)),
    remove$: $((model: MlxModel) => removeMlx(model, app, models, toasts)),
  };
}

/** Each choice waits for the one before, so that the last one counts. */
let lastChoice: Promise<void> = Promise.resolve();

/** Has `local-mlx` mean another model, and shows that at once. */
export async function selectMlx(
  id: string,
  app: AppState,
  models: ModelsState,
  toasts: ToastState,
): Promise<void> {
  models.mlx = withChosen(models.mlx, id);
  const choice = lastChoice.then(async () => {
    try {
      await ipc.mlxSelectModel(id);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  lastChoice = choice;
  await choice;
  if (lastChoice !== choice) return;
  await readSettings(app, toasts);
  await readAgain(models, toasts);
  // Lists of models say which one it is.
  models.changed += 1;
}

/** Has a model fetched; returns why that cannot be. */
export async function downloadMlx(id: string, models: ModelsState): Promise<AppError | null> {
  try {
    takeDownload(models, await ipc.mlxDownloadModel(id));
    return null;
  } catch (thrown) {
    return errorOf(thrown);
  }
}

/** Shows what came of a wish for a download. */
export async function changeDownload(
  wish: Promise<Download>,
  models: ModelsState,
  toasts: ToastState,
): Promise<void> {
  try {
    takeDownload(models, await wish);
  } catch (thrown) {
    // It stands elsewhere than it was shown: another window, the command line or its end was first.
    const { code } = failureOf(thrown);
    if (code === "conflict" || code === "not_found") await readAgain(models, toasts);
    else showHubFailure(toasts, thrown);
  }
}

/** Deletes a model and says so; returns why that cannot be while something has it. */
export async function removeMlx(
  { id, title }: MlxModel,
  app: AppState,
  models: ModelsState,
  toasts: ToastState,
): Promise<AppError | null> {
  try {
    const { bytes, was_default } = await ipc.mlxDeleteModel(id);
    showToast(toasts, { kind: "success", title: words.installed.deleted(title, bytes) });
    models.changed += 1;
    if (was_default) await readSettings(app, toasts);
  } catch (thrown) {
    const failure = errorOf(thrown);
    if (failure.code === "conflict") return failure;
    showFailure(toasts, thrown);
  }
  return null;
}

async function readAgain(models: ModelsState, toasts: ToastState): Promise<void> {
  try {
    takeDownloads(models, await ipc.downloads());
    await readMlxModels(models);
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}
