import type { Download } from "../bindings";
import { HOME } from "./disk";
import { failure } from "./failure";
import { folderOf, MLX_MODELS } from "./mlx-models";
import { modelFile } from "./model-file";
import type { World } from "./world";

const HOUR_MS = 3_600_000;

/** Models of every kind: at work, from the hub, of another app, tuned, broken. */
export function addModels(world: World): void {
  const ago = (hours: number): number => world.now() - hours * HOUR_MS;
  const [starter] = world.models;
  if (starter) starter.status = "ready";
  world.models = [
    ...world.models,
    modelFile(
      "bartowski--Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf",
      2_019_377_696,
      { repository: "bartowski/Llama-3.2-3B-Instruct-GGUF", used_at_ms: ago(30) },
    ),
    modelFile("Mistral-Nemo-Instruct-2407-Q4_K_M.gguf", 7_477_208_192, {
      path: "/home/you/.lmstudio/models/bartowski/Mistral-Nemo/Mistral-Nemo-Instruct-2407-Q4_K_M.gguf",
      linked: true,
      app: "LM Studio",
      used_at_ms: ago(24 * 40),
    }),
    modelFile("SmolLM2-135M-Instruct.Q4_1.tuned-Q8_0.gguf", 144_800_000, {
      tuned: {
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256: "b179".padEnd(64, "0"),
        at_ms: ago(50),
      },
      used_at_ms: ago(49),
    }),
    modelFile("half-copied.Q4_K_M.gguf", 612_000_000, {
      status: "failed",
      error: failure("model_broken", "the file ends before its last tensor", "download it again"),
    }),
  ];
  world.leftovers = [
    {
      path: `${HOME}/models/old--model-GGUF/model-Q8_0.gguf.partial`,
      bytes: 1_310_720_000,
    },
  ];
}

/** A Mac with Apple Silicon, with the model for MLX that most people take. */
export function addMlx(world: World): void {
  world.runsMlx = true;
  const usual = MLX_MODELS.find(({ role }) => role === "default");
  if (usual === undefined) return;
  const { repository, variants } = usual;
  world.models = [
    ...world.models,
    modelFile(folderOf(repository), variants[0]?.bytes ?? 0, {
      runtime: "mlx",
      repository,
      used_at_ms: world.now() - 3 * HOUR_MS,
    }),
  ];
}

/** Downloads in every state that stays as it is while it is looked at. */
export function addDownloads(world: World): void {
  world.downloadBytesPerSecond = 8_400_000;
  const download = (
    owner: string,
    name: string,
    label: string,
    bytes: number,
    more: Partial<Download>,
  ): Download => ({
    id: world.newId(),
    name: `${owner}--${name}-GGUF/${name}-${label}.gguf`,
    repository: `${owner}/${name}-GGUF`,
    revision: "5ab33fa94d1d04e903623ae72c95d1696f09f9e8",
    label,
    state: "running",
    files: 1,
    bytes_done: 0,
    bytes_total: bytes,
    bytes_per_second: null,
    seconds_left: null,
    retries: 0,
    retry_at_ms: null,
    error: null,
    elsewhere: false,
    added_at_ms: world.now() - 120_000,
    ...more,
  });
  world.downloads = [
    download("unsloth", "Qwen3-30B-A3B-Instruct-2507", "IQ4_XS", 16_378_073_504, {
      bytes_done: 5_410_000_000,
    }),
    download("bartowski", "Qwen2.5-7B-Instruct", "Q4_K_M", 4_683_074_240, {
      state: "waiting",
      bytes_done: 1_900_000_000,
      retries: 2,
      retry_at_ms: world.now() + HOUR_MS,
      error: failure("unreachable", "the connection to `huggingface.co` was lost", null),
    }),
    download("unsloth", "gemma-3-12b-it", "Q4_K_M", 7_300_574_976, {
      state: "paused",
      bytes_done: 4_453_000_000,
    }),
    download("unsloth", "gpt-oss-20b", "MXFP4", 12_109_566_624, {
      state: "failed",
      bytes_done: 9_100_000_000,
      error: failure(
        "disk_full",
        "3.0 GB are needed and 1.2 GB are free",
        "delete a model that is not used any more, and try again",
      ),
    }),
  ];
}
