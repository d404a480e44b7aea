import catalogue from "../../../src-tauri/crates/models/src/catalogue/models.json";
import type { Model, ModelFile } from "../bindings";
import { refuse } from "./failure";
import type { World } from "./world";

/** The recommended models for MLX. */
export const MLX_MODELS = (catalogue.models as Model[]).filter(({ runtime }) => runtime === "mlx");

/** What a repository for MLX is called once it is here. */
export function folderOf(repository: string): string {
  return repository.replace("/", "--");
}

/** The name of the model that `local-mlx` means, whether it is there or not. */
export function chosenMlx(world: World): string {
  const chosen = world.settings.selected_mlx_model ?? "";
  const listed = MLX_MODELS.find(({ id, role, repository }) =>
    chosen === "" ? role === "default" : chosen === id || chosen === folderOf(repository),
  );
  return listed === undefined ? chosen : folderOf(listed.repository);
}

/** Refuses what needs Apple Silicon. */
export function needMlx(world: World): void {
  if (world.runsMlx) return;
  refuse(
    "model_missing",
    "models for MLX do not run here",
    "they need a Mac with Apple Silicon; take the same model as GGUF",
  );
}

/** The folder that a name means: of itself, a repository, an id of the list, or the chosen one. */
export function mlxName(world: World, id: string): string {
  needMlx(world);
  const wanted = id.trim();
  if (wanted === "") return chosenMlx(world);
  const listed = MLX_MODELS.find((model) => model.id === wanted);
  return folderOf(listed?.repository ?? wanted);
}

/** All models, with the one marked that `local-mlx` means. */
export function listedModels(world: World): ModelFile[] {
  const chosen = chosenMlx(world);
  return world.models.map((model) => ({
    ...model,
    is_local_mlx: model.runtime === "mlx" && model.name === chosen,
  }));
}

/** The model that `local-mlx` means, if it is there. */
export function localMlx(world: World): ModelFile {
  const chosen = chosenMlx(world);
  const found = world.models.find((model) => model.runtime === "mlx" && model.name === chosen);
  return (
    found ??
    refuse(
      "model_missing",
      "the chosen model for MLX is not on this machine: until it is, cells keep their values",
      "download it, or choose another",
    )
  );
}
