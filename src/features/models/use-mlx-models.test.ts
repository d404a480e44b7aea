import { beforeEach, expect, it, vi } from "vitest";
import type { AppError, Code, Download } from "~/ipc";
import type { AppState } from "~/state/app";
import { type MlxModel, newModelsState } from "~/state/models";
import type { ToastState } from "~/state/toasts";

const fake = vi.hoisted(() => ({
  mlxSelectModel: vi.fn(),
  mlxDownloadModel: vi.fn(),
  mlxDeleteModel: vi.fn(),
  mlxListModels: vi.fn(),
  downloads: vi.fn(),
  settings: vi.fn(),
}));

vi.mock("~/ipc", async (original) => ({ ...(await original<object>()), ipc: fake }));

const { changeDownload, downloadMlx, removeMlx, selectMlx } = await import("./use-mlx-models");

const model = (id: string, is_selected: boolean): MlxModel => ({
  id,
  title: id,
  repository: null,
  good_for: null,
  licence: null,
  size_bytes: 5_000_000,
  is_selected,
  status: { status: "downloaded", download: null, error: null },
  fraction: null,
});
const error = (code: Code): AppError => ({ code, message: "it is so", hint: null });

function bench() {
  const models = { ...newModelsState(), mlx: [model("a", true), model("b", false)] };
  const toasts: ToastState = { items: [], lastId: 0 };
  const app = { settings: {} } as AppState;
  const chosen = (): string[] => models.mlx.flatMap((one) => (one.is_selected ? [one.id] : []));
  return { models, toasts, app, chosen };
}

beforeEach(() => {
  for (const each of Object.values(fake)) each.mockReset();
  fake.downloads.mockResolvedValue([]);
  fake.settings.mockResolvedValue({ selected_mlx_model: "b" });
});

it("a choice is shown at once, and the last of several counts", async () => {
  const { models, toasts, app, chosen } = bench();
  const asked: string[] = [];
  fake.mlxSelectModel.mockImplementation(async (id: string) => void asked.push(id));
  fake.mlxListModels.mockResolvedValue([model("a", false), model("b", true)]);
  const first = selectMlx("a", app, models, toasts);
  const second = selectMlx("b", app, models, toasts);
  expect(chosen()).toEqual(["b"]);
  await Promise.all([first, second]);
  expect(asked).toEqual(["a", "b"]);
  expect(fake.mlxListModels).toHaveBeenCalledTimes(1);
  expect([chosen(), models.changed]).toEqual([["b"], 1]);
  expect(app.settings).toEqual({ selected_mlx_model: "b" });
});

it("a choice that fails is taken back and said", async () => {
  const { models, toasts, app, chosen } = bench();
  fake.mlxSelectModel.mockRejectedValue(error("storage"));
  fake.mlxListModels.mockResolvedValue([model("a", true), model("b", false)]);
  await selectMlx("b", app, models, toasts);
  expect(chosen()).toEqual(["a"]);
  expect(toasts.items).toHaveLength(1);
});

it("why a download cannot begin goes to its place, and a wish that comes late reads again", async () => {
  const { models, toasts } = bench();
  fake.mlxDownloadModel.mockRejectedValue(error("unreachable"));
  expect(await downloadMlx("a", models)).toMatchObject({ code: "unreachable" });
  fake.mlxListModels.mockResolvedValue([model("b", true)]);
  await changeDownload(Promise.reject(error("not_found")), models, toasts);
  expect([models.mlx.map(({ id }) => id), toasts.items]).toEqual([["b"], []]);
  await changeDownload(Promise.reject(error("storage")), models, toasts);
  expect(toasts.items).toHaveLength(1);
  await changeDownload(Promise.resolve({ id: 7, error: null } as Download), models, toasts);
  expect(models.downloads.map(({ id }) => id)).toEqual([7]);
});

it("a model goes and that is said; one that is in use stays, and the place says why", async () => {
  const { models, toasts, app } = bench();
  fake.mlxDeleteModel.mockRejectedValueOnce(error("conflict"));
  const refused = await removeMlx(model("a", true), app, models, toasts);
  expect([refused?.code, toasts.items]).toEqual(["conflict", []]);
  fake.mlxDeleteModel.mockResolvedValue({ bytes: 5_000_000, was_default: true });
  expect(await removeMlx(model("a", true), app, models, toasts)).toBe(null);
  expect(toasts.items[0]?.title).toBe("a was deleted: 5.0 MB are free");
  expect(fake.settings).toHaveBeenCalledTimes(1);
  fake.mlxDeleteModel.mockRejectedValueOnce(error("storage"));
  expect(await removeMlx(model("a", true), app, models, toasts)).toBe(null);
  expect(toasts.items).toHaveLength(2);
});
