import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GridOf } from "./grid";
import { type Page, startPage } from "./page";

let page: Page;
let grid: GridOf;
beforeAll(async () => {
  page = await startPage();
  grid = new GridOf(page);
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

async function openModels(scene: string, tab: "here" | "get"): Promise<void> {
  await page.open(scene);
  await page.click("shell-models", `models-tab-${tab}`);
  await page.byId(tab === "here" ? "installed" : "hub-search");
}

/** The names in a list. */
const names = (testId: string, name = "bdi"): Promise<string[]> =>
  page.browser.execute(
    (line, what) =>
      [...document.querySelectorAll(`[data-testid=${line}]`)].map(
        (each) => each.querySelector(what)?.textContent?.trim() ?? "",
      ),
    testId,
    name,
  );

/** Presses a button in the line that has a text. */
async function pressIn(line: string, text: string, button: string): Promise<void> {
  await page.browser.waitUntil(
    () =>
      page.browser.execute(
        (selector, wanted, inside) => {
          const lines = [...document.querySelectorAll(`[data-testid=${selector}]`)];
          const found = lines.find((each) => each.textContent?.includes(wanted));
          const pressed = found?.querySelector<HTMLButtonElement>(`[data-testid=${inside}]`);
          if (!pressed || pressed.disabled) return false;
          pressed.focus();
          pressed.click();
          return true;
        },
        line,
        text,
        button,
      ),
    { timeoutMsg: `nothing to press in the line of ${text}` },
  );
}

/** The text of what has the focus. */
const focused = (): Promise<string> =>
  page.browser.execute(
    () =>
      document.activeElement?.getAttribute("aria-label") ??
      document.activeElement?.textContent ??
      "",
  );

const stateOf = (): Promise<string | null> => page.textOf("download-state");

test("somebody without a model gets one with one button, and goes on to the example", async () => {
  await page.open("nomodel");
  await page.byId("home-first-model");
  expect(await page.textOf("first-model-get")).toBe("Get Llama 3.2 3B (2.0 GB)");
  await page.backend((backend) => backend.downloadRate(40_000_000));
  await page.click("first-model-quick");
  await page.byId("download-progress");
  await page.sees(/of 98 MB · 40 MB\/s/);
  await expect.poll(() => page.textOf("shell-models-figure")).toMatch(/^\d+%$/);
  await page.byId("home-model-ready");
  await page.sees("is on this computer");
  await page.gone("shell-models-figure");
  await page.click("home-model-example");
  await page.byId("sheet-screen");
  expect(await page.isShown("run-strip-no-model")).toBe(false);
});

test("the picker of a column leads to a model, and takes it once it is there", async () => {
  await grid.open("nomodel", "reviews");
  await page.click("sheet-add-column");
  await (await page.byRole("menuitem", /^AI column/)).click();
  await (await page.byRole("tab", /^Model/)).click();
  await page.byId("inspector-no-model");
  await page.backend((backend) => backend.downloadRate(400_000_000));
  await page.click("first-model-quick");
  await page.gone("inspector-no-model");
  const chosen = async () => (await page.byId("inspector-model")).getValue();
  await expect.poll(chosen).toContain("SmolLM2");
});

test("the picker leads to more models, and back to the sheet", async () => {
  await grid.open("downloads", "reviews");
  await grid.openColumn("sentiment");
  await (await page.byRole("tab", /^Model/)).click();
  await page.click("inspector-model");
  await page.sees("On their way");
  await (await page.byRole("option", /^Get more models/)).click();
  await page.byId("hub-search");
  await page.press("Escape");
  await page.byId("sheet-screen");
});

test("a download is paused, goes on after the page was loaded anew, and is there", async () => {
  await openModels("example", "get");
  await page.backend((backend) => backend.downloadRate(20_000_000));
  await pressIn("recommended-model", "Llama 3.2 1B", "recommended-download");
  await page.byId("download-progress");
  await page.sees("20 MB/s");
  await page.click("download-pause");
  await expect.poll(stateOf).toBe("Paused");
  await page.browser.refresh();
  await page.browser.$("html[data-ready]").waitForExist();
  await page.click("shell-models");
  await page.byId("download");
  expect(await stateOf()).toBe("Paused");
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await page.click("download-resume");
  await page.byId("toast-success");
  await page.sees("is on this computer");
  await page.click("models-tab-here");
  await expect.poll(() => names("installed-model")).toContain("Llama-3.2-1B-Instruct-Q8_0");
  await page.click("toast-action");
  await page.sees("New columns now use");
});

test("a cut is mended by itself, and a failure says why and is tried again by hand", async () => {
  await openModels("example", "get");
  await page.backend((backend) => backend.downloadRate(30_000_000));
  await pressIn("recommended-model", "Llama 3.2 1B", "recommended-download");
  await page.sees("30 MB/s");
  await page.backend((backend) => backend.breakDownload("unreachable", "the line was cut", false));
  await expect.poll(stateOf).toBe("Interrupted, tries again by itself");
  await page.sees("The line was cut");
  await expect.poll(stateOf, { timeout: 8000 }).toBe("Downloading");
  await page.backend((backend) => backend.breakDownload("disk_full", "the disk is full", true));
  await expect.poll(stateOf).toBe("Failed");
  await page.byId("toast-error");
  await page.sees("was not downloaded");
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await page.click("download-resume");
  await page.sees("is on this computer");
});

test("giving up asks first, and what is given up is gone", async () => {
  await openModels("downloads", "here");
  await pressIn("download", "gemma-3-12b", "download-cancel");
  await page.byId("download-cancel-dialog");
  await page.sees("4.5 GB are here already");
  await page.click("confirm-ok");
  await expect.poll(() => names("download")).not.toContain("gemma-3-12b-it-Q4_K_M");
});

test("models are deleted after a question, and the focus goes to the next one", async () => {
  await openModels("models", "here");
  expect((await names("installed-model"))[0]).toBe("SmolLM2-135M-Instruct.Q4_1");
  await pressIn("installed-model", "Llama-3.2-3B", "model-menu");
  await page.click("model-delete");
  await page.sees("This frees 2.0 GB");
  await page.click("confirm-ok");
  await expect.poll(() => names("installed-model")).not.toContain("Llama-3.2-3B-Instruct-Q4_K_M");
  await expect.poll(focused).toContain("tuned-Q8_0");
  await page.sees("was deleted: 2.0 GB are free");
});

test("of a linked model only the link goes, and it can be linked again", async () => {
  await openModels("models", "here");
  await pressIn("installed-model", "Mistral-Nemo", "model-menu");
  await page.click("model-delete");
  await page.sees("stays where it is, and LM Studio keeps it");
  await page.click("confirm-ok");
  await page.sees("its file is still there");
  await pressIn("found-model", "llama3.2:3b", "found-use");
  await expect.poll(() => names("installed-model")).toContain("llama3.2:3b");
  await page.byId("found-linked");
});

test("a model that is at work is not deleted, and that is said calmly", async () => {
  await openModels("models", "here");
  await page.backend((backend) => {
    backend.useModel("SmolLM2-135M-Instruct.Q4_1.gguf", true);
    backend.modelStatus("SmolLM2-135M-Instruct.Q4_1.gguf", "running");
  });
  await page.sees("Working");
  await pressIn("installed-model", "SmolLM2-135M-Instruct.Q4_1", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.byId("model-refused");
  await page.sees("is in use right now");
  expect(await page.isShown("toast-error")).toBe(false);
  expect(await names("installed-model")).toContain("SmolLM2-135M-Instruct.Q4_1");
});

test("another model is made that of new columns, and details have figures", async () => {
  await openModels("models", "here");
  await pressIn("installed-model", "Qwen3-4B", "model-use");
  await page.sees("New columns now use Qwen3-4B");
  const settings = () =>
    page.browser.execute(() => sessionStorage.getItem("braincells.fake.settings") ?? "");
  await expect.poll(settings).toContain("Qwen3-4B-Thinking");
  await pressIn("installed-model", "Qwen3-4B", "model-details");
  await page.byId("model-details-dialog");
  await page.sees("Rows being filled");
  await page.click("model-details-close");
  await page.gone("model-details-dialog");
});

test("leftovers of downloads are deleted after a question", async () => {
  await openModels("models", "here");
  await page.click("leftovers-remove", "confirm-ok");
  await page.gone("leftovers");
  await page.sees("1.3 GB are free again");
});

test("the hub is searched, a repository opened, its fit checked and a choice downloaded", async () => {
  await openModels("example", "get");
  await page.fill("hub-search", "qwen3 4b");
  await page.byId("hub-result");
  await page.choose("hub-sort", "Last changed");
  await page.sees("bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF");
  await (await page.byRole("button", /^bartowski\/Qwen_Qwen3-4B/)).click();
  await page.byId("hub-choices");
  expect(await page.textOf("hub-suggested")).toBe("suggested");
  await pressIn("hub-choice", "Q4_0", "hub-check");
  await page.byId("fit-figures");
  await page.backend((backend) => backend.downloadRate(20_000_000));
  await pressIn("hub-choice", "Q4_0", "hub-download");
  await page.byId("hub-download-under-way");
  await page.click("hub-back");
  // What was looked for is still there.
  await page.byId("hub-result");
});

test("a pasted address opens its repository at the quantisation that it names", async () => {
  await openModels("example", "get");
  await page.fill("hub-search", "hf.co/bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF:Q5_K_M");
  await page.press("Enter");
  await page.byId("hub-choices");
  const main = () =>
    page.browser.execute(
      () =>
        document
          .querySelector("[data-testid=hub-choice].bg-selected")
          ?.getAttribute("data-label") ?? "",
    );
  expect(await main()).toBe("Q5_K_M");
  await page.click("hub-back");
  await page.fill("hub-search", "nobody/nothing");
  await page.press("Enter");
  await page.byId("hub-page-failed");
  await page.sees("There is no such model there");
});

test("a repository with terms says what to do, and leads there", async () => {
  await openModels("example", "get");
  await page.fill("hub-search", "google/gemma-3-4b-it-qat-q4_0-gguf");
  await page.press("Enter");
  await page.byId("hub-gate");
  await page.click("hub-gate-page");
  await expect
    .poll(() => page.backend((backend) => backend.opened().join()))
    .toContain("huggingface.co/google/gemma-3-4b-it-qat-q4_0-gguf");
  await page.click("hub-download");
  await page.byId("hub-choice-failed");
  await page.click("failure-way-out");
  await page.byId("backend-huggingface");
  await page.press("Escape");
  await page.byId("models-screen");
});

test("without the internet the built-in list and the models here work as always", async () => {
  await page.open("models");
  await page.backend((backend) => backend.offline("`huggingface.co` cannot be reached"));
  await page.click("shell-models", "models-tab-get");
  await page.byId("recommended");
  await page.fill("hub-search", "qwen");
  await page.byId("hub-search-failed");
  await page.sees("Models on this computer and the recommended list work without it");
  await page.backend((backend) => backend.offline(""));
  await page.click("hub-again");
  await page.byId("hub-result");
  await page.click("hub-clear");
  await page.byId("recommended");
  const hasFocus = () => page.browser.execute(() => document.activeElement?.matches("input"));
  expect(await hasFocus()).toBe(true);
});

test("behind “local only” nothing is asked, and the way to the lock is shown", async () => {
  await page.open("models");
  await page.click("shell-settings", "settings-section-privacy", "settings-local-only");
  await page.byId("setting-applied");
  await page.click("shell-models", "models-tab-get");
  await pressIn("recommended-model", "SmolLM3", "recommended-download");
  await page.byId("recommended-failed");
  await page.click("failure-way-out");
  await page.byId("settings-page-privacy");
});

test("the screen is used by keys alone", async () => {
  await openModels("models", "here");
  await page.browser.execute(() => {
    document.querySelector<HTMLElement>("[data-testid=models-tab-here]")?.focus();
  });
  await page.press("ArrowRight");
  await page.byId("hub-search");
  await page.press("ArrowLeft");
  await page.byId("installed");
  // The way to where one is leads nowhere else.
  await page.click("shell-models");
  await page.byId("installed");
  await page.press("Escape");
  await page.byId("home");
});
