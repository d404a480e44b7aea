import type { ModelFile } from "~/ipc";

/** The model that the first run is made with when nobody chose one. */
const STARTER_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";

/** What a model name in a recipe means on this computer. */
export type ModelStanding =
  | { kind: "found"; model: ModelFile }
  | { kind: "none" }
  | { kind: "missing" }
  | { kind: "ambiguous"; names: string[] }
  /** A path outside the list; only a run can tell whether the file is there. */
  | { kind: "path" };

/** The model for new columns: the one chosen in the settings, else the starter, else the only one. */
export function defaultModel(models: readonly ModelFile[], chosen: string): string {
  if (chosen !== "") return chosen;
  const starter = models.find((model) => fileName(model.name) === STARTER_MODEL);
  return (starter ?? (models.length === 1 ? models[0] : undefined))?.name ?? "";
}

/** Reads a recipe's model name as the Rust side does: a listed name, a file name, or a beginning. */
export function standingOf(name: string, models: readonly ModelFile[]): ModelStanding {
  if (name === "") return { kind: "none" };
  const low = name.toLowerCase();
  const meanings: ((model: ModelFile) => boolean)[] = [
    (model) => model.name === name,
    (model) => fileName(model.name) === name,
    (model) => bareName(model.name) === name,
    (model) => fileName(model.name).toLowerCase().startsWith(low),
  ];
  for (const isMeant of meanings) {
    const found = models.filter(isMeant);
    const [model] = found;
    if (found.length === 1 && model !== undefined) return { kind: "found", model };
    if (found.length > 1) return { kind: "ambiguous", names: found.map((one) => one.name) };
  }
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(name) ? { kind: "path" } : { kind: "missing" };
}

function fileName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** A model's name as people say it: without folder and ending. */
export function bareName(name: string): string {
  return fileName(name).replace(/\.gguf$/i, "");
}
