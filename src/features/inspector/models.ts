import type { ModelFile } from "~/ipc";
import { fileName, modelsNamed, type RemoteModel, remoteModel } from "~/lib/model-names";

/** The model that the first run is made with when nobody chose one. */
const STARTER_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";

/** What a model name in a recipe means on this computer. */
export type ModelStanding =
  | { kind: "found"; model: ModelFile }
  | { kind: "none" }
  | { kind: "missing" }
  | { kind: "ambiguous"; names: string[] }
  /** A model of a backend; only a run can tell whether it is there. */
  | { kind: "remote"; model: RemoteModel }
  /** A path outside the list; only a run can tell whether the file is there. */
  | { kind: "path" };

/** The model for new columns: the one chosen in the settings, else the starter, else the only one. */
export function defaultModel(models: readonly ModelFile[], chosen: string): string {
  if (chosen !== "") return chosen;
  const starter = models.find((model) => fileName(model.name) === STARTER_MODEL);
  // A tuned copy is there only beside its original, and only by somebody's choice.
  const originals = models.filter((model) => model.tuned === null);
  return (starter ?? (originals.length === 1 ? originals[0] : undefined))?.name ?? "";
}

/** What stands behind a recipe's model name; `endpoints` are the backends that a person added. */
export function standingOf(
  name: string,
  models: readonly ModelFile[],
  endpoints: readonly string[] = [],
): ModelStanding {
  if (name === "") return { kind: "none" };
  const remote = remoteModel(name, endpoints);
  if (remote !== null) return { kind: "remote", model: remote };
  const [model, ...others] = modelsNamed(name, models);
  if (model !== undefined && others.length === 0) return { kind: "found", model };
  if (model !== undefined) {
    return { kind: "ambiguous", names: [model, ...others].map((one) => one.name) };
  }
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(name) ? { kind: "path" } : { kind: "missing" };
}
