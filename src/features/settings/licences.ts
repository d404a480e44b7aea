/** The list of licences, searched. */
import type { Licence } from "~/ipc";

/** The components whose name or licence has every word of the search, by name. */
export function foundLicences(licences: readonly Licence[], search: string): Licence[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return licences
    .filter((licence) => {
      const text = `${licence.name} ${licence.version} ${shortLicence(licence)}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

/** A licence in a few words: its expression, or the first line of its text. */
export function shortLicence({ licence }: Licence): string {
  const first = licence.trim().split("\n", 1)[0]?.trim() ?? "";
  return first.length > 80 ? `${first.slice(0, 79)}…` : first;
}

/** Whether there is more to read than the few words. */
export function hasText(licence: Licence): boolean {
  return licence.licence.trim() !== shortLicence(licence);
}
