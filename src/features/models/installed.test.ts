import { describe, expect, it } from "vitest";
import type { Judgement, ModelFile, ModelInfo } from "~/ipc";
import { defaultModel } from "./default-model";
import {
  areFresh,
  factsOf,
  fitFacts,
  headerFacts,
  inOrder,
  neighbourOf,
  shownVerdict,
  statusOf,
} from "./installed";
import { installedText } from "./words";

function model(name: string, more: Partial<ModelFile> = {}): ModelFile {
  return {
    name,
    path: `/m/${name}`,
    size_bytes: 2_000_000_000,
    runtime: "gguf",
    linked: false,
    tuned: null,
    used_at_ms: null,
    status: "downloaded",
    error: null,
    repository: null,
    parts: 1,
    app: null,
    is_local_mlx: false,
    ...more,
  };
}

const qwen = model("qwen/Qwen3-4B.Q4.gguf");
const starter = model("SmolLM2-135M-Instruct.Q4_1.gguf");
const models = [qwen, model("Qwen3-8B.gguf"), starter];

const fit: Judgement = {
  verdict: "may_be_slow",
  reason: "little is left",
  memory: {
    weights_bytes: 2e9,
    kv_bytes: 5e8,
    output_bytes: 1e7,
    compute_bytes: 2e8,
    program_bytes: 1e7,
  },
  gpu_layers: 29,
  layers: 28,
  gpu_bytes: 2e9,
  ram_bytes: 7e8,
  available_ram_bytes: 8e9,
  available_gpu_bytes: 4e9,
};

const info: ModelInfo = {
  name: qwen.name,
  path: qwen.path,
  bytes: 2e9,
  title: null,
  architecture: "qwen3",
  quantisation: null,
  parameters: 4_020_000_000,
  context_length: 262_144,
  layers: 28,
  vocabulary_size: null,
  licence: null,
  chat_template: false,
  fit,
  problem: null,
};

describe("the model for new columns", () => {
  it("is the chosen one, else the starter, else the only one", () => {
    expect(defaultModel(models, "Qwen3-8B.gguf")).toBe("Qwen3-8B.gguf");
    expect(defaultModel(models, "")).toBe(starter.name);
    expect(defaultModel([qwen], "")).toBe(qwen.name);
    expect(defaultModel([qwen, model("b.gguf")], "")).toBe("");
    expect(defaultModel([], "")).toBe("");
  });
});

describe("what the file of a model said", () => {
  const read = { info, size_bytes: qwen.size_bytes, changed: 3 };
  const longer = { ...qwen, size_bytes: qwen.size_bytes + 1 };

  it("is read again once models came or went, and shown until then", () => {
    expect(areFresh(undefined, qwen, 3)).toBe(false);
    expect(areFresh(read, qwen, 3)).toBe(true);
    expect(areFresh(read, qwen, 4)).toBe(false);
    expect(factsOf(read, qwen)).toBe(info);
  });

  it("is not said of a file that is longer by now", () => {
    expect(areFresh(read, longer, 3)).toBe(false);
    expect(factsOf(read, longer)).toBe(undefined);
    expect(factsOf(undefined, qwen)).toBe(undefined);
  });
});

describe("the list of models", () => {
  it("begins with what was used last, then goes by name", () => {
    const list = [
      model("c", { used_at_ms: 5 }),
      model("b"),
      model("a"),
      model("d", { used_at_ms: 9 }),
    ];
    expect(inOrder(list).map(({ name }) => name)).toEqual(["d", "c", "a", "b"]);
  });

  it("gives the focus to the next line, else to the one before, else to none", () => {
    const list = [model("a"), model("b"), model("c")];
    expect(neighbourOf(list, "/m/b")).toBe("/m/c");
    expect(neighbourOf(list, "/m/c")).toBe("/m/b");
    expect(neighbourOf([model("a")], "/m/a")).toBe(null);
  });

  it("believes what was heard last of a model, and nothing that is of another", () => {
    const loading = { status: "loading", error: null } as const;
    expect(statusOf(qwen, {})).toEqual({ status: "downloaded", error: null });
    expect(statusOf(qwen, { [qwen.name]: loading })).toBe(loading);
    expect(statusOf(qwen, { "Qwen3-4B.Q4.gguf": loading }).status).toBe("downloaded");
  });

  it("says why a model failed as the list has it while nothing was heard", () => {
    const error = { code: "engine_failed" as const, message: "no memory is left", hint: null };
    expect(statusOf({ ...qwen, status: "failed", error }, {}).error).toBe(error);
  });

  it("says size, context, last use and origin as far as they are known", () => {
    const now = new Date(2026, 10, 22, 12).getTime();
    expect(installedText(qwen, undefined, now)).toBe("2.0 GB · Never used");
    const used = { ...qwen, used_at_ms: now - 120_000, parts: 2, repository: "a/b" };
    expect(installedText(used, info, now)).toBe(
      "2.0 GB · 2 files · 256k context · Used 2 min ago · from a/b",
    );
  });
});

describe("the facts of a model", () => {
  it("are those that its header says", () => {
    const names = headerFacts(info).map(([name, value]) => `${name}: ${value}`);
    expect(names).toContain("Context: 262,144 tokens");
    expect(names).toContain("Parameters: 4B");
    expect(names.join()).not.toContain("Quantisation");
    expect(names.at(-1)).toContain("a general one is used");
  });

  it("add up, and speak of a graphics card only where there is one", () => {
    const facts = Object.fromEntries(fitFacts(fit));
    expect(facts.Needs).toBe("2.7 GB");
    expect(facts["On the graphics processor"]).toBe("28 of 28 layers");
    const without = fitFacts({ ...fit, available_gpu_bytes: 0, gpu_layers: 0 });
    expect(without.map(([name]) => name).join()).not.toContain("raphics");
  });

  it("tell how it fits where that is news", () => {
    expect(shownVerdict(info)).toBe("may_be_slow");
    expect(shownVerdict({ ...info, fit: { ...fit, verdict: "fits" } })).toBe(null);
    expect(shownVerdict(undefined)).toBe(null);
  });
});
