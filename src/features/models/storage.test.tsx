import { component$, useContextProvider, useStore } from "@builder.io/qwik";
import { createDOM } from "@builder.io/qwik/testing";
import { expect, it, vi } from "vitest";
import type { Download } from "~/ipc";
import { ModelsContext, newModelsState } from "~/state/models";
import { ToastContext, type ToastState } from "~/state/toasts";

const fake = vi.hoisted(() => ({ modelStorage: vi.fn(), removeLeftovers: vi.fn() }));

vi.mock("~/ipc", async (original) => ({ ...(await original<object>()), ipc: fake }));

const { Storage } = await import("./storage");

const seen: { toasts: ToastState | null } = { toasts: null };

const download = { id: 1, state: "running", bytes_done: 700_000_000, added_at_ms: 0 } as Download;

const Bench = component$(() => {
  const models = useStore({ ...newModelsState(), downloads: [download] }, { deep: false });
  const toasts = useStore<ToastState>({ items: [], lastId: 0 });
  seen.toasts = toasts;
  useContextProvider(ModelsContext, models);
  useContextProvider(ToastContext, toasts);
  return <Storage />;
});

it("says what unfinished downloads have by now, and how much was really freed", async () => {
  fake.modelStorage.mockResolvedValue({
    models_bytes: 2_000_000_000,
    downloads_bytes: 100_000_000,
    free_bytes: null,
    leftovers: [{ path: "/m/old.partial", bytes: 5_000_000 }],
  });
  fake.removeLeftovers.mockResolvedValue(3_000_000);
  const { screen, render, userEvent } = await createDOM();
  await render(<Bench />);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await userEvent("[data-testid=storage]", "click");
  const figures = Array.from(screen.querySelectorAll("dd")).map((one) => one.textContent);
  expect(figures).toEqual(["2.0 GB", "700 MB", "Not known"]);
  // The DOM of a test cannot open the dialog that has this button.
  await userEvent("[data-testid=confirm-ok]", "click");
  expect(seen.toasts?.items[0]?.title).toBe("3.0 MB are free again");
});
