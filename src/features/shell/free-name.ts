/** The name itself, or with the first number from 2 on that is not taken yet. */
export function freeName(name: string, taken: readonly string[]): string {
  const all = new Set(taken);
  if (!all.has(name)) return name;
  let number = 2;
  while (all.has(`${name} ${number}`)) number += 1;
  return `${name} ${number}`;
}
