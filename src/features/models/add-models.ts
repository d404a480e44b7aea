/** Adds files of this computer to the models. Shows failures as toasts and never rejects. */
import { showFailure } from "~/errors";
import { failureOf, ipc } from "~/ipc";
import { fileName } from "~/lib/model-names";
import type { ModelsState } from "~/state/models";
import { showToast, type ToastState } from "~/state/toasts";
import { words } from "./screen-strings";
import { titleOf } from "./words";

const said = words.installed;

/** Adds a file where it is; returns whether it is there now. */
export async function linkModel(
  path: string,
  models: ModelsState,
  toasts: ToastState,
): Promise<boolean> {
  return addOne(path, false, `model ${crypto.randomUUID()}`, models, toasts);
}

/**
 * Has files chosen and adds them, one after another. A copy is shown in `models.copying` and can be
 * stopped there, which leaves out the files that would come after it, too.
 */
export async function addModels(
  copy: boolean,
  models: ModelsState,
  toasts: ToastState,
): Promise<void> {
  let paths: string[];
  try {
    paths = await ipc.pickFiles("model");
  } catch (thrown) {
    showFailure(toasts, thrown);
    return;
  }
  for (const path of paths) {
    const task = `model ${crypto.randomUUID()}`;
    if (copy) models.copying = { task, name: fileName(path), fraction: null };
    const isAdded = await addOne(path, copy, task, models, toasts);
    if (models.copying?.task === task) models.copying = null;
    if (!isAdded) return;
  }
}

async function addOne(
  path: string,
  copy: boolean,
  task: string,
  models: ModelsState,
  toasts: ToastState,
): Promise<boolean> {
  try {
    // It may be called otherwise than its file: a colon would name a backend.
    const model = await ipc.addModel(path, copy, task);
    showToast(toasts, { kind: "success", title: said.added(titleOf(model)) });
    models.changed += 1;
    return true;
  } catch (thrown) {
    const isStopped = failureOf(thrown).code === "cancelled";
    if (isStopped) {
      showToast(toasts, { kind: "info", title: said.copyStopped(fileName(path)) });
    } else showFailure(toasts, thrown);
    return false;
  }
}
