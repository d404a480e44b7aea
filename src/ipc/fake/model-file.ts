import type { ModelFile } from "../bindings";
import { HOME } from "./disk";

/** A model file in the models folder that nobody has used yet, unless told otherwise. */
export function modelFile(
  name: string,
  sizeBytes: number,
  more: Partial<ModelFile> = {},
): ModelFile {
  return {
    name,
    runtime: "gguf",
    path: `${HOME}/models/${name}`,
    size_bytes: sizeBytes,
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
