import { expect, it } from "vitest";
import type { LiveRun, RunStatus } from "~/ipc";
import { sheetRuns } from "./sheet-runs";

function run(sheet: string, column: string, done: number, status: RunStatus = "running") {
  return {
    progress: { sheet, rows_total: 100, rows_done: done, rows_failed: 2, rows_before: done },
    status,
    sheet_name: sheet,
    column_name: column,
  } as LiveRun;
}

it("says nothing where nothing runs", () => {
  expect(sheetRuns("a", [run("b", "topic", 1)])).toBeNull();
});

it("counts rows that need no more work", () => {
  expect(sheetRuns("a", [run("a", "topic", 48)])).toEqual({
    label: "Filling topic",
    detail: "50 of 100",
    fraction: 0.5,
    isPaused: false,
  });
});

it("puts several columns together", () => {
  const both = [run("a", "topic", 98), run("b", "x", 0), run("a", "tone", 0, "queued")];
  expect(sheetRuns("a", both)).toMatchObject({
    label: "Filling 2 columns",
    detail: "102 of 200",
    fraction: 0.51,
  });
});

it("says when everything waits or is paused", () => {
  expect(sheetRuns("a", [run("a", "t", 0, "paused")])).toMatchObject({
    label: "Paused",
    isPaused: true,
  });
  expect(sheetRuns("a", [run("a", "t", 0, "queued")])?.label).toBe("Waiting");
});
