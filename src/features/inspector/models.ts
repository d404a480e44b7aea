import type { Lock } from "~/features/models";
import type { ModelFile, Settings } from "~/ipc";
import {
  endpointIds,
  LOCAL_MLX,
  modelsNamed,
  namedBackend,
  type RemoteModel,
  remoteModel,
} from "~/lib/model-names";
import type { AppState } from "~/state/app";
import type { SheetState } from "~/state/sheet";

/** What a model name in a recipe means on this computer. */
export type ModelStanding =
  | { kind: "found"; model: ModelFile }
  | { kind: "none" }
  | { kind: "missing" }
  | { kind: "ambiguous"; names: string[] }
  /** A model of a backend; only a run can tell whether it is there. */
  | { kind: "remote"; model: RemoteModel }
  /** A model of a backend that is not there: it was removed, or the recipe comes from elsewhere. */
  | { kind: "no_backend"; backend: string }
  /** The chosen model for MLX, whichever that is; whether MLX runs here, and whether it is here. */
  | { kind: "mlx"; runs: boolean; isHere: boolean }
  /** A path outside the list; only a run can tell whether the file is there. */
  | { kind: "path" };

/**
 * What stands behind a recipe's model name; `endpoints` are the backends that a person added, and
 * `runsMlx` is whether this computer runs models for MLX.
 */
export function standingOf(
  name: string,
  models: readonly ModelFile[],
  endpoints: readonly string[] = [],
  runsMlx = false,
): ModelStanding {
  if (name === "") return { kind: "none" };
  if (name === LOCAL_MLX) {
    const isHere = models.some(({ is_local_mlx }) => is_local_mlx);
    return { kind: "mlx", runs: runsMlx, isHere };
  }
  const remote = remoteModel(name, endpoints);
  if (remote !== null) return { kind: "remote", model: remote };
  const [model, ...others] = modelsNamed(name, models);
  if (model !== undefined && others.length === 0) return { kind: "found", model };
  if (model !== undefined) {
    return { kind: "ambiguous", names: [model, ...others].map((one) => one.name) };
  }
  const backend = namedBackend(name);
  if (backend !== null) return { kind: "no_backend", backend };
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(name) ? { kind: "path" } : { kind: "missing" };
}

/** What keeps models of other machines out of a sheet. */
export function lockOf(sheet: SheetState, app: AppState): Lock {
  if (sheet.info.local_only) return "sheet";
  return app.settings.local_only ? "settings" : null;
}

/** Requests that a backend gets at once where the settings say nothing, as the Rust side has it. */
const USUAL_REQUESTS = 5;

/** The most requests that a run with this model may have under way at once. */
export function allowedRequests(model: string, settings: Settings): number {
  const backend = remoteModel(model, endpointIds(settings))?.backend;
  const limits = (settings.backends.limits ?? []).find((one) => one.backend === backend);
  return limits?.parallel_requests ?? USUAL_REQUESTS;
}
