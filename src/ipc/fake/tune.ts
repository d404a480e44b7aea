import type { Candidate, ModelFile, Quantisation, TunedModel, TuneStage } from "../bindings";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { modelFile } from "./model-file";
import { hashOf } from "./values";
import type { World } from "./world";

/** What the measurements of a small model look like on a machine without a graphics card. */
const FOUND: [Quantisation, number, number, number, number][] = [
  ["Q8_0", 1.47, 786, 168, 0.0041],
  ["Q5_0", 1.02, 341, 118, 0.011],
  ["Q4_K_S", 0.96, 681, 183, 0.019],
  ["Q4_0", 0.92, 900, 263, 0.061],
];
const STAGES: TuneStage[] = ["writing", "measuring", "comparing"];

function candidateOf(size: number, at: number): Candidate {
  const [quantisation, growth, prefill, decode, divergence] = FOUND[at] ?? ["Q8_0", 1, 1, 1, 1];
  const gain = (48 / 307 + 12 / 121) / (48 / prefill + 12 / decode);
  const labels_alike = divergence < 0.02 ? 40 - at : 33;
  const base = {
    quantisation,
    size_bytes: Math.round(size * growth),
    speed: { prefill_tokens_per_s: prefill, decode_tokens_per_s: decode },
    gain,
    likeness: {
      labels: 40,
      labels_alike,
      largest_flip_margin: labels_alike === 40 ? null : 0.2 + at / 10,
      positions: 612,
      tokens_alike: Math.round(612 * (1 - divergence * 4)),
      mean_kl_nats: divergence,
    },
  };
  if (gain < 1.1) return { ...base, likeness: null, outcome: "no_gain" };
  if (labels_alike < 38) {
    const reason = `only ${labels_alike} of 40 labels are alike`;
    return { ...base, outcome: "unfaithful", reason };
  }
  return { ...base, outcome: at === 0 ? "chosen" : "slower" };
}

function keepCopy(world: World, original: ModelFile, quantisation: Quantisation): ModelFile {
  const name = original.name.replace(/\.gguf$/i, `.tuned-${quantisation}.gguf`);
  const copy = modelFile(name, Math.round(original.size_bytes * 1.47), {
    path: original.path.replace(original.name, name),
    tuned: {
      file: original.name,
      sha256: hashOf(original.name).toString(16).padStart(64, "0"),
      at_ms: world.now(),
    },
  });
  world.models = [...world.models.filter((model) => model.name !== name), copy];
  return copy;
}

export function tuneCommands(world: World): Part<"tuneModel"> {
  return {
    tuneModel: (name, dryRun, task) =>
      world.task(task, async (pause) => {
        const original = world.model(name);
        if (original.runtime === "mlx") {
          const what = `\`${original.path}\` is a model for MLX, and only GGUF files are tuned`;
          refuse("bad_input", what, "look for a repository with the model in fewer bits");
        }
        if (original.tuned !== null) {
          refuse("bad_input", `\`${name}\` is a tuned copy itself`, "tune its original");
        }
        const all = 2 + FOUND.length * STAGES.length;
        const tell = async (stage: TuneStage, quantisation: string | null, done: number) => {
          const fraction = done / all;
          const model = original.name;
          world.emit({ event: "model_tuning", model, stage, quantisation, fraction });
          await pause(world.tuneStageMs);
        };
        const began = world.now();
        await tell("original", null, 0);
        for (const [at, [quantisation]] of FOUND.entries()) {
          for (const [step, stage] of STAGES.entries()) {
            await tell(stage, quantisation, 1 + at * STAGES.length + step);
          }
        }
        await tell("setup", "Q8_0", all - 1);
        const candidates = FOUND.map((_, at) => candidateOf(original.size_bytes, at));
        const tuned: TunedModel = {
          original: original.name,
          report: {
            original_quantisation: "Q4_1",
            original_size_bytes: original.size_bytes,
            original_speed: { prefill_tokens_per_s: 307, decode_tokens_per_s: 121 },
            candidates,
            setup: {
              device: "a processor, 4 cores",
              parallel_rows: 24,
              threads: 4,
              row_us: 92_000,
              default_row_us: 100_000,
            },
            elapsed_ms: 1000 + world.now() - began,
          },
          copy: dryRun ? null : keepCopy(world, original, "Q8_0"),
        };
        return tuned;
      }),
  };
}
