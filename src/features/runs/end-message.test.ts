import { describe, expect, it } from "vitest";
import type { AppError, RunProgress, RunStatus } from "~/ipc";
import { type EndedRun, endMessage, isWorthTelling } from "./end-message";

function ended(
  status: RunStatus,
  more: Partial<RunProgress> = {},
  error: AppError | null = null,
): EndedRun {
  const progress: RunProgress = {
    sheet: "s",
    column: 1,
    run: 1,
    rows_total: 1_000,
    rows_done: 1_000,
    rows_failed: 0,
    rows_before: 0,
    rows_reused: 0,
    rows_cut_off: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    elapsed_ms: 132_000,
    ...more,
  };
  return { status, progress, error };
}

const modelMissing: AppError = {
  code: "model_missing",
  message: "no model `llama` in the models folder",
  hint: "choose another model",
};

describe("a message about the end of a run", () => {
  it("is not given for what the person did, nor for tiny runs in view", () => {
    expect(isWorthTelling(ended("paused"), false)).toBe(false);
    expect(isWorthTelling(ended("cancelled"), false)).toBe(false);
    expect(isWorthTelling(ended("done", { rows_total: 5 }), true)).toBe(false);
    expect(isWorthTelling(ended("done", { rows_total: 5 }), false)).toBe(true);
    expect(isWorthTelling(ended("done", { rows_total: 20 }), true)).toBe(true);
  });

  it("is always given when a run could not go on", () => {
    expect(isWorthTelling(ended("failed", { rows_total: 1 }, modelMissing), true)).toBe(true);
    const cancelled: AppError = { code: "cancelled", message: "", hint: null };
    expect(isWorthTelling(ended("failed", {}, cancelled), true)).toBe(false);
  });

  it("offers the sheet only when it is not in view", () => {
    expect(endMessage(ended("done"), "Tickets", "Topic", true)).toMatchObject({
      kind: "success",
      action: null,
    });
    expect(endMessage(ended("done"), "Tickets", "Topic", false).action).toBe("open-sheet");
  });

  it("says what the run cost, where the backend says it", () => {
    const paid = endMessage(ended("done", { cost_usd: 0.25 }), "Tickets", "Topic", true);
    expect(paid.detail).toMatch(/^Tickets, in .+, for \$0\.25$/);
    expect(endMessage(ended("done"), "Tickets", "Topic", true).detail).not.toContain("for");
  });

  it("counts failed rows and offers to show them", () => {
    const message = endMessage(
      ended("done", { rows_done: 996, rows_failed: 4 }),
      "Tickets",
      "Topic",
      true,
    );
    expect(message).toMatchObject({ kind: "warning", action: "show-failed" });
    expect(message.title).toBe("Topic: 996 done, 4 failed");
  });

  it("says so when nothing worked", () => {
    const message = endMessage(
      ended("done", { rows_done: 0, rows_failed: 30 }),
      "Tickets",
      "Topic",
      true,
    );
    expect(message.title).toBe("Topic: all 30 rows failed");
  });

  it("passes nothing over: answers cut off and rows left out are named", () => {
    const message = endMessage(
      ended("done", { rows_cut_off: 2, rows_waiting: 1 }),
      "Tickets",
      "Topic",
      true,
    );
    expect(message.kind).toBe("warning");
    expect(message.detail).toContain("2 answers were cut off");
    expect(message.detail).toContain("1 row left out");
  });

  it("gives the reason, the hint and the way out when the model is missing", () => {
    const message = endMessage(ended("failed", {}, modelMissing), "Tickets", "Topic", true);
    expect(message).toMatchObject({ kind: "error", action: "choose-model" });
    expect(message.detail).toBe("No model `llama` in the models folder\nChoose another model");
  });

  it("tells that a limit is reached, and leads to a higher one", () => {
    const error: AppError = { code: "limit_reached", message: "the run cost `$1`", hint: null };
    const paused = ended("paused", {}, error);
    expect(isWorthTelling(paused, true)).toBe(true);
    expect(endMessage(paused, "Tickets", "Topic", true)).toMatchObject({
      kind: "warning",
      title: "Topic: the limit of this run is reached",
      action: "raise-limit",
    });
  });

  it("leads to the backends where a key is refused", () => {
    const error: AppError = { code: "key_refused", message: "refused", hint: null };
    const failed = endMessage(ended("failed", {}, error), "Tickets", "Topic", true);
    expect(failed.action).toBe("open-backends");
  });
});
