import { component$, useContextProvider, useStore } from "@builder.io/qwik";
import { createDOM } from "@builder.io/qwik/testing";
import { beforeEach, expect, it, vi } from "vitest";
import { AppContext, type AppState } from "~/state/app";
import { ModelsContext, type ModelsState, newModelsState } from "~/state/models";
import { RunsContext } from "~/state/runs";
import { ToastContext } from "~/state/toasts";

const fake = vi.hoisted(() => ({
  sheets: vi.fn(),
  trash: vi.fn(),
  createExampleSheet: vi.fn(),
  listLocalModels: vi.fn(),
  recommendedModels: vi.fn(),
  scanModels: vi.fn(),
}));

vi.mock("~/ipc", async (original) => ({ ...(await original<object>()), ipc: fake }));

const { Home } = await import("./home");
const { Failure } = await import("~/ipc");

const seen: { app: AppState | null; models: ModelsState | null } = { app: null, models: null };

const Window = component$(() => {
  const settings = { model: "", backends: {} };
  const app = useStore({
    screen: "home",
    sheet: null,
    sheetsChanged: 0,
    filesToImport: [],
    settings,
  });
  seen.app = app as unknown as AppState;
  const models = useStore(newModelsState(), { deep: false });
  seen.models = models;
  useContextProvider(ModelsContext, models);
  useContextProvider(AppContext, app as unknown as AppState);
  useContextProvider(RunsContext, useStore({ live: [], unfinished: [], loading: null, ended: 0 }));
  useContextProvider(ToastContext, useStore({ items: [], lastId: 0 }));
  return <Home />;
});

function sheet(name: string) {
  return {
    id: name,
    name,
    row_count: 70,
    column_count: 6,
    created_at_ms: 0,
    changed_at_ms: Date.now(),
  };
}

async function opened() {
  const dom = await createDOM();
  await dom.render(<Window />);
  // The lists are asked for without holding the first paint up.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return dom;
}

beforeEach(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  fake.sheets.mockResolvedValue([]);
  fake.trash.mockResolvedValue([]);
  fake.listLocalModels.mockResolvedValue([{ name: "Small.gguf", path: "/m/Small.gguf" }]);
  fake.recommendedModels.mockResolvedValue([]);
  fake.scanModels.mockResolvedValue([]);
});

it("says what this is while there is no sheet, and begins with the example", async () => {
  fake.createExampleSheet.mockResolvedValue(sheet("example"));
  const { screen, userEvent } = await opened();
  expect(screen.querySelector("[data-testid=home-welcome]")?.textContent).toContain(
    "language model on your own computer",
  );
  await userEvent("[data-testid=home-example]", "click");
  expect([seen.app?.screen, seen.app?.sheet]).toEqual(["sheet", "example"]);
  expect(seen.app?.sheetsChanged).toBe(1);
});

it("lists sheets, and shows the trash only where there is something in it", async () => {
  fake.sheets.mockResolvedValue([sheet("Tickets"), sheet("Reviews")]);
  const { screen, userEvent } = await opened();
  const names = [...screen.querySelectorAll("[data-testid=home-sheet-open]")];
  expect(names.map((name) => name.textContent)).toEqual(["Reviews", "Tickets"]);
  expect(screen.querySelector("[data-testid=home-trash]")).toBeFalsy();
  await userEvent("[data-sheet=Reviews]", "click");
  expect([seen.app?.screen, seen.app?.sheet]).toEqual(["sheet", "Reviews"]);
});

it("says why the sheets cannot be listed, with a way to try again", async () => {
  fake.sheets.mockRejectedValueOnce(
    new Failure({ code: "storage", message: "the list cannot be read", hint: null }),
  );
  const { screen } = await opened();
  expect(screen.querySelector("[data-testid=home-failure]")?.textContent).toContain(
    "The list cannot be read",
  );
  expect(screen.querySelector("[data-testid=home-welcome]")).toBeFalsy();
});

it("leads somebody without a model to one, and on to the example once it is there", async () => {
  fake.listLocalModels.mockResolvedValue([]);
  const variant = { label: "Q4_1", bytes: 98_362_432 };
  const starter = { id: "starter", name: "SmolLM2 135M", role: "starter", variants: [variant] };
  fake.recommendedModels.mockResolvedValue([
    { model: starter, fits: ["fits"], suggested: 0, installed: [null], available: true },
  ]);
  const { screen, userEvent } = await opened();
  await expect
    .poll(() => screen.querySelector("[data-testid=first-model-get]")?.textContent)
    .toContain("SmolLM2 135M (98 MB)");
  expect(screen.querySelector("[data-testid=home-model-ready]")).toBeFalsy();
  fake.listLocalModels.mockResolvedValue([{ name: "a--b/Small.Q4_1.gguf", path: "/m/Small" }]);
  if (seen.models) seen.models.changed += 1;
  // The page of a test is painted anew after an event only.
  await userEvent("[data-testid=home]", "click");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await userEvent("[data-testid=home]", "click");
  await expect
    .poll(() => screen.querySelector("[data-testid=home-model-ready]")?.textContent)
    .toContain("Small.Q4_1 is ready");
  expect(screen.querySelector("[data-testid=home-first-model]")).toBeFalsy();
});
