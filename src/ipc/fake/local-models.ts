import { modelsNamed } from "../../lib/model-names";
import type { ModelApp, ModelFile, ModelInfo, ModelStatus } from "../bindings";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { judgementOf } from "./fit";
import { listedModels } from "./mlx-models";
import { modelFile } from "./model-file";
import { keepSettings } from "./models";
import type { World } from "./world";

const FREE_BYTES = 214_000_000_000;

const APPS: Record<ModelApp, string> = {
  lm_studio: "LM Studio",
  ollama: "Ollama",
  hugging_face: "Hugging Face",
  llama_cpp: "llama.cpp",
};

/** What a model does while it cannot be deleted. */
const BUSY: Partial<Record<ModelStatus, string>> = {
  loading: "it is being loaded",
  running: "it answers",
};

/** What other apps "have": one that is whole, one that is linked by its tag, one that is broken. */
export function fillOtherApps(world: World): void {
  const lmStudio = "/home/you/.lmstudio/models";
  world.found = [
    {
      name: "gemma-3-4b-it-Q4_K_M.gguf",
      path: `${lmStudio}/lmstudio-community/gemma-3-4b-it-GGUF/gemma-3-4b-it-Q4_K_M.gguf`,
      bytes: 2_489_757_856,
      app: "lm_studio",
      linked: false,
      problem: null,
    },
    {
      name: "llama3.2:3b",
      path: `/home/you/.ollama/models/blobs/sha256-${"dde5".padEnd(64, "7")}`,
      bytes: 2_019_377_696,
      app: "ollama",
      linked: false,
      problem: null,
    },
    {
      name: "Phi-4-mini-instruct-Q3_K_L.gguf",
      path: "/home/you/.cache/llama.cpp/Phi-4-mini-instruct-Q3_K_L.gguf",
      bytes: 1_204_000_000,
      app: "llama_cpp",
      linked: false,
      problem: "the file ends in the middle of tensor `blk.17.ffn_up.weight`",
    },
  ];
}

/** What the folder of a model for MLX says, which is less than a file does. */
function folderInfo(world: World, { name, path, size_bytes, repository }: ModelFile): ModelInfo {
  return {
    name,
    path,
    bytes: size_bytes,
    title: repository,
    architecture: "Qwen 3",
    quantisation: "4 bits",
    parameters: null,
    context_length: 40_960,
    layers: 28,
    vocabulary_size: 151_936,
    licence: null,
    chat_template: true,
    fit: judgementOf(size_bytes),
    problem: world.runsMlx ? null : "models for MLX need a Mac with Apple Silicon",
  };
}

function infoOf(world: World, model: ModelFile): ModelInfo {
  if (model.runtime === "mlx") return folderInfo(world, model);
  const { name, path, size_bytes } = model;
  const quantisation = /(I?Q\d\w*|BF16|F16)/.exec(name)?.[1] ?? null;
  const isBroken = model.status === "failed";
  return {
    name,
    path,
    bytes: size_bytes,
    title: isBroken ? null : name.replace(/^.*\//, "").replace(/[-.]I?Q\d.*$/, ""),
    architecture: isBroken ? null : "llama",
    quantisation,
    parameters: isBroken ? null : Math.round((size_bytes * 1.65) / 1e7) * 1e7,
    context_length: isBroken ? null : size_bytes < 1e9 ? 8192 : 131_072,
    layers: isBroken ? null : 28,
    vocabulary_size: isBroken ? null : 128_256,
    licence: "apache-2.0",
    chat_template: !isBroken,
    fit: isBroken ? null : judgementOf(size_bytes),
    problem: isBroken ? "the file ends before its last tensor" : null,
  };
}

export function localModelCommands(world: World): Part<LocalModelCommand> {
  return {
    listLocalModels: () => listedModels(world),
    modelInfo: (name) => infoOf(world, world.model(name)),
    addModel: async (path, copy, task) => {
      const found = world.found.find((one) => one.path === path);
      // A colon stands behind a backend in names, so that a model of this computer has none.
      const name = found?.name.replace(/[:/]/g, "-") ?? path.split("/").at(-1) ?? path;
      if (!found && !name.toLowerCase().endsWith(".gguf")) {
        refuse(
          "model_broken",
          `\`${name}\` is not a GGUF file`,
          "choose a file that ends in .gguf",
        );
      }
      if (world.models.some((model) => model.name === name)) {
        refuse(
          "conflict",
          `another model file named \`${name}\` is already listed`,
          "rename one of the two files",
        );
      }
      await world.task(task, async (pause) => {
        for (let tenth = 0; copy && tenth <= 10; tenth += 1) {
          world.emit({ event: "model_copying", model: name, fraction: tenth / 10 });
          await pause(world.copyPieceMs);
        }
      });
      const linked = copy ? {} : { path, linked: true, app: found ? APPS[found.app] : null };
      const added = modelFile(name, found?.bytes ?? 469_000_000, linked);
      if (found) found.linked = true;
      world.models = [...world.models, added];
      world.emit({ event: "models_changed" });
      return added;
    },
    deleteModel: (name, path) => {
      const model = world.models.find((one) => one.name === name && one.path === path);
      if (!model) refuse("model_missing", `there is no model \`${name}\``);
      const by = world.busyModels.has(name) ? "a run needs it" : BUSY[model.status];
      if (by !== undefined) {
        const hint = "wait until that is done, or stop it first";
        refuse("conflict", `the model \`${name}\` is in use: ${by}`, hint);
      }
      const before = world.models;
      world.models = before.filter((one) => one !== model);
      if (model.runtime === "mlx") {
        world.emit({ event: "model_status", model: name, status: "available", error: null });
      }
      for (const found of world.found) if (found.path === model.path) found.linked = false;
      world.emit({ event: "models_changed" });
      const { linked: unlinked, size_bytes } = model;
      const was_default = modelsNamed(world.settings.model, before)[0] === model;
      if (was_default) keepSettings(world, { ...world.settings, model: "" });
      return { name, bytes: unlinked ? 0 : size_bytes, unlinked, was_default };
    },
    scanModels: () => world.found,
    modelStorage: () => {
      const sum = (sizes: readonly number[]): number => sizes.reduce((all, one) => all + one, 0);
      const unfinished = world.downloads.filter(({ state }) => !/done|cancelled/.test(state));
      return {
        models_bytes: sum(
          world.models.filter(({ linked }) => !linked).map((one) => one.size_bytes),
        ),
        downloads_bytes: sum(unfinished.map((one) => one.bytes_done)),
        free_bytes: FREE_BYTES,
        leftovers: world.leftovers,
      };
    },
    removeLeftovers: () => {
      const bytes = world.leftovers.reduce((all, one) => all + one.bytes, 0);
      world.leftovers = [];
      return bytes;
    },
  };
}

type LocalModelCommand =
  | "listLocalModels"
  | "modelInfo"
  | "addModel"
  | "deleteModel"
  | "scanModels"
  | "modelStorage"
  | "removeLeftovers";
