import type { Page } from "./page/page";
import { inSheet, inspect, type Place } from "./place";

/** The two parts of the models: those that are here, and those to be had. */
export type ModelsTab = "here" | "get";

/** Opens the models, at one of their two parts. */
export async function openModels(page: Page, tab: ModelsTab): Promise<void> {
  await page.click("shell-models", `models-tab-${tab}`);
  await page.byId(tab === "here" ? "installed" : "hub-search");
}

/** Looks for something on the hub, until there is what comes of it. */
async function search(page: Page, typed: string, outcome: string): Promise<void> {
  await openModels(page, "get");
  await page.fill("hub-search", typed);
  await page.byId(outcome);
}

/** Opens a repository of the hub by its name. */
export async function openRepository(page: Page, name: string): Promise<void> {
  await search(page, name, "hub-open");
  await page.click("hub-open");
  await page.byId("hub-page");
}

/** A place among the models of this computer. */
function here(name: string, go: Place["go"], scene = "models"): Place {
  return {
    name,
    scene,
    async go(page) {
      await openModels(page, "here");
      await go(page);
    },
  };
}

/** A repository of the hub. */
function repository(name: string, id: string, go: Place["go"]): Place {
  return {
    name,
    scene: "models",
    async go(page) {
      await openRepository(page, id);
      await go(page);
    },
  };
}

