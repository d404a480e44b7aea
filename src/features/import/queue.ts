import type { Source } from "./choices";
import { importable } from "./formats";

/** One thing to import. */
export interface Entry {
  /** Tells entries apart, also where the same file waits twice. */
  id: number;
  source: Source;
}

/** What waits to be imported, one after another. */
export interface Queue {
  entries: Entry[];
  /** The position of the one that is shown. */
  at: number;
  /** Files that came with others and are no tables. */
  leftOut: string[];
  lastId: number;
}

/** A queue in which nothing waits. */
export function emptyQueue(): Queue {
  return { entries: [], at: 0, leftOut: [], lastId: 0 };
}

/** Puts files at the end. Of several at once, those that are no tables are set aside. */
export function addFiles(queue: Queue, paths: readonly string[]): void {
  const { files, leftOut } = importable(paths);
  for (const path of files) add(queue, { kind: "file", path });
  queue.leftOut = [...queue.leftOut, ...leftOut];
}

/** Puts a pasted text at the end. */
export function addText(queue: Queue, text: string): void {
  add(queue, { kind: "text", text });
}

function add(queue: Queue, source: Source): void {
  queue.lastId += 1;
  queue.entries = [...queue.entries, { id: queue.lastId, source }];
}

/** The one that is shown. */
export function currentEntry(queue: Queue): Entry | null {
  return queue.entries[queue.at] ?? null;
}

/** How many are left, the present one included. */
export function leftCount(queue: Queue): number {
  return Math.max(0, queue.entries.length - queue.at);
}

/** Goes on to the next one; whether there is one. */
export function goOn(queue: Queue): boolean {
  queue.at += 1;
  return currentEntry(queue) !== null;
}

/** Leaves only these, from the first; used for those that failed when all were imported. */
export function keepOnly(queue: Queue, entries: readonly Entry[]): void {
  queue.entries = [...entries];
  queue.at = 0;
}

/** Empties the queue. */
export function clearQueue(queue: Queue): void {
  queue.entries = [];
  queue.at = 0;
  queue.leftOut = [];
}
