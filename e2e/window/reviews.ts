import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const THINGS = ["lamp", "kettle", "chair", "headset", "backpack", "keyboard", "mug", "tent"];
const OPINIONS = [
  "It stopped working after %n days and nobody answers my letters",
  "I love it, after %n weeks it still looks like new",
  "It arrived on day %n in a brown box",
  "Number %n that I bought, and again I am very happy with it",
  "Waited %n days for it, and then it was broken",
  "It has the size that the page says, %n centimetres",
  "Worth every one of the %n euros, the best gift so far",
  "I asked for my %n euros back, it is a waste of money",
];

/** Short reviews, no two alike, as the rows of a table with an id and a text. */
export function reviews(count: number): { id: number; text: string }[] {
  return Array.from({ length: count }, (_, at) => {
    const thing = THINGS[at % THINGS.length];
    const opinion = OPINIONS[Math.floor(at * 1.7) % OPINIONS.length] ?? "";
    return { id: at + 1, text: `The ${thing}. ${opinion.replace("%n", String(at + 2))}` };
  });
}

/** Writes a table of reviews into a folder; returns its path. */
export async function writeReviews(folder: string, name: string, count: number): Promise<string> {
  const path = join(folder, `${name}.csv`);
  const lines = reviews(count).map(({ id, text }) => `${id},"${text}"`);
  await writeFile(path, ["id,text", ...lines, ""].join("\n"));
  return path;
}
