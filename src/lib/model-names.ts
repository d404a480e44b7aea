/** What the name of a model means, as the Rust side resolves it, and how it is shown. */

/** What a recipe calls the model for MLX that is chosen, whichever that is at the time. */
export const LOCAL_MLX = "local-mlx";

/** What of a model matters for what its name means. */
interface NamedModel {
  name: string;
  path: string;
  tuned?: object | null;
  is_local_mlx?: boolean;
}

/**
 * The files that a stored name means: the name in the list (or its path), the file's name with or
 * without its ending, or its beginning. More than one where the name is ambiguous. A copy that was
 * tuned for a machine does not take the beginning of its name from its original.
 */
export function modelsNamed<T extends NamedModel>(name: string, models: readonly T[]): T[] {
  if (name === "") return [];
  if (name === LOCAL_MLX) return models.filter(({ is_local_mlx }) => is_local_mlx);
  const begins = name.toLowerCase();
  const isBegun = (model: T): boolean => fileName(model.name).toLowerCase().startsWith(begins);
  const meanings: ((model: T) => boolean)[] = [
    (model) => model.name === name || model.path === name,
    (model) => fileName(model.name) === name,
    (model) => bareName(model.name) === name,
    (model) => (model.tuned ?? null) === null && isBegun(model),
    isBegun,
  ];
  for (const isMeant of meanings) {
    const found = models.filter(isMeant);
    if (found.length > 0) return found;
  }
  return [];
}

/** The last part of a path, whichever way its slashes lean. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** A name without the ending that every model file has. */
export function withoutEnding(name: string): string {
  return name.replace(/\.gguf$/i, "");
}

/** A model's name as people say it: without folder and ending. */
export function bareName(name: string): string {
  return withoutEnding(fileName(name));
}

/** A model that another machine answers for, as recipes name it: `backend:model`. */
export interface RemoteModel {
  /** The backend's id; an alias is told by what it stands for. */
  backend: string;
  model: string;
}

/** The backends that are always there, and what else they are called. */
const BUILT_IN: Readonly<Record<string, string>> = {
  huggingface: "huggingface",
  hf: "huggingface",
  openrouter: "openrouter",
  openai: "openai",
};

/**
 * What `backend:model` means, where `endpoints` are the ids that a person added; null for a model on
 * this computer. A drive (`C:\x.gguf`) is no backend: ids have at least two characters.
 */
export function remoteModel(name: string, endpoints: readonly string[]): RemoteModel | null {
  const found = /^([a-z][a-z0-9-]{1,31}):(.+)$/s.exec(name.trim());
  const [, id, model] = found ?? [];
  if (id === undefined || model === undefined) return null;
  const backend = Object.hasOwn(BUILT_IN, id) ? BUILT_IN[id] : endpoints.find((one) => one === id);
  return backend === undefined ? null : { backend, model };
}

/** The backend that a name begins with, whether there is one of this id or not. */
export function namedBackend(name: string): string | null {
  const [, id] = /^([a-z][a-z0-9-]{1,31}):(?![\\/]).+$/s.exec(name.trim()) ?? [];
  return id ?? null;
}

/** The ids of the endpoints that a person added. */
export function endpointIds(settings: {
  backends: { endpoints?: readonly { id?: string }[] };
}): string[] {
  return (settings.backends.endpoints ?? []).flatMap(({ id }) => id ?? []);
}

/** A model's name where there is little room: a file without folder and ending, a remote one whole. */
export function shortModelName(name: string): string {
  return /^[a-z][a-z0-9-]{1,31}:(?!\/\/)/.test(name) ? name : bareName(name);
}
