import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GridOf } from "./grid";
import { type Page, startPage } from "./page";

const QWEN = "mlx-community--Qwen3-1.7B-4bit";
const GEMMA = "mlx-community--gemma-3-1b-it-qat-4bit";

let page: Page;
let grid: GridOf;
beforeAll(async () => {
  page = await startPage();
  grid = new GridOf(page);
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

async function openMlx(scene = "mlx"): Promise<void> {
  await page.open(scene);
  await page.click("shell-models", "models-tab-get");
  await page.byId("recommended");
}

/** Each model for MLX, and where it stands in words. */
const shown = (): Promise<string[]> =>
  page.browser.execute(() =>
    [...document.querySelectorAll("[data-mlx]")].map((row) => {
      const part = (what: string) => row.querySelector(what)?.textContent?.trim() ?? "";
      return `${part("label")}: ${part("[data-testid=mlx-status]")}`;
    }),
  );

/** Where one of them stands, in words. */
const statusOf = async (title: string): Promise<string | undefined> =>
  (await shown()).find((line) => line.startsWith(`${title}: `))?.slice(title.length + 2);

/** The one that is chosen. */
const chosen = (): Promise<string> =>
  page.browser.execute(
    () => document.querySelector<HTMLInputElement>("[data-mlx] input:checked")?.value ?? "",
  );

/** What a column with “Local (MLX)” uses, as it is kept. */
const kept = (): Promise<string> =>
  page.browser.execute(() => {
    const settings = JSON.parse(sessionStorage.getItem("braincells.fake.settings") ?? "{}");
    return (settings as { selected_mlx_model?: string }).selected_mlx_model ?? "";
  });

/** Presses a button in the line of a model with Enter, as who has no mouse does. */
async function pressIn(model: string, button: string): Promise<void> {
  await page.browser.waitUntil(
    () =>
      page.browser.execute(
        (name, testId) => {
          const found = document.querySelector<HTMLButtonElement>(
            `[data-mlx="${name}"] [data-testid=${testId}]`,
          );
          found?.focus();
          return found !== null && document.activeElement === found;
        },
        model,
        button,
      ),
    { timeoutMsg: `no ${button} in the line of ${model}` },
  );
  await page.press("Enter");
}

/** The name of what has the focus. */
const focused = (): Promise<string> =>
  page.browser.execute(
    () =>
      document.activeElement?.getAttribute("aria-label") ??
      document.activeElement?.textContent ??
      "",
  );

test("the models for MLX are listed with where they stand, and chosen by keys", async () => {
  await openMlx();
  await page.sees("Run by Apple’s MLX on this Mac");
  expect(await shown()).toEqual([
    "Qwen 3 1.7B: Downloaded",
    "Gemma 3 1B: Not downloaded",
    "SmolLM3 3B: Not downloaded",
    "Ministral 3 3B: Not downloaded",
  ]);
  expect(await page.textOf("mlx-storage")).toBe("984 MB on this computer");
  expect(await chosen()).toBe(QWEN);
  await page.browser.execute(() => {
    document.querySelector<HTMLElement>("[data-mlx] input:checked")?.focus();
  });
  await page.press("ArrowDown");
  await expect.poll(kept).toBe(GEMMA);
  await page.sees("Download it first: until then cells keep their values");
  await page.press("ArrowUp");
  await expect.poll(kept).toBe(QWEN);
  await page.gone("mlx-missing");
  expect(await chosen()).toBe(QWEN);
  await (await page.byRole("radio", "SmolLM3 3B")).click();
  await expect.poll(kept).toBe("mlx-community--SmolLM3-3B-4bit");
  // What was chosen is, for who comes back.
  await page.click("shell-home", "shell-models", "models-tab-get");
  await page.byId("mlx-models");
  expect(await chosen()).toBe("mlx-community--SmolLM3-3B-4bit");
});

test("the hub is searched for models of MLX, and one is opened", async () => {
  await openMlx();
  await page.fill("hub-search", "qwen3");
  await page.byId("hub-result");
  expect(await (await page.byId("hub-format")).getValue()).toBe("gguf");
  await page.choose("hub-format", "MLX");
  await (await page.byRole("button", "mlx-community/Qwen3-1.7B-4bit")).click();
  await page.byId("hub-choices");
  expect(await page.isShown("hub-mlx")).toBe(false);
  // Its size says whether it fits. There is no header on the hub that would say it exactly.
  await page.byId("model-fit");
  expect(await page.isShown("hub-check")).toBe(false);
  await page.click("hub-back");
  await page.fill("hub-search", "no such model");
  await page.sees("Only models in the format of MLX are listed");
  await page.choose("hub-format", "GGUF");
  await page.sees("Only models that come as GGUF files are listed");
});

test("where MLX is not run only GGUF files are searched for", async () => {
  await openMlx("example");
  await page.fill("hub-search", "qwen3");
  await page.byId("hub-result");
  expect(await page.isShown("hub-format")).toBe(false);
});

test("one is downloaded with its progress, and is there", async () => {
  await openMlx();
  await page.backend((backend) => backend.downloadRate(120_000_000));
  await pressIn(GEMMA, "mlx-download");
  await expect.poll(() => statusOf("Gemma 3 1B")).toMatch(/^Downloading [1-9]\d*%$/);
  expect(await focused()).toBe("Pause: Gemma 3 1B");
  await page.byId("mlx-progress");
  // It is shown once; elsewhere it is among all others.
  expect(await page.isShown("downloads")).toBe(false);
  await expect.poll(() => page.textOf("mlx-storage")).toMatch(/^1\.\d GB/);
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await expect.poll(() => statusOf("Gemma 3 1B"), { timeout: 8000 }).toBe("Downloaded");
  await page.sees("gemma-3-1b-it-qat-4bit is on this computer");
  await page.gone("mlx-progress");
  await expect.poll(() => page.textOf("mlx-storage")).toBe("1.8 GB on this computer");
});

test("a download is given up after a question, and the focus stays in its line", async () => {
  await openMlx();
  await page.backend((backend) => backend.downloadRate(60_000_000));
  await pressIn(GEMMA, "mlx-download");
  await expect.poll(() => statusOf("Gemma 3 1B")).toMatch(/^Downloading [5-9]\d*%$/);
  await pressIn(GEMMA, "mlx-cancel");
  await page.byId("mlx-cancel-dialog");
  await page.sees("are here already and will be deleted");
  await page.click("confirm-ok");
  await expect.poll(() => statusOf("Gemma 3 1B")).toBe("Not downloaded");
  await page.gone("mlx-progress");
  await expect.poll(focused).toBe("Download Gemma 3 1B");
});

test("a download that failed says why, and is tried again; one that was paused goes on", async () => {
  await openMlx();
  await page.backend((backend) => backend.downloadRate(5_000_000));
  await pressIn(GEMMA, "mlx-download");
  await expect.poll(() => statusOf("Gemma 3 1B")).toMatch(/^Downloading/);
  await page.backend((backend) => backend.breakDownload("disk_full", "the disk is full", true));
  await expect.poll(() => statusOf("Gemma 3 1B")).toBe("Failed");
  expect(await page.textOf("mlx-error")).toBe("The disk is full. Try again later");
  await pressIn(GEMMA, "mlx-resume");
  await expect.poll(() => statusOf("Gemma 3 1B")).toMatch(/^Downloading/);
  expect(await focused()).toBe("Pause: Gemma 3 1B");
  await page.press("Enter");
  await expect.poll(() => statusOf("Gemma 3 1B")).toMatch(/^Paused/);
  expect(await focused()).toBe("Resume: Gemma 3 1B");
  await page.click("models-tab-here");
  await page.byId("downloads");
  await page.click("models-tab-get");
  await page.gone("downloads");
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await pressIn(GEMMA, "mlx-resume");
  await expect.poll(() => statusOf("Gemma 3 1B"), { timeout: 8000 }).toBe("Downloaded");
});

test("why a download cannot begin is said in its place", async () => {
  await openMlx();
  await page.backend((backend) => backend.offline("`huggingface.co` cannot be reached"));
  await pressIn(GEMMA, "mlx-download");
  await page.byId("mlx-failed");
  await page.sees("Hugging Face cannot be reached");
  expect(await statusOf("Gemma 3 1B")).toBe("Not downloaded");
  await page.backend((backend) => backend.offline(""));
  await pressIn(GEMMA, "mlx-download");
  await page.byId("mlx-progress");
  await page.gone("mlx-failed");
});

test("one is deleted after a question, and can be had again", async () => {
  await openMlx();
  await pressIn(QWEN, "mlx-delete");
  await page.byId("mlx-delete-dialog");
  await page.sees("This frees 984 MB");
  await page.press("Escape");
  await page.gone("mlx-delete-dialog");
  expect(await statusOf("Qwen 3 1.7B")).toBe("Downloaded");
  await pressIn(QWEN, "mlx-delete");
  await page.click("confirm-ok");
  await page.sees("Qwen 3 1.7B was deleted: 984 MB are free");
  await expect.poll(() => statusOf("Qwen 3 1.7B")).toBe("Not downloaded");
  await expect.poll(focused).toBe("Download Qwen 3 1.7B");
  await page.sees("Download it first");
});

test.each([
  ["loading", "it is being loaded"],
  ["running", "it answers"],
] as const)("one that is %s is not deleted, and that is said calmly", async (status, reason) => {
  await openMlx();
  await page.backend(
    (backend, name = "", now = "") => backend.modelStatus(name, now as "running"),
    QWEN,
    status,
  );
  const words = { loading: "Loading", running: "Working" };
  await expect.poll(() => statusOf("Qwen 3 1.7B")).toBe(words[status]);
  await pressIn(QWEN, "mlx-delete");
  await page.click("confirm-ok");
  await page.byId("model-refused");
  await page.sees(reason);
  expect(await page.isShown("toast-error")).toBe(false);
  expect(await page.isShown("mlx-delete")).toBe(true);
  await page.click("model-refused-close");
  await page.gone("model-refused");
});

test("what a model fails at is said in its line", async () => {
  await openMlx();
  await page.backend(
    (backend, name = "") => backend.modelStatus(name, "failed", "no memory is left"),
    QWEN,
  );
  await expect.poll(() => statusOf("Qwen 3 1.7B")).toBe("Cannot be used");
  expect(await page.textOf("mlx-error")).toBe("No memory is left");
});

test("where MLX does not run there is nothing of it", async () => {
  await openMlx("models");
  expect(await page.isShown("mlx-models")).toBe(false);
  const text = () => page.browser.execute(() => document.body.textContent ?? "");
  expect(await text()).not.toContain("MLX");
  await page.click("shell-settings", "settings-section-models");
  await page.byId("settings-model");
  expect(await page.isShown("settings-mlx")).toBe(false);
  await grid.open("example", "reviews");
  await grid.openColumn("sentiment");
  await (await page.byRole("tab", /^Model/)).click();
  await page.click("inspector-model");
  await page.byRole("option", /^Qwen3-4B/);
  expect(await text()).not.toContain("MLX");
});

test("where MLX runs its models are shown once, and a pasted one can be downloaded", async () => {
  await openMlx();
  const names = await page.browser.execute(() =>
    [...document.querySelectorAll("[data-testid=recommended-model]")].map(
      (row) => row.getAttribute("data-model") ?? "",
    ),
  );
  expect(names.filter((name) => name.startsWith("mlx-"))).toEqual([]);
  await page.fill("hub-search", "mlx-community/gemma-3-1b-it-qat-4bit");
  await page.press("Enter");
  await page.byId("hub-choices");
  expect(await page.isShown("hub-mlx")).toBe(false);
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await page.click("hub-download");
  await page.sees("gemma-3-1b-it-qat-4bit is on this computer");
});

test("a column has the chosen model under one name, and runs with it", async () => {
  await grid.open("mlx", "reviews", { rate: "60" });
  await grid.openColumn("sentiment");
  await (await page.byRole("tab", /^Model/)).click();
  await page.fill("inspector-model", "Local");
  await page.sees("Qwen 3 1.7B");
  await page.press("Enter");
  const model = async () => (await page.byId("inspector-model")).getValue();
  await expect.poll(model).toBe("Local (MLX)");
  expect(await page.isShown("model-mlx-missing")).toBe(false);
  expect(await page.isShown("inspector-model-missing")).toBe(false);
  await page.click("inspector-save");
  await page.click("inspector-run");
  await page.click("shell-models", "models-tab-get");
  await expect.poll(() => statusOf("Qwen 3 1.7B")).toMatch(/^(Loading|Working)/);
  await expect.poll(() => statusOf("Qwen 3 1.7B"), { timeout: 10_000 }).toBe("Ready, in memory");
});

test("a column whose model is not here says so, and leads to it", async () => {
  await openMlx();
  await (await page.byRole("radio", "Gemma 3 1B")).click();
  await expect.poll(kept).toBe(GEMMA);
  await page.press("Escape");
  await grid.enter("reviews");
  await grid.openColumn("sentiment");
  await (await page.byRole("tab", /^Model/)).click();
  await page.fill("inspector-model", "Local");
  await (await page.byRole("option", /^Local \(MLX\)/)).click();
  await page.byId("model-mlx-missing");
  await page.sees("Download it first: until then cells keep their values");
  await page.click("model-mlx-get");
  await page.byId("mlx-models");
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await pressIn(GEMMA, "mlx-download");
  await page.sees("gemma-3-1b-it-qat-4bit is on this computer");
  await page.press("Escape");
  await grid.openColumn("sentiment");
  await (await page.byRole("tab", /^Model/)).click();
  await expect
    .poll(async () => (await page.byId("inspector-model")).getValue())
    .toBe("Local (MLX)");
  expect(await page.isShown("model-mlx-missing")).toBe(false);
});

test("among the models of this computer it has its mark, and is not tuned", async () => {
  await page.open("mlx");
  await page.click("shell-models", "models-tab-here");
  await page.byId("installed");
  const line = () =>
    page.browser.execute(
      () =>
        [...document.querySelectorAll("[data-testid=installed-model]")].find((row) =>
          row.textContent?.includes("Qwen3-1.7B-4bit"),
        )?.textContent ?? "",
    );
  expect(await line()).toContain("MLX");
  await (await page.byRole("button", "Actions for Qwen3-1.7B-4bit")).click();
  await page.byId("model-delete");
  expect(await page.isShown("model-reveal")).toBe(true);
  const menu = await page.browser.execute(
    () => document.querySelector("[role=menu]")?.textContent ?? "",
  );
  expect(menu).not.toContain("Tune");
});

test("the settings lead to the models for MLX, and take them for new columns", async () => {
  await page.open("mlx");
  await page.click("shell-settings", "settings-section-models");
  await page.byId("settings-mlx");
  expect(await page.textOf("settings-mlx-chosen")).toBe("Qwen 3 1.7B");
  await page.fill("settings-model", "Local");
  await (await page.byRole("option", /^Local \(MLX\)/)).click();
  await page.byId("setting-applied");
  expect(await (await page.byId("settings-model")).getValue()).toBe("Local (MLX)");
  expect(await page.isShown("settings-model-missing")).toBe(false);
  await page.click("settings-mlx");
  await page.byId("mlx-models");
});
