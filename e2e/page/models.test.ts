import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ModelsTab, openModels, openRepository } from "../model-places";
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

async function openScene(scene: string, tab: ModelsTab): Promise<void> {
  await page.open(scene);
  await openModels(page, tab);
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

/** Gives the focus to an element by its test id, and presses Enter on it. */
async function enterOn(testId: string): Promise<void> {
  const element = await page.byId(testId);
  await page.browser.execute((each) => (each as unknown as HTMLElement).focus(), element);
  await page.press("Enter");
}

/** The text of the line of a list that has another one in it. */
const lineOf = (line: string, text: string): Promise<string> =>
  page.browser.execute(
    (selector, wanted) => {
      const lines = [...document.querySelectorAll(`[data-testid=${selector}]`)];
      return lines.find((each) => each.textContent?.includes(wanted))?.textContent ?? "";
    },
    line,
    text,
  );

/** The model of new columns, as it is kept. */
const usualModel = (): Promise<string> =>
  page.browser.execute(() => {
    const kept = sessionStorage.getItem("braincells.fake.settings");
    return kept === null ? "nothing is kept" : (JSON.parse(kept) as { model: string }).model;
  });

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
  // The last step waits for who looks at something else first.
  await page.click("shell-models");
  await page.byId("installed");
  await page.click("shell-home");
  await page.byId("home-model-ready");
  await page.click("home-model-example");
  await page.byId("sheet-screen");
  expect(await page.isShown("run-strip-no-model")).toBe(false);
  await page.click("shell-home");
  await page.byId("home-sheet-open");
  expect(await page.isShown("home-model-ready")).toBe(false);
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
  await openScene("example", "get");
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
  await openScene("example", "get");
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

test("giving up asks first, and the focus goes to the next download", async () => {
  await openScene("downloads", "here");
  await pressIn("download", "gpt-oss-20b", "download-cancel");
  await page.byId("download-cancel-dialog");
  await page.sees("9.1 GB are here already");
  await page.click("confirm-ok");
  await expect.poll(() => names("download")).not.toContain("gpt-oss-20b-MXFP4");
  await expect.poll(focused).toBe("Resume: gemma-3-12b-it-Q4_K_M");
});

test("the focus stays with a download whatever is done, and then goes to what is left", async () => {
  await openScene("example", "get");
  await page.backend((backend) => backend.downloadRate(1_000_000));
  await pressIn("recommended-model", "Llama 3.2 1B", "recommended-download");
  await page.sees("The download of Llama-3.2-1B-Instruct-Q8_0 has begun");
  await expect.poll(focused).toMatch(/^(Waits|Downloading)/);
  await enterOn("download-pause");
  await expect.poll(stateOf).toBe("Paused");
  expect(await focused()).toMatch(/^Resume: /);
  await page.press("Enter");
  await expect.poll(stateOf).toBe("Downloading");
  expect(await focused()).toMatch(/^Pause: /);
  await page.backend((backend) => backend.breakDownload("unreachable", "the line was cut", false));
  await expect.poll(stateOf).toContain("Interrupted");
  await enterOn("download-resume");
  await expect.poll(stateOf).toBe("Downloading");
  await expect.poll(focused).toMatch(/^Pause: /);
  await enterOn("download-cancel");
  await page.gone("downloads");
  await expect.poll(focused).toBe("To begin with");
});

test("what nothing may be asked for stops a download, and its line leads to the lock", async () => {
  await openScene("example", "get");
  await page.backend((backend) => backend.downloadRate(1_000_000));
  await pressIn("recommended-model", "Llama 3.2 1B", "recommended-download");
  await expect.poll(stateOf).toBe("Downloading");
  await page.click("shell-settings", "settings-section-privacy", "settings-local-only");
  await page.byId("setting-applied");
  await page.click("shell-models");
  await expect.poll(stateOf).toBe("Failed");
  expect(await page.textOf("download-error")).toContain("nothing is lost");
  expect(await page.isShown("toast-error")).toBe(false);
  await pressIn("download", "Llama-3.2-1B", "failure-way-out");
  await page.byId("settings-page-privacy");
});

test("models are deleted after a question, and the focus goes to the next one", async () => {
  await openScene("models", "here");
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
  await openScene("models", "here");
  await pressIn("installed-model", "Mistral-Nemo", "model-menu");
  await page.click("model-delete");
  await page.sees("stays where it is, and LM Studio keeps it");
  await page.click("confirm-ok");
  await page.sees("its file is still there");
  await pressIn("found-model", "llama3.2:3b", "found-use");
  // A colon would name a backend: the model is called otherwise here, and that is said.
  await page.sees("llama3.2-3b was added");
  await expect.poll(() => names("installed-model")).toContain("llama3.2-3b");
  await page.byId("found-linked");
});

test("a file is copied with its progress, which goes on elsewhere and can be stopped", async () => {
  await openScene("models", "here");
  const copy = async () => {
    await page.backend((backend) => backend.pick("mine.Q4_0.gguf"));
    await page.click("model-add", "model-add-copy");
  };
  await page.backend((backend) => backend.copyPieceMs(1000));
  // Only what comes into an element that was there is read out.
  expect(await page.textOf("model-copying-said")).toBe("");
  await page.browser.execute(() => {
    document.querySelector("[data-testid=model-copying-said]")?.setAttribute("data-seen", "");
  });
  await copy();
  await page.byId("model-copying");
  const told = "Copying mine.Q4_0.gguf into the models folder";
  await expect.poll(() => page.textOf("model-copying-said")).toBe(told);
  const isSeen = () =>
    page.browser.execute(() => document.querySelector("[role=status][data-seen]") !== null);
  expect(await isSeen()).toBe(true);
  await page.sees("10%");
  await page.click("shell-home", "shell-models", "models-tab-here");
  await page.byId("model-copying-progress");
  await enterOn("model-copying-stop");
  await page.gone("model-copying");
  await page.sees("mine.Q4_0.gguf was not copied");
  await expect.poll(focused).toBe("Models on this computer");
  expect(await names("installed-model")).not.toContain("mine.Q4_0");
  await page.backend((backend) => backend.copyPieceMs(20));
  await copy();
  await page.sees("mine.Q4_0 was added");
  await page.gone("model-copying");
  await expect.poll(() => names("installed-model")).toContain("mine.Q4_0");
});

test("a model that is at work is not deleted, and that is said calmly", async () => {
  await openScene("models", "here");
  await page.backend((backend) => {
    backend.useModel("SmolLM2-135M-Instruct.Q4_1.gguf", true);
    backend.modelStatus("SmolLM2-135M-Instruct.Q4_1.gguf", "running");
  });
  await page.sees("Working");
  await pressIn("installed-model", "SmolLM2-135M-Instruct.Q4_1", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.byId("model-refused");
  await page.sees("SmolLM2-135M-Instruct.Q4_1 was not deleted");
  await page.sees("is in use: a run needs it");
  expect(await page.isShown("toast-error")).toBe(false);
  expect(await names("installed-model")).toContain("SmolLM2-135M-Instruct.Q4_1");
});

test("a model that stays for another reason is not said to be in use", async () => {
  await openScene("models", "here");
  const refuse = (why: string) =>
    page.backend((backend, message = "") => backend.fail("deleteModel", "conflict", message), why);
  await refuse("the model `Llama` is not in the models folder but behind a link at `/elsewhere`");
  await pressIn("installed-model", "Llama-3.2-3B", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("Llama-3.2-3B-Instruct-Q4_K_M was not deleted");
  await page.sees("behind a link at");
  expect(await page.textOf("model-refused")).not.toContain("in use");
  await refuse("the model `Mistral` is in use: a run needs it");
  await pressIn("installed-model", "Mistral-Nemo", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("Mistral-Nemo-Instruct-2407-Q4_K_M was not removed from the list");
});

test("what the files say is read again when the list changed", async () => {
  await openScene("models", "here");
  const line = () => lineOf("installed-model", "half-copied");
  await expect.poll(line).toContain("The file ends before its last tensor");
  // The rest of it comes.
  await page.backend((backend) => backend.modelStatus("half-copied.Q4_K_M.gguf", "downloaded"));
  await expect.poll(line).not.toContain("Cannot be used");
  await pressIn("installed-model", "Mistral-Nemo", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("its file is still there");
  await expect.poll(line).not.toContain("The file ends before its last tensor");
  expect(await line()).toContain("Use for new columns");
});

test("a recommended model that is here twice says so of both quantisations", async () => {
  await openScene("models", "get");
  const line = () => lineOf("recommended-model", "Llama 3.2 3B");
  const choose = (label: string) =>
    page.browser.execute((wanted) => {
      const lines = [...document.querySelectorAll("[data-testid=recommended-model]")];
      const found = lines.find((each) => each.textContent?.includes("Llama 3.2 3B"));
      const select = found?.querySelector("select");
      const option = [...(select?.options ?? [])].find((each) => each.label.startsWith(wanted));
      if (!select || !option) throw new Error(`no ${wanted}`);
      select.value = option.value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }, label);
  await expect.poll(line).toContain("On this computer");
  await choose("IQ3_M");
  await expect.poll(line).toContain("Download 1.6 GB");
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await pressIn("recommended-model", "Llama 3.2 3B", "recommended-download");
  await page.sees("Llama-3.2-3B-Instruct-IQ3_M is on this computer");
  await expect.poll(line).toContain("On this computer");
  await choose("Q4_K_M");
  await page.settle();
  expect(await line()).toContain("On this computer");
  await choose("Q6_K");
  await expect.poll(line).toContain("Download");
});

test("what works was used just now, and what failed says why until it goes well", async () => {
  await openScene("models", "here");
  const qwen = () => lineOf("installed-model", "Qwen3-4B");
  expect(await qwen()).toContain("Never used");
  await page.backend((backend) =>
    backend.modelStatus("Qwen3-4B-Thinking-2507-Q4_K_M.gguf", "running"),
  );
  await expect.poll(qwen).toContain("Working");
  await expect.poll(qwen).not.toContain("Never used");
  await page.backend((backend) =>
    backend.modelStatus("Qwen3-4B-Thinking-2507-Q4_K_M.gguf", "failed", "no memory is left"),
  );
  await expect.poll(qwen).toContain("No memory is left");
  // Another one goes, and the list is read again.
  await pressIn("installed-model", "Mistral-Nemo", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("its file is still there");
  await expect.poll(() => names("installed-model")).not.toContain("Mistral-Nemo");
  expect(await qwen()).toContain("Cannot be used");
  expect(await qwen()).toContain("No memory is left");
});

test("another model is made that of new columns, until it is deleted", async () => {
  await openScene("models", "here");
  await pressIn("installed-model", "Qwen3-4B", "model-use");
  await page.sees("New columns now use Qwen3-4B");
  await expect.poll(usualModel).toContain("Qwen3-4B-Thinking");
  await pressIn("installed-model", "Qwen3-4B", "model-details");
  await page.byId("model-details-dialog");
  await page.sees("Rows being filled");
  await page.click("model-details-close");
  await page.gone("model-details-dialog");
  await pressIn("installed-model", "Llama-3.2-3B", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("was deleted: 2.0 GB are free");
  expect(await usualModel()).toContain("Qwen3-4B-Thinking");
  await pressIn("installed-model", "Qwen3-4B", "model-menu");
  await page.click("model-delete", "confirm-ok");
  await page.sees("was deleted: 2.5 GB are free");
  await expect.poll(usualModel).toBe("");
  const marked = () =>
    page.browser.execute(
      () =>
        document
          .querySelector("[data-testid=model-usual]")
          ?.closest("li")
          ?.querySelector("bdi")
          ?.textContent?.trim() ?? "",
    );
  await expect.poll(marked).toBe("SmolLM2-135M-Instruct.Q4_1");
});

test("leftovers of downloads are deleted after a question", async () => {
  await openScene("models", "here");
  await page.click("leftovers-remove", "confirm-ok");
  await page.gone("leftovers");
  await page.sees("1.3 GB are free again");
});

test("the hub is searched, a repository opened, its fit checked and a choice downloaded", async () => {
  await openScene("example", "get");
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
  // What was looked for is still there, and so is the focus.
  await page.byId("hub-result");
  await expect.poll(focused).toBe("bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF");
});

test("what was searched and opened is still there for who comes back", async () => {
  await openScene("example", "get");
  await page.fill("hub-search", "qwen3 4b");
  await page.choose("hub-sort", "Last changed");
  await (await page.byRole("button", /^bartowski\/Qwen_Qwen3-4B/)).click();
  await page.byId("hub-choices");
  await page.click("models-tab-here");
  await page.byId("installed");
  await page.click("models-tab-get");
  await page.byId("hub-choices");
  // The keys stay with who moves between the tabs.
  expect(await focused()).toBe("Get models");
  await page.click("shell-home");
  await page.byId("home");
  await page.click("shell-models", "models-tab-get");
  await page.byId("hub-choices");
  await page.press("Escape");
  await page.byId("hub-search");
  expect(await (await page.byId("hub-search")).getValue()).toBe("qwen3 4b");
  expect(await (await page.byId("hub-sort")).getValue()).toBe("updated");
  await page.byId("hub-result");
  await page.press("Escape");
  await page.byId("home");
});

test("a model that this version cannot load is downloaded by who wants it all the same", async () => {
  await page.open("example");
  await openRepository(page, "someone/Lxama-2B-GGUF");
  await page.byId("hub-problem");
  await page.sees(/does not know the architecture/);
  await page.backend((backend) => backend.downloadRate(20_000_000));
  const line = () => lineOf("hub-choice", "Q4_K_M");
  expect(await line()).toContain("Download anyway");
  await pressIn("hub-choice", "Q4_K_M", "hub-download");
  await page.byId("hub-download-under-way");
  expect(await page.isShown("hub-choice-failed")).toBe(false);
});

test("where nothing will fit, nothing is suggested", async () => {
  await page.open("example");
  await openRepository(page, "unsloth/Llama-3.3-70B-Instruct-GGUF");
  await page.byId("hub-choices");
  expect(await page.isShown("hub-suggested")).toBe(false);
  // The least that is worth having is still the one that comes unasked.
  expect(await lineOf("hub-choice", "Q4_K_M")).toContain("Download anyway");
});

test("a model for MLX is shown, and not downloaded where nothing runs it", async () => {
  await openScene("example", "get");
  await page.fill("hub-search", "mlx-community/Qwen3-1.7B-4bit");
  await page.press("Enter");
  await page.byId("hub-mlx");
  await page.sees("runs GGUF files");
  expect(await page.isShown("hub-download")).toBe(false);
});

test("a pasted address opens its repository at the quantisation that it names", async () => {
  await openScene("example", "get");
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
  await openScene("example", "get");
  await page.fill("hub-search", "google/gemma-3-4b-it-qat-q4_0-gguf");
  await page.press("Enter");
  await page.byId("hub-gate");
  await page.click("hub-gate-page");
  const opened = () => page.backend((backend) => backend.opened().join());
  await expect.poll(opened).toContain("huggingface.co/google/gemma-3-4b-it-qat-q4_0-gguf");
  // The hub refuses the file, not the wish for it.
  await page.backend((backend) => backend.downloadRate(900_000_000));
  await page.click("hub-download");
  await expect.poll(stateOf).toBe("Failed");
  await page.byId("toast-error");
  expect(await page.textOf("download-error")).toContain(
    "Agree to them at https://huggingface.co/google/gemma-3-4b-it-qat-q4_0-gguf, then enter a token",
  );
  expect(await page.textOf("download-error")).not.toContain("braincells");
  await pressIn("download", "gemma-3-4b", "failure-way-out");
  await page.click("backend-huggingface-details");
  await page.fill("backend-huggingface-key", "hf_good");
  await page.click("backend-huggingface-key-send");
  await page.byId("backend-huggingface-test");
  await page.click("settings-back");
  // What was open is open.
  await page.byId("hub-page");
  await page.click("download-resume");
  await page.sees("is on this computer");
});

test("pages of models are those of the hub that is set", async () => {
  await page.open("models", { hub: "https://mirror.example/hf" });
  await page.click("shell-models", "models-tab-get");
  await page.fill("hub-search", "unsloth/Llama-3.3-70B-Instruct-GGUF");
  await page.press("Enter");
  await page.click("hub-open-page");
  const opened = () => page.backend((backend) => backend.opened().join());
  const page70 = "https://mirror.example/hf/unsloth/Llama-3.3-70B-Instruct-GGUF";
  await expect.poll(opened).toBe(page70);
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
  await openScene("models", "here");
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
