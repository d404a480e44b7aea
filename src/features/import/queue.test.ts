import { expect, it } from "vitest";
import {
  addFiles,
  addText,
  clearQueue,
  currentEntry,
  emptyQueue,
  goOn,
  keepOnly,
  leftCount,
} from "./queue";

it("goes through files and texts one after another", () => {
  const queue = emptyQueue();
  expect(currentEntry(queue)).toBeNull();
  addFiles(queue, ["/a.csv", "/b.csv"]);
  addText(queue, "x\ty");
  expect(currentEntry(queue)?.source).toEqual({ kind: "file", path: "/a.csv" });
  expect(leftCount(queue)).toBe(3);
  expect(goOn(queue)).toBe(true);
  expect(goOn(queue)).toBe(true);
  expect(currentEntry(queue)?.source.kind).toBe("text");
  expect(goOn(queue)).toBe(false);
  expect(leftCount(queue)).toBe(0);
});

it("tells entries of the same file apart, also after it was emptied", () => {
  const queue = emptyQueue();
  addFiles(queue, ["/a.csv"]);
  const first = currentEntry(queue)?.id;
  clearQueue(queue);
  addFiles(queue, ["/a.csv"]);
  expect(currentEntry(queue)?.id).not.toBe(first);
});

it("sets files aside that are no tables", () => {
  const queue = emptyQueue();
  addFiles(queue, ["/a.png", "/b.jpg"]);
  expect(currentEntry(queue)).toBeNull();
  expect(queue.leftOut).toEqual(["/a.png", "/b.jpg"]);
});

it("keeps those that failed, from the first", () => {
  const queue = emptyQueue();
  addFiles(queue, ["/a.csv", "/b.csv", "/c.csv"]);
  const [, second, third] = queue.entries;
  goOn(queue);
  goOn(queue);
  keepOnly(
    queue,
    [second, third].filter((entry) => entry !== undefined),
  );
  expect(currentEntry(queue)?.source).toEqual({ kind: "file", path: "/b.csv" });
  expect(leftCount(queue)).toBe(2);
});
