/**
 * The options that hold every typed word, those that begin with the text first. All of them when
 * nothing is typed.
 */
export function matchingOptions<T extends { label: string; hint?: string | undefined }>(
  options: readonly T[],
  typed: string,
): T[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === "") return [...options];
  const words = wanted.split(/\s+/);
  const ranked = options.flatMap((option) => {
    const label = option.label.toLocaleLowerCase();
    const all = `${label} ${option.hint?.toLocaleLowerCase() ?? ""}`;
    if (!words.every((word) => all.includes(word))) return [];
    const rank = label.startsWith(wanted) ? 0 : label.includes(wanted) ? 1 : 2;
    return [{ option, rank }];
  });
  return ranked.sort((one, other) => one.rank - other.rank).map(({ option }) => option);
}
