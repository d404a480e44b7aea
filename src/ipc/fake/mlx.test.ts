import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event } from "../bindings";
import { fakeCommands } from "./commands";
import { breakDownload } from "./downloads";
import { makeScene } from "./scenes";

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const QWEN = "mlx-community--Qwen3-1.7B-4bit";
const GEMMA = "mlx-community--gemma-3-1b-it-qat-4bit";

function open(name: string) {
  const { world, runner } = makeScene(name);
  const events: Event[] = [];
  world.connect(
    (batch) => events.push(...batch),
    () => {},
  );
  return { world, fake: fakeCommands(world, runner), events };
}

const coded = (code: string) => expect.objectContaining({ code });

test("where MLX does not run there are no models for it, and everything else says so", async () => {
  const { fake } = open("example");
  expect(await fake.mlxListModels()).toEqual([]);
  for (const ask of [fake.mlxGetModelStatus, fake.mlxDownloadModel, fake.mlxDeleteModel]) {
    expect(() => ask(QWEN)).toThrow(coded("model_missing"));
  }
  const reference = "mlx-qwen3-1.7b";
  expect(() => fake.downloadModel({ reference, label: null })).toThrow(coded("bad_input"));
});

test("one is fetched, gets its own events, is chosen and deleted", async () => {
  const { world, fake, events } = open("mlx");
  world.downloadBytesPerSecond = 400_000_000;
  const { name } = await fake.mlxDownloadModel("mlx-gemma-3-1b-it");
  expect(name).toBe(GEMMA);
  expect(() => fake.mlxDeleteModel(GEMMA)).toThrow(coded("conflict"));
  await vi.advanceTimersByTimeAsync(1000);
  expect(await fake.mlxGetModelStatus(GEMMA)).toMatchObject({ status: "downloading" });
  await vi.advanceTimersByTimeAsync(30_000);
  const said = events.flatMap((event) =>
    event.event === "mlx-model-state-changed" && event.model === GEMMA ? [event.status] : [],
  );
  expect([...new Set(said)]).toEqual(["downloading", "downloaded"]);
  await fake.mlxSelectModel(GEMMA);
  const chosen = (await fake.listLocalModels()).find((model) => model.is_local_mlx);
  expect([chosen?.name, chosen?.runtime]).toEqual([GEMMA, "mlx"]);
  expect(await fake.mlxDeleteModel("")).toMatchObject({ name: GEMMA });
  const list = await fake.mlxListModels();
  expect(list.map(({ is_selected, status }) => [is_selected, status.status])).toEqual([
    [false, "downloaded"],
    [true, "available"],
    [false, "available"],
    [false, "available"],
  ]);
});

test("whether one fits exactly is not to be known, as on the real side", async () => {
  const { fake } = open("mlx");
  const reference = "mlx-community/Qwen3-1.7B-4bit";
  const asked = Promise.resolve(fake.hubFit(reference, "4bit"));
  const refused = expect(asked).rejects.toEqual(coded("bad_input"));
  await vi.advanceTimersByTimeAsync(1000);
  await refused;
});

test("only a download that is open is tried again or given up", async () => {
  const { world, fake } = open("mlx");
  for (const ask of [fake.mlxRetryDownload, fake.mlxCancelDownload]) {
    expect(() => ask(GEMMA)).toThrow(coded("not_found"));
  }
  world.downloadBytesPerSecond = 1_000_000;
  await fake.mlxDownloadModel(GEMMA);
  await vi.advanceTimersByTimeAsync(300);
  breakDownload(world, { code: "disk_full", message: "full", hint: null }, true);
  await vi.advanceTimersByTimeAsync(300);
  expect(await fake.mlxGetModelStatus(GEMMA)).toMatchObject({
    status: "failed",
    error: { code: "disk_full" },
  });
  expect(await fake.mlxRetryDownload(GEMMA)).toMatchObject({ state: "queued" });
  expect(await fake.mlxCancelDownload(GEMMA)).toMatchObject({ state: "cancelled" });
  expect((await fake.mlxGetModelStatus(GEMMA)).status).toBe("available");
});

test("what is at work, and what is not here, is not deleted", () => {
  const { world, fake } = open("mlx");
  for (const status of ["loading", "running"] as const) {
    for (const model of world.models) model.status = status;
    expect(() => fake.mlxDeleteModel(QWEN)).toThrow(coded("conflict"));
  }
  expect(() => fake.mlxDeleteModel("nobody--nothing")).toThrow(coded("model_missing"));
  expect(() => fake.mlxDownloadModel("nobody/nothing")).toThrow(coded("not_found"));
});

test("a text stays as it was where the model is not here", async () => {
  const { fake } = open("mlx");
  const process = async (id: string) => {
    const answer = fake.mlxProcessText(id, "Mend it", " so ", "task");
    await vi.advanceTimersByTimeAsync(1000);
    return answer;
  };
  expect(await process("")).toEqual({ text: "so", problem: null });
  expect(await process(GEMMA)).toMatchObject({ text: " so ", problem: { code: "model_missing" } });
});
