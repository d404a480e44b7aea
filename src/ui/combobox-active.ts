/** Which option of a combobox Enter takes. Called by the combobox only. */
import type { OptionGroup } from "./option-search";
import type { Option } from "./select";

/** What is listed now. */
export interface Listed {
  groups: readonly OptionGroup<Option>[];
  /** Listed last, and active by itself only where nothing else can be chosen. */
  lastResort?: Option | undefined;
  /** Listed below everything, and never active by itself: it is no choice but leads elsewhere. */
  aside?: Option | undefined;
}

/** All that is listed, in its order. */
export function listedOptions({ groups, lastResort, aside }: Listed): Option[] {
  const options = groups.flatMap((group) => group.options);
  return [...options, ...[lastResort, aside].filter((one) => one !== undefined)];
}

/**
 * The value that is active: the one that was, while it is listed, wherever it moved to; else the
 * first that can be chosen. The last resort is not that while more may come: somebody who searches
 * and presses Enter means what is found.
 */
export function activeValue(listed: Listed, active: string | null): string | null {
  const options = listedOptions(listed);
  if (active !== null && options.some((option) => option.value === active)) return active;
  const { groups, lastResort } = listed;
  const isFree = (option: Option | undefined): boolean => option !== undefined && !option.disabled;
  const found = groups.flatMap((group) => group.options).find(isFree);
  if (found !== undefined) return found.value;
  const mayGrow = groups.some((group) => group.busy);
  return !mayGrow && isFree(lastResort) ? (lastResort?.value ?? null) : null;
}
