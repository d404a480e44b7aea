/** One model as its backend lists it. */
import { type BackendModel, ipc } from "~/ipc";

/**
 * Asks a backend for one of its models; `undefined` where its list has none of this name. Says
 * nothing where the list cannot be read: all this is remarks, and a run says what is wrong. The
 * returned function calls it off.
 */
export function listedModel(
  backend: string,
  model: string,
  tell: (exact: BackendModel | undefined) => void,
): () => void {
  const task = `model ${crypto.randomUUID()}`;
  ipc.backendModels(backend, model, task).then(
    (models) => tell(models.find((one) => one.id === model)),
    () => undefined,
  );
  return () => void ipc.cancelTask(task).catch(() => false);
}
