import { $, useContext, useContextProvider, useStore, useTask$ } from "@builder.io/qwik";
import { sentence, showFailure } from "~/errors";
import { type Download, ipc } from "~/ipc";
import { AppContext, type AppState, goToModels } from "~/state/app";
import { ModelsContext, type ModelsState, newModelsState } from "~/state/models";
import { showToast, ToastContext, type ToastState } from "~/state/toasts";
import { hubTrouble } from "./hub-failure";
import { keepDownloads } from "./keep-downloads";
import { keepMlxModels } from "./keep-mlx-models";
import { words } from "./screen-strings";
import { titleOf } from "./words";

const said = words.downloads;

/**
 * Keeps the models on their way, provides them as `ModelsContext` and tells when one is there or
 * failed. Called once, by the component that provides `AppContext` and `ToastContext`, after it did.
 */
export function useModels(): ModelsState {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const models = useStore<ModelsState>(newModelsState(), { deep: false });
  useContextProvider(ModelsContext, models);
  useTask$(({ cleanup }) => {
    cleanup(keepDownloads(models, (download, end) => tellEnd(download, end, app, toasts)));
    cleanup(keepMlxModels(models));
  });
  return models;
}

/** Tells of a download that is over, wherever the person is now. */
export function tellEnd(
  download: Download,
  end: "done" | "failed",
  app: AppState,
  toasts: ToastState,
): void {
  const name = titleOf(download);
  if (end === "done") {
    const model = download.name;
    const use = $(() => useForNewColumns(app, toasts, model));
    showToast(toasts, {
      kind: "success",
      title: said.doneTitle(name),
      detail: said.doneBody,
      action: { label: said.use, run$: use },
    });
    return;
  }
  const { error } = download;
  const trouble = error === null ? null : hubTrouble(error, "download");
  // Who turned the lock on knows why, and the line of the download says so.
  if (error?.code === "local_only" || trouble?.severity === "silent") return;
  // Where there is a way out, its button says what to try; the line of the download says it all.
  const wayOut = trouble?.wayOut ?? null;
  const detail = [trouble?.title, error?.message, wayOut === null ? error?.hint : null]
    .filter((part): part is string => typeof part === "string" && part !== "")
    .map(sentence)
    .join("\n");
  showToast(toasts, {
    kind: "error",
    title: said.failedTitle(name),
    detail,
    ...(wayOut !== null
      ? { wayOut }
      : { action: { label: said.show, run$: $(() => goToModels(app)) } }),
  });
}

/** Has new columns begin with a model of this computer. */
export async function useForNewColumns(
  app: AppState,
  toasts: ToastState,
  model: string,
): Promise<void> {
  try {
    app.settings = await ipc.configureBackend({ backend: "local", model });
    showToast(toasts, {
      kind: "success",
      title: words.installed.using(titleOf({ name: model })),
    });
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Takes over settings that changed with something else: a chosen model that is gone. */
export async function readSettings(app: AppState, toasts: ToastState): Promise<void> {
  try {
    app.settings = await ipc.settings();
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}
