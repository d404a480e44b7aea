import { describe, expect, it } from "vitest";
import {
  bareName,
  fileName,
  modelsNamed,
  remoteModel,
  shortModelName,
  withoutEnding,
} from "./model-names";

function model(name: string) {
  return { name, path: `/models/${name}` };
}

const models = [model("Small-Q4.gguf"), model("folder/Large-Q8.gguf"), model("Large-Q4.gguf")];

describe("the files that a name means", () => {
  it.each([
    ["Small-Q4.gguf", ["Small-Q4.gguf"]],
    ["Small-Q4", ["Small-Q4.gguf"]],
    ["small", ["Small-Q4.gguf"]],
    ["Large-Q8.gguf", ["folder/Large-Q8.gguf"]],
    ["/models/Large-Q4.gguf", ["Large-Q4.gguf"]],
    ["large", ["folder/Large-Q8.gguf", "Large-Q4.gguf"]],
    ["other", []],
    ["", []],
  ])("%j is %j", (name, expected) => {
    expect(modelsNamed(name, models).map((found) => found.name)).toEqual(expected);
  });

  it("is the chosen model for MLX for its own name", () => {
    const folder = { ...model("o--m"), is_local_mlx: true };
    expect(modelsNamed("local-mlx", [...models, folder])).toEqual([folder]);
    expect(modelsNamed("local-mlx", models)).toEqual([]);
  });
});

it("a tuned copy leaves the beginning of its name to the original", () => {
  const copy = { ...model("Small-Q4.tuned-Q8_0.gguf"), tuned: {} };
  const names = (name: string) => modelsNamed(name, [...models, copy]).map((found) => found.name);
  expect(names("small")).toEqual(["Small-Q4.gguf"]);
  expect(names("small-q4.tuned")).toEqual(["Small-Q4.tuned-Q8_0.gguf"]);
  expect(names("Small-Q4.tuned-Q8_0")).toEqual(["Small-Q4.tuned-Q8_0.gguf"]);
});

it("names are shown without folder and ending", () => {
  expect(fileName("C:\\models\\a.gguf")).toBe("a.gguf");
  expect(withoutEnding("b/a.GGUF")).toBe("b/a");
  expect(bareName("qwen/Qwen3-4B.Q4.gguf")).toBe("Qwen3-4B.Q4");
});

describe("a model of a backend", () => {
  it("is named with the backend's id, and keeps everything behind the first colon", () => {
    expect(remoteModel("openai:gpt-4o-mini", [])).toEqual({
      backend: "openai",
      model: "gpt-4o-mini",
    });
    expect(remoteModel("hf:Qwen/Qwen3-8B:together", [])).toEqual({
      backend: "huggingface",
      model: "Qwen/Qwen3-8B:together",
    });
    expect(remoteModel("ollama:llama3.2:1b", ["ollama"])?.model).toBe("llama3.2:1b");
  });
  it("is none where the id is not known", () => {
    for (const name of ["ollama:llama3.2", "C:\\x.gguf", "a.gguf", "openai:", "", "toString:x"]) {
      expect(remoteModel(name, [])).toBe(null);
    }
  });
  it("is shown whole, a file without folder and ending", () => {
    expect(shortModelName("openrouter:qwen/qwen3-8b")).toBe("openrouter:qwen/qwen3-8b");
    expect(shortModelName("/m/qwen/Qwen3.gguf")).toBe("Qwen3");
    expect(shortModelName("C:\\m\\x.gguf")).toBe("x");
  });
});
