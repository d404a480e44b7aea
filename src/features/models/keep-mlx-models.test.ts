import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Event, MlxModelInfo, ModelStatus } from "~/ipc";
import { type ModelsState, newModelsState } from "~/state/models";

const fake = vi.hoisted(() => ({
  mlxListModels: vi.fn(),
  listeners: new Set<(event: unknown) => void>(),
}));

vi.mock("~/ipc", async (original) => ({
  ...(await original<object>()),
  ipc: { mlxListModels: fake.mlxListModels },
  onEvent: (listener: (event: unknown) => void) => {
    fake.listeners.add(listener);
    return () => fake.listeners.delete(listener);
  },
}));

const { keepMlxModels } = await import("./keep-mlx-models");

function info(id: string, status: ModelStatus): MlxModelInfo {
  const said = { title: id, repository: null, good_for: null, licence: null, is_selected: false };
  return { id, size_bytes: 1, ...said, status: { status, download: null, error: null } };
}

function say(event: Event): void {
  for (const listener of fake.listeners) listener(event);
}
const change = (model: string, status: ModelStatus, fraction: number | null = null): void =>
  say({ event: "mlx-model-state-changed", model, status, fraction, error: null });

const shown = ({ mlx }: ModelsState): string[] =>
  mlx.map(({ id, status, fraction }) => `${id} ${status.status} ${fraction}`);

beforeEach(() => {
  vi.useFakeTimers();
  fake.mlxListModels.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  fake.listeners.clear();
});

async function kept(...infos: MlxModelInfo[]) {
  fake.mlxListModels.mockResolvedValue(infos);
  const state = newModelsState();
  const stop = keepMlxModels(state);
  await vi.advanceTimersByTimeAsync(0);
  return { state, stop };
}

it("the list is read at the start, and when models came or went", async () => {
  const { state, stop } = await kept(info("a", "available"));
  expect(shown(state)).toEqual(["a available null"]);
  fake.mlxListModels.mockResolvedValue([info("a", "downloaded"), info("b", "ready")]);
  say({ event: "models_changed" });
  await vi.advanceTimersByTimeAsync(0);
  expect(shown(state)).toEqual(["a downloaded null", "b ready null"]);
  stop();
  expect(fake.listeners.size).toBe(0);
});

it("status and progress come with the events, and the end of it with a new list", async () => {
  const { state, stop } = await kept(info("a", "available"));
  change("a", "downloading", 0.25);
  change("a", "downloading", 0.5);
  expect(shown(state)).toEqual(["a downloading 0.5"]);
  expect(fake.mlxListModels).toHaveBeenCalledTimes(1);
  fake.mlxListModels.mockResolvedValue([info("a", "downloaded")]);
  change("a", "downloaded", 1);
  change("a", "downloaded");
  await vi.advanceTimersByTimeAsync(0);
  expect(fake.mlxListModels).toHaveBeenCalledTimes(2);
  expect(shown(state)).toEqual(["a downloaded null"]);
  stop();
});

it("what is heard while the list is read counts more than the list", async () => {
  const { state, stop } = await kept(info("a", "downloaded"));
  let answer: (list: MlxModelInfo[]) => void = () => {};
  fake.mlxListModels.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
  say({ event: "models_changed" });
  change("a", "loading", 0.5);
  answer([info("a", "downloaded")]);
  await vi.advanceTimersByTimeAsync(0);
  expect(shown(state)).toEqual(["a loading 0.5"]);
  stop();
});

it("of two lists the later one counts, in whichever order they come", async () => {
  const { state, stop } = await kept();
  const answers: ((list: MlxModelInfo[]) => void)[] = [];
  fake.mlxListModels.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
  say({ event: "models_changed" });
  say({ event: "models_changed" });
  answers[1]?.([info("new", "ready")]);
  answers[0]?.([info("old", "ready")]);
  await vi.advanceTimersByTimeAsync(0);
  expect(shown(state)).toEqual(["new ready null"]);
  stop();
});

it("a list that cannot be read is asked for again, until nobody wants it", async () => {
  fake.mlxListModels.mockRejectedValueOnce(new Error("no"));
  const state = newModelsState();
  const stop = keepMlxModels(state);
  await vi.advanceTimersByTimeAsync(0);
  expect(shown(state)).toEqual([]);
  fake.mlxListModels.mockResolvedValue([info("a", "ready")]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(shown(state)).toEqual(["a ready null"]);
  fake.mlxListModels.mockRejectedValueOnce(new Error("no"));
  say({ event: "models_changed" });
  await vi.advanceTimersByTimeAsync(0);
  stop();
  const calls = fake.mlxListModels.mock.calls.length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(fake.mlxListModels).toHaveBeenCalledTimes(calls);
});
