import type { Download, MlxModelInfo, MlxModelStatus, ModelFile } from "../bindings";
import type { Part } from "./commands";
import { STATUSES } from "./download-states";
import { downloadCommands } from "./downloads";
import { refuse } from "./failure";
import { localModelCommands } from "./local-models";
import { chosenMlx, folderOf, localMlx, MLX_MODELS, mlxName } from "./mlx-models";
import { keepSettings } from "./models";
import type { World } from "./world";

/** How long an answer takes. */
const ANSWER_MS = 300;

const isOver = ({ state }: Download): boolean => state === "done" || state === "cancelled";

function here(world: World, name: string): ModelFile | undefined {
  return world.models.find((model) => model.runtime === "mlx" && model.name === name);
}

/** The download of a model that is not over. */
function openDownload(world: World, name: string): Download | undefined {
  return world.downloads.find((one) => one.name === name && !isOver(one));
}

/** Where a model stands by what is here and what is on its way. */
function standing(world: World, name: string): MlxModelStatus {
  const download = openDownload(world, name) ?? null;
  const model = here(world, name);
  if (model) return { status: model.status, download, error: model.error };
  const status = download === null ? "available" : STATUSES[download.state];
  return { status, download, error: download?.error ?? null };
}

/** The recommended ones, then others that are here. */
function listed(world: World): MlxModelInfo[] {
  const chosen = chosenMlx(world);
  const recommended = MLX_MODELS.map((model): MlxModelInfo => {
    const id = folderOf(model.repository);
    return {
      id,
      title: model.name,
      repository: model.repository,
      good_for: model.good_for,
      licence: model.licence,
      size_bytes: here(world, id)?.size_bytes ?? model.variants[0]?.bytes ?? 0,
      is_selected: id === chosen,
      status: standing(world, id),
    };
  });
  const known = new Set(recommended.map(({ id }) => id));
  const others = world.models.filter(({ name, runtime }) => runtime === "mlx" && !known.has(name));
  return [
    ...recommended,
    ...others.map(
      (model): MlxModelInfo => ({
        id: model.name,
        title: model.repository ?? model.name,
        repository: model.repository,
        good_for: null,
        licence: null,
        size_bytes: model.size_bytes,
        is_selected: model.name === chosen,
        status: standing(world, model.name),
      }),
    ),
  ];
}

/** The folder that a name means: of a recommended model, one that is here, or one on its way. */
function knownName(world: World, id: string): string {
  const name = mlxName(world, id);
  const known = listed(world).map((model) => model.id);
  if (known.includes(name) || openDownload(world, name)) return name;
  const hint = `the models are ${known.map((one) => `\`${one}\``).join(", ")}`;
  return refuse("model_missing", `there is no model \`${id}\``, hint);
}

export function mlxCommands(world: World): Part<MlxCommand> {
  const downloads = downloadCommands(world);
  const models = localModelCommands(world);
  const openOf = (id: string): number => {
    const name = mlxName(world, id);
    const found = openDownload(world, name);
    if (found) return found.id;
    return refuse("not_found", `\`${name}\` is not being downloaded`, "download it first");
  };
  return {
    mlxListModels: () => (world.runsMlx ? listed(world) : []),
    mlxGetModelStatus: (id) => standing(world, knownName(world, id)),
    mlxDownloadModel: (id) => {
      const name = mlxName(world, id);
      const known = MLX_MODELS.find(({ repository }) => folderOf(repository) === name);
      const reference = known?.id ?? name.replace("--", "/");
      return downloads.downloadModel({ reference, label: null });
    },
    mlxCancelDownload: (id) => downloads.cancelDownload(openOf(id)),
    mlxRetryDownload: (id) => downloads.resumeDownload(openOf(id)),
    mlxDeleteModel: (id) => {
      const name = mlxName(world, id);
      const download = openDownload(world, name);
      if (download && download.state !== "paused" && download.state !== "failed") {
        const hint = "cancel the download first";
        refuse("conflict", `the model \`${name}\` is being downloaded`, hint);
      }
      return models.deleteModel(name, world.model(name).path);
    },
    mlxSelectModel: (id) => {
      const selected_mlx_model = id === "" ? "" : knownName(world, id);
      keepSettings(world, { ...world.settings, selected_mlx_model });
      return null;
    },
    mlxProcessText: (id, _instruction, text, task) =>
      world.task(task, async (pause) => {
        const name = mlxName(world, id);
        try {
          if (id === "") localMlx(world);
          else world.model(name);
        } catch (problem) {
          return { text, problem: problem as never };
        }
        await pause(ANSWER_MS);
        return { text: text.trim(), problem: null };
      }),
  };
}

type MlxCommand =
  | "mlxListModels"
  | "mlxGetModelStatus"
  | "mlxDownloadModel"
  | "mlxCancelDownload"
  | "mlxRetryDownload"
  | "mlxDeleteModel"
  | "mlxSelectModel"
  | "mlxProcessText";
