import { copyFile, link, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";

/** The starter model on this machine. */
const MODEL = process.env.BRAINCELLS_TEST_MODEL ?? "";

/** Puts the starter model into the models folder of a home; returns the path of it there. */
export async function addModel(home: string): Promise<string> {
  if (!MODEL) throw new Error("BRAINCELLS_TEST_MODEL names no model; run scripts/window-test");
  const folder = join(home, "models");
  await mkdir(folder, { recursive: true });
  const place = join(folder, basename(MODEL));
  // A hard link where the file system has them: a hundred megabytes less for each home.
  await link(MODEL, place).catch(() => copyFile(MODEL, place));
  return place;
}
