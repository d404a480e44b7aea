import { component$, useContextProvider, useStore } from "@builder.io/qwik";
import { createDOM } from "@builder.io/qwik/testing";
import { expect, it, vi } from "vitest";
import type { Download } from "~/ipc";
import { AppContext, type AppState } from "~/state/app";
import { ModelsContext, type ModelsState, newModelsState } from "~/state/models";
import { ToastContext, type ToastState } from "~/state/toasts";

const fake = vi.hoisted(() => ({
  pauseDownload: vi.fn(),
  resumeDownload: vi.fn(),
  cancelDownload: vi.fn(),
  downloads: vi.fn(),
}));

vi.mock("~/ipc", async (original) => ({ ...(await original<object>()), ipc: fake }));

const { DownloadRow } = await import("./download-row");

const seen: { models: ModelsState | null; toasts: ToastState | null } = {
  models: null,
  toasts: null,
};

const Bench = component$<{ download: Download }>(({ download }) => {
  const models = useStore(newModelsState(), { deep: false });
  const toasts = useStore<ToastState>({ items: [], lastId: 0 });
  seen.models = models;
  seen.toasts = toasts;
  useContextProvider(ModelsContext, models);
  useContextProvider(ToastContext, toasts);
  useContextProvider(AppContext, useStore({ screen: "models" }) as unknown as AppState);
  return (
    <ul>
      <DownloadRow download={download} now={1000} />
    </ul>
  );
});

const running: Download = {
  id: 4,
  name: "bartowski--Llama-GGUF/Llama-Q4_K_M.gguf",
  repository: "bartowski/Llama-GGUF",
  revision: "abc",
  label: "Q4_K_M",
  state: "running",
  files: 1,
  bytes_done: 500_000_000,
  bytes_total: 2_000_000_000,
  bytes_per_second: 10_000_000,
  seconds_left: 150,
  retries: 0,
  retry_at_ms: null,
  error: null,
  elsewhere: false,
  added_at_ms: 0,
};

async function shown(download: Download) {
  const dom = await createDOM();
  await dom.render(<Bench download={download} />);
  const textOf = (id: string) => dom.screen.querySelector(`[data-testid=${id}]`)?.textContent ?? "";
  return { ...dom, textOf };
}

it("says how far a model is, and pauses it", async () => {
  fake.pauseDownload.mockResolvedValue({ ...running, state: "paused" });
  const { screen, textOf, userEvent } = await shown(running);
  const bar = screen.querySelector("[role=progressbar]");
  expect(bar?.getAttribute("aria-valuenow")).toBe("25");
  expect(bar?.getAttribute("aria-label")).toBe("Download of Llama-Q4_K_M");
  expect(textOf("download-figures")).toBe("500 MB of 2.0 GB · 10 MB/s · 2 min 30 s left");
  expect(screen.querySelector("[data-testid=download-resume]")).toBeFalsy();
  await userEvent("[data-testid=download-pause]", "click");
  expect(fake.pauseDownload).toHaveBeenCalledWith(4);
  expect(seen.models?.downloads[0]?.state).toBe("paused");
});

it("says why one failed, and tries it again", async () => {
  const error = { code: "disk_full" as const, message: "no room", hint: "make some" };
  fake.resumeDownload.mockRejectedValue(error);
  const { screen, textOf, userEvent } = await shown({ ...running, state: "failed", error });
  expect(textOf("download-state")).toBe("Failed");
  expect(textOf("download-error")).toBe("No room. Make some");
  expect(screen.querySelector("[data-testid=download-pause]")).toBeFalsy();
  await userEvent("[data-testid=download-resume]", "click");
  expect(seen.toasts?.items[0]?.title).toBe("There is not enough space for it");
});

it("has one button for pause and resume, and one more while it waits", async () => {
  const ids = async (state: Download["state"]) => {
    const { screen } = await shown({ ...running, state });
    return Array.from(screen.querySelectorAll("button")).map((one) =>
      one.getAttribute("data-testid"),
    );
  };
  const toggled = (toggle: string) => [`download-${toggle}`, "download-cancel"];
  expect((await ids("running")).slice(0, 2)).toEqual(toggled("pause"));
  expect((await ids("paused")).slice(0, 2)).toEqual(toggled("resume"));
  expect((await ids("waiting")).slice(0, 3)).toEqual(["download-resume", ...toggled("pause")]);
});

it("reads again where it stands when it stood elsewhere than was shown", async () => {
  const error = { code: "conflict" as const, message: "it is done", hint: null };
  fake.pauseDownload.mockRejectedValue(error);
  fake.downloads.mockResolvedValue([{ ...running, state: "done" }]);
  const { userEvent } = await shown(running);
  await userEvent("[data-testid=download-pause]", "click");
  expect(seen.models?.downloads[0]?.state).toBe("done");
  expect(seen.toasts?.items).toEqual([]);
});

it("leads to where a token is entered", async () => {
  const error = { code: "key_refused" as const, message: "only with a token", hint: null };
  const failed = await shown({ ...running, state: "failed", error });
  expect(failed.textOf("failure-way-out")).toBe("Enter a token");
  const waiting = await shown({ ...running, state: "waiting", error });
  expect(waiting.textOf("failure-way-out")).toBe("");
});

it("gives one up at once where little of it is there", async () => {
  fake.cancelDownload.mockResolvedValue({ ...running, state: "cancelled" });
  const { userEvent } = await shown({ ...running, bytes_done: 1000 });
  await userEvent("[data-testid=download-cancel]", "click");
  expect(fake.cancelDownload).toHaveBeenCalledWith(4);
});
