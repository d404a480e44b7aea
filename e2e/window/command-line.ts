import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Started } from "../started";

/** The built command line. */
const PROGRAM = process.env.BRAINCELLS_CLI ?? "";

/** More than any output of these specs. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A row of a sheet, by the names of its columns. */
export type Row = Record<string, unknown>;

/** One entry in the history of a cell, as far as specs look at it. */
export interface Entry {
  seq: number;
  state: string;
  value: unknown;
  run: number | null;
  undone: boolean;
}

/** A run, as far as specs look at it. */
export interface Run {
  id: number;
  status: string;
  rows_total: number;
  rows_done: number;
  rows_failed: number;
}

/** Runs the command line over a home, and returns what it says on stdout. */
async function say(home: string, args: string[]): Promise<string> {
  if (!PROGRAM) throw new Error("BRAINCELLS_CLI names no program; run scripts/window-test");
  const { stdout } = await promisify(execFile)(PROGRAM, ["--home", home, ...args], {
    maxBuffer: MOST_BYTES,
  });
  return stdout;
}

/** What a verb found out: its last line with `--json`. */
async function result<T>(home: string, args: string[]): Promise<T> {
  const lines = (await say(home, [...args, "--json"])).trimEnd().split("\n");
  return JSON.parse(lines.at(-1) ?? "") as T;
}

/** Every row of a sheet in the order of the sheet. While the program has it: as it is stored. */
export async function rowsOf(home: string, sheet: string): Promise<Row[]> {
  const lines = await say(home, ["export", sheet, "-o", "-", "--out-format", "jsonl", "--quiet"]);
  const filled = lines.split("\n").filter((line) => line !== "");
  return filled.map((line) => JSON.parse(line) as Row);
}

/** The runs of a sheet, the first one first. */
export async function runsOf(home: string, sheet: string): Promise<Run[]> {
  const { runs } = await result<{ runs: Run[] }>(home, ["runs", sheet]);
  return runs.sort((one, other) => one.id - other.id);
}

/** Everything that happened to a cell; `row` counts from 1. */
export async function historyOf(
  home: string,
  sheet: string,
  row: number,
  column: string,
): Promise<Entry[]> {
  const args = ["history", sheet, String(row), column];
  return (await result<{ entries: Entry[] }>(home, args)).entries;
}

/** The names of the sheets of a home. */
export async function sheetsOf(home: string): Promise<string[]> {
  const { sheets } = await result<{ sheets: { name: string }[] }>(home, ["sheets"]);
  return sheets.map(({ name }) => name);
}

/** Makes a sheet of a file, under a name. */
export async function importFile(home: string, path: string, name: string): Promise<void> {
  await say(home, ["import", path, "--name", name, "--quiet"]);
}

/** Reads a file that was exported, as a person with the command line would. */
export async function rowsOfFile(path: string): Promise<Row[]> {
  const home = await mkdtemp(join(tmpdir(), "braincells-read-"));
  try {
    await importFile(home, path, basename(path));
    return await rowsOf(home, basename(path));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What is on disk of a home at this moment, to be looked at without touching the home itself. */
export async function copyHome(home: string): Promise<{ folder: string } & Started> {
  const folder = await mkdtemp(join(tmpdir(), "braincells-copy-"));
  for (const part of ["braincells.sqlite", "braincells.sqlite-wal", "sheets"]) {
    await cp(join(home, part), join(folder, part), { recursive: true }).catch(() => {
      // A write-ahead log is there only while something has not gone into its file.
    });
  }
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}
