/** What a combobox lists for what is typed. */

interface Named {
  value: string;
  label: string;
  hint?: string | undefined;
}

/** Options under a heading of their own. */
export interface OptionGroup<T extends Named = Named & { disabled?: boolean | undefined }> {
  id: string;
  label: string;
  options: readonly T[];
  /** Whether its owner looked for what is typed already; otherwise it is looked for here. */
  found?: boolean | undefined;
  /** Said below the heading: why there are no options, or not all. */
  note?: string | undefined;
  /** Whether more may come. */
  busy?: boolean | undefined;
}

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

/** The groups as they are shown: those with nothing to show and nothing to say are left out. */
export function shownGroups<T extends Named>(
  groups: readonly OptionGroup<T>[],
  typed: string,
): OptionGroup<T>[] {
  return groups
    .map((group) => ({
      ...group,
      options: group.found ? group.options : matchingOptions(group.options, typed),
    }))
    .filter(({ options, note, busy }) => options.length > 0 || note !== undefined || busy);
}
