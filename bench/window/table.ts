import { once } from "node:events";
import { createWriteStream } from "node:fs";

/** How many values the column `bucket` has. */
export const BUCKETS = 100;

/** The columns of the table: a few that are sorted and filtered by, and filling. */
export const NAMES = ["id", "number", "word", "bucket"];
const FILLING = 16;

/** A number below `rows` for each row, no two alike, in no visible order. */
export function shuffled(row: number, rows: number): number {
  return (row * 7_919 + 13) % rows;
}

/** Writes a CSV file of `rows` rows and 20 columns of texts and numbers. */
export async function writeTable(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path, { highWaterMark: 1 << 20 });
  const fillers = Array.from({ length: FILLING }, (_, index) => `filling_${index}`);
  file.write(`${[...NAMES, ...fillers].join(",")}\n`);
  for (let row = 0; row < rows; row += 1) {
    const number = shuffled(row, rows);
    const word = `w${String(shuffled(number, rows)).padStart(7, "0")}`;
    const bucket = `b${String(number % BUCKETS).padStart(2, "0")}`;
    const cells = fillers.map((_, index) =>
      index % 2 === 0 ? `text ${(number * (index + 3)) % 99_991} of a row` : (row * index) / 8,
    );
    if (!file.write(`${[row, number, word, bucket, ...cells].join(",")}\n`)) {
      await once(file, "drain");
    }
  }
  file.end();
  await once(file, "finish");
}
