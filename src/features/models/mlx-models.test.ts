import { describe, expect, it } from "vitest";
import type { Download, MlxModelInfo, MlxModelState, ModelStatus } from "~/ipc";
import type { MlxModel } from "~/state/models";
import {
  downloadOfMlx,
  isHere,
  isNews,
  missingText,
  mlxBytes,
  mlxOptions,
  mlxStatusText,
  withChosen,
  withHeard,
  withRead,
} from "./mlx-models";
import { titleOf } from "./words";

function info(id: string, status: ModelStatus, more: Partial<MlxModelInfo> = {}): MlxModelInfo {
  return {
    id,
    title: id.toUpperCase(),
    repository: `o/${id}`,
    good_for: "much",
    licence: "mit",
    size_bytes: 1000,
    is_selected: false,
    status: { status, download: null, error: null },
    ...more,
  };
}

const listOf = (...infos: MlxModelInfo[]): MlxModel[] => withRead(infos, []);

function heard(model: string, status: ModelStatus, fraction: number | null = null): MlxModelState {
  return { model, status, fraction, error: null };
}

function download(name: string, more: Partial<Download> = {}): Download {
  const running = { state: "running", bytes_per_second: 5, bytes_done: 420, bytes_total: 1000 };
  return { id: 1, name, error: null, elsewhere: false, ...running, ...more } as Download;
}

describe("what is heard of a model for MLX", () => {
  const list = listOf(info("a", "available"), info("b", "downloaded"));

  it("is taken at once, as far as it would be seen", () => {
    const begun = withHeard(list, heard("a", "downloading", 0.421));
    expect(begun[0]).toMatchObject({ fraction: 0.421, status: { status: "downloading" } });
    expect(begun[1]).toBe(list[1]);
    expect(withHeard(begun, heard("a", "downloading", 0.425))).toBe(begun);
    expect(withHeard(begun, heard("a", "downloading", 0.431))).not.toBe(begun);
    expect(withHeard(list, heard("other", "ready"))).toBe(list);
  });

  it("has the list read anew where a model came, went or failed", () => {
    expect(isNews(list, heard("a", "downloading"))).toBe(false);
    expect(isNews(list, heard("b", "downloaded"))).toBe(false);
    expect(isNews(list, heard("a", "downloaded"))).toBe(true);
    expect(isNews(list, heard("b", "available"))).toBe(true);
    expect(isNews(list, heard("b", "failed"))).toBe(true);
    expect(isNews(list, heard("new", "ready"))).toBe(true);
    // Ten times a second, of one that is not in the list before it is here.
    expect(isNews(list, heard("new", "downloading"))).toBe(false);
  });

  it("outlives a list that is read while it is true, and no longer", () => {
    const loading = withHeard(list, heard("b", "loading", 0.5));
    expect(withRead([info("b", "loading")], loading)[0]?.fraction).toBe(0.5);
    expect(withRead([info("b", "ready")], loading)[0]?.fraction).toBe(null);
  });

  it("has hints of use in the window", () => {
    const hint = "then give your token: `braincells keys set huggingface`";
    const error = { code: "key_refused" as const, message: "no", hint };
    const failed = withHeard(list, { ...heard("a", "failed"), error });
    expect(failed[0]?.status.error?.hint).not.toContain("braincells");
  });
});

describe("a model for MLX in words", () => {
  it.each<[ModelStatus, number | null, Partial<Download> | null, string]>([
    ["available", null, null, "Not downloaded"],
    ["downloading", 0.42, null, "Downloading 42%"],
    ["downloading", 0.1, {}, "Downloading 42%"],
    ["downloading", null, { state: "paused" }, "Paused 42%"],
    ["failed", null, { state: "failed" }, "Failed"],
    ["failed", null, null, "Cannot be used"],
    ["downloaded", null, null, "Downloaded"],
    ["loading", 0.999, null, "Loading 99%"],
    ["loading", null, null, "Loading"],
    ["ready", null, null, "Ready, in memory"],
    ["running", 1, null, "Working"],
  ])("%s %s %j is “%s”", (status, fraction, its, expected) => {
    const model = { ...info("a", status), fraction };
    expect(mlxStatusText(model, its === null ? null : download("a", its))).toBe(expected);
  });

  it("is called without the owner that its folder begins with", () => {
    expect(titleOf({ name: "mlx-community--Qwen3-1.7B-4bit" })).toBe("Qwen3-1.7B-4bit");
    expect(titleOf({ name: "bartowski--Llama-GGUF/Llama--3-Q4.gguf" })).toBe("Llama--3-Q4");
  });

  it("says why columns get no cells, and nothing while they do", () => {
    const chosen = (status: ModelStatus) =>
      missingText(listOf(info("b", "ready"), info("a", status, { is_selected: true })));
    expect(chosen("available")).toContain("Download it first");
    expect(chosen("downloading")).toContain("on its way");
    expect(chosen("failed")).toContain("keep their values");
    for (const status of ["downloaded", "loading", "ready", "running"] as const) {
      expect(chosen(status)).toBe(null);
    }
    expect(missingText(listOf(info("a", "ready")))).toContain("Download it first");
  });

  it("is offered to columns under one name, where MLX runs", () => {
    const list = withChosen(listOf(info("a", "ready"), info("b", "available")), "b");
    expect(mlxOptions(list)).toEqual([{ value: "local-mlx", label: "Local (MLX)", hint: "B" }]);
    expect(mlxOptions([])).toEqual([]);
  });
});

it("what is here and what is on its way takes space", () => {
  const list = listOf(info("a", "ready"), info("b", "downloading"), info("c", "available"));
  const state = { downloads: [download("b")], isRead: true };
  expect(mlxBytes(list, state)).toBe(1420);
  const failed = { ...info("b", "failed"), fraction: null };
  const broken = downloadOfMlx(
    { downloads: [download("b", { state: "failed" })], isRead: true },
    failed,
  );
  expect([broken?.state, isHere(failed, broken), isHere(failed, null)]).toEqual([
    "failed",
    false,
    true,
  ]);
  const over = { downloads: [download("b", { state: "done" })], isRead: true };
  expect(downloadOfMlx(over, failed)).toBe(null);
});
