/** Which file a model's name means, as the Rust side resolves it. */
import type { ModelFile } from "~/ipc";

/**
 * The file that a stored name means: the name in the list, the file's name with or without its
 * ending, or the only one that begins so. Null when it means none, or more than one.
 */
export function modelNamed(name: string, models: readonly ModelFile[]): ModelFile | null {
  if (name === "") return null;
  const tests: ((model: ModelFile) => boolean)[] = [
    (model) => model.name === name || model.path === name,
    (model) => fileName(model.name) === name,
    (model) => withoutEnding(fileName(model.name)) === name,
    (model) => fileName(model.name).toLowerCase().startsWith(name.toLowerCase()),
  ];
  for (const isMeant of tests) {
    const found = models.filter(isMeant);
    if (found.length > 0) return found.length === 1 ? (found[0] ?? null) : null;
  }
  return null;
}

/** The last part of a path, whichever way its slashes lean. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** A model's name as it is shown. */
export function withoutEnding(name: string): string {
  return name.replace(/\.gguf$/i, "");
}