/** The models, those on their way and those to be had. */
export const modelPlaces: Place[] = [
  here("models", async (page) => {
    await page.byId("found-model");
    await page.sees("128k context");
  }),
  here(
    "models-downloads",
    async (page) => {
      await page.sees(/left/);
    },
    "downloads",
  ),
  here("models-storage", async (page) => {
    const button = await page.byId("leftovers-remove");
    await page.browser.execute(
      (element) => (element as unknown as HTMLElement).scrollIntoView({ block: "nearest" }),
      button,
    );
  }),
  here("models-details", async (page) => {
    await page.click("model-details");
    await page.byId("fit-figures");
  }),
  here("models-menu", async (page) => {
    await page.click("model-menu");
    await page.byRole("menu", /./);
  }),
  here("models-delete", async (page) => {
    await page.click("model-menu", "model-delete");
    await page.byId("model-delete-dialog");
  }),
  here("models-busy", async (page) => {
    await page.backend((backend) => backend.useModel("SmolLM2-135M-Instruct.Q4_1.gguf", true));
    await page.click("model-menu", "model-delete", "confirm-ok");
    await page.byId("model-refused");
  }),
  here(
    "models-none",
    async (page) => {
      await page.byId("found-model");
    },
    "nomodel",
  ),
  {
    name: "models-recommended",
    scene: "models",
    async go(page) {
      await openModels(page, "get");
      await page.byId("recommended");
    },
  },
  {
    name: "models-search",
    scene: "models",
    async go(page) {
      await search(page, "gemma", "hub-result");
    },
  },
  {
    name: "models-offline",
    scene: "models",
    async go(page) {
      await page.backend((backend) => backend.offline("`huggingface.co` cannot be reached"));
      await search(page, "qwen", "hub-search-failed");
    },
  },
  {
    name: "models-local-only",
    scene: "models",
    async go(page) {
      await page.click("shell-settings", "settings-section-privacy", "settings-local-only");
      await page.byId("setting-applied");
      await search(page, "qwen", "hub-search-failed");
    },
  },
  repository(
    "models-repository",
    "bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF:Q4_K_M",
    async (page) => {
      await page.click("hub-check");
      await page.byId("fit-figures");
    },
  ),
  repository("models-large", "unsloth/Llama-3.3-70B-Instruct-GGUF", async (page) => {
    await page.byId("hub-notes");
  }),
  repository("models-gated", "google/gemma-3-4b-it-qat-q4_0-gguf", async (page) => {
    await page.byId("hub-gate");
    await page.click("hub-download");
    await page.byId("download-error");
  }),
  repository("models-unknown", "someone/Lxama-2B-GGUF", async (page) => {
    await page.byId("hub-problem");
  }),
  repository("models-mlx", "mlx-community/Qwen3-1.7B-4bit", async (page) => {
    await page.byId("hub-mlx");
  }),
  here("models-copying", async (page) => {
    await page.backend((backend) => {
      backend.pick("mine.Q4_0.gguf");
      backend.copyPieceMs(600_000);
    });
    await page.click("model-add", "model-add-copy");
    await page.byId("model-copying");
  }),
  {
    name: "mlx-models",
    scene: "mlx",
    async go(page) {
      await openModels(page, "get");
      await page.byId("mlx-models");
      await page.byId("recommended");
    },
  },
  {
    name: "mlx-download",
    scene: "mlx",
    async go(page) {
      await openModels(page, "get");
      await page.backend((backend) => backend.downloadRate(9_000_000));
      await page.click("mlx-download");
      await page.byId("mlx-progress");
      await page.sees(/left/);
    },
  },
  {
    name: "mlx-failed",
    scene: "mlx",
    async go(page) {
      await openModels(page, "get");
      await page.backend((backend) => backend.downloadRate(20_000_000));
      await page.click("mlx-download");
      await page.byId("mlx-progress");
      await page.backend((backend) =>
        backend.breakDownload("disk_full", "3.0 GB are needed and 1.2 GB are free", true),
      );
      await page.byId("mlx-resume");
      await page.byId("mlx-error");
    },
  },
  {
    name: "mlx-delete",
    scene: "mlx",
    async go(page) {
      await openModels(page, "get");
      await page.click("mlx-delete");
      await page.byId("mlx-delete-dialog");
    },
  },
  {
    name: "mlx-busy",
    scene: "mlx",
    async go(page) {
      await openModels(page, "get");
      await page.backend((backend) =>
        backend.modelStatus("mlx-community--Qwen3-1.7B-4bit", "running"),
      );
      await page.click("mlx-delete", "confirm-ok");
      await page.byId("model-refused");
    },
  },
  {
    name: "mlx-installed",
    scene: "mlx",
    async go(page) {
      await openModels(page, "here");
      await page.sees("MLX");
      await page.sees("40k context");
    },
  },
  {
    name: "mlx-settings",
    scene: "mlx",
    async go(page) {
      await page.click("shell-settings", "settings-section-models");
      await page.byId("settings-mlx");
    },
  },
  {
    name: "first-model",
    scene: "nomodel",
    async go(page) {
      await page.byId("first-model-get");
      await page.byId("first-model-found");
    },
  },
  {
    name: "first-model-progress",
    scene: "nomodel",
    async go(page) {
      await page.backend((backend) => backend.downloadRate(9_000_000));
      await page.click("first-model-quick");
      await page.sees(/left/);
    },
  },
  {
    name: "first-model-ready",
    scene: "nomodel",
    async go(page) {
      await page.backend((backend) => backend.downloadRate(900_000_000));
      await page.click("first-model-quick");
      await page.byId("home-model-ready");
    },
  },
  inSheet("inspector-no-model", "nomodel", "reviews", async (page, grid) => {
    await inspect(page, grid, "sentiment");
    await (await page.byRole("tab", /^Model/)).click();
    await page.byId("first-model-get");
  }),
  inSheet("inspector-mlx", "mlx", "reviews", async (page, grid) => {
    await inspect(page, grid, "sentiment");
    await (await page.byRole("tab", /^Model/)).click();
    await page.click("inspector-model");
    await page.byRole("option", /^Local \(MLX\)/);
  }),
  inSheet("inspector-mlx-missing", "mlx", "reviews", async (page, grid) => {
    await page.click("shell-models", "models-tab-get", "mlx-delete", "confirm-ok");
    await page.byId("toast-success");
    await page.press("Escape");
    await inspect(page, grid, "sentiment");
    await (await page.byRole("tab", /^Model/)).click();
    await page.fill("inspector-model", "Local");
    await (await page.byRole("option", /^Local \(MLX\)/)).click();
    await page.byId("model-mlx-missing");
  }),
  inSheet("inspector-more-models", "downloads", "reviews", async (page, grid) => {
    await inspect(page, grid, "sentiment");
    await (await page.byRole("tab", /^Model/)).click();
    await page.click("inspector-model");
    await page.sees("Get more models…");
  }),
];
