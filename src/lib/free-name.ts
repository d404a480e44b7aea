/**
 * The wanted name, or the same with the first number from 2 on that nobody has. Letter case and
 * blanks around a name make no difference, as for the names of columns.
 */
export function freeName(wanted: string, taken: readonly string[]): string {
  const all = new Set(taken.map(folded));
  let name = wanted;
  for (let number = 2; all.has(folded(name)); number += 1) name = `${wanted} ${number}`;
  return name;
}

function folded(name: string): string {
  return name.trim().toLowerCase();
}
