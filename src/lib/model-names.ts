/** What the name of a model means, as the Rust side resolves it, and how it is shown. */

/**
 * The files that a stored name means: the name in the list (or its path), the file's name with or
 * without its ending, or its beginning. More than one where the name is ambiguous. A copy that was
 * tuned for a machine does not take the beginning of its name from its original.
 */
export function modelsNamed<T extends { name: string; path: string; tuned?: object | null }>(
  name: string,
  models: readonly T[],
): T[] {
  if (name === "") return [];
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
