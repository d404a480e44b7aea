import { describe, expect, it } from "vitest";
import type { ModelFile } from "~/ipc";
import { standingOf } from "./models";

function model(name: string): ModelFile {
  return {
    name,
    path: `/m/${name}`,
    size_bytes: 1,
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
  };
}
const qwen = model("qwen/Qwen3-4B.Q4.gguf");
const starter = model("SmolLM2-135M-Instruct.Q4_1.gguf");
const models = [qwen, model("Qwen3-8B.gguf"), starter];

describe("what a model name means", () => {
  it("is read as the Rust side reads it", () => {
    for (const name of [qwen.name, qwen.path, "Qwen3-4B.Q4.gguf", "Qwen3-4B.Q4", "qwen3-4"]) {
      expect(standingOf(name, models)).toEqual({ kind: "found", model: qwen });
    }
    expect(standingOf("qwen3", models)).toMatchObject({ kind: "ambiguous" });
    expect(standingOf("llama", models)).toEqual({ kind: "missing" });
    expect(standingOf("", models)).toEqual({ kind: "none" });
    expect(standingOf("/home/me/x.gguf", models)).toEqual({ kind: "path" });
    expect(standingOf("C:\\x.gguf", models)).toEqual({ kind: "path" });
    expect(standingOf("openai:gpt-4o", models)).toMatchObject({ kind: "remote" });
    expect(standingOf("ollama:llama3.2:1b", models, ["ollama"])).toMatchObject({ kind: "remote" });
    const gone = { kind: "no_backend", backend: "ollama" };
    expect(standingOf("ollama:llama3.2:1b", models)).toEqual(gone);
    expect(standingOf("llama3.2:1b", models)).toEqual({ kind: "missing" });
    const local = { ...model("o--m"), runtime: "mlx" as const, is_local_mlx: true };
    const mlx = { kind: "mlx", runs: true, isHere: true };
    expect(standingOf("local-mlx", [local], [], true)).toEqual(mlx);
    expect(standingOf("local-mlx", models, [], true)).toEqual({ ...mlx, isHere: false });
    expect(standingOf("local-mlx", [local])).toEqual({ ...mlx, runs: false });
  });
});
