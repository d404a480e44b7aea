import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expectNotInPage, isInPage } from "../traces";
import { GridOf } from "./grid";
import { type Page, startPage } from "./page";

/** A key that no other text looks like. */
const KEY = "sk-canary-7f3a9c51";

let page: Page;
let grid: GridOf;
beforeAll(async () => {
  page = await startPage();
  grid = new GridOf(page);
});
afterEach(() => page.expectNoTroubles());
afterAll(() => page.close());

async function openBackends(scene: string, parameters: Record<string, string> = {}): Promise<void> {
  await page.open(scene, parameters);
  await page.click("shell-settings", "settings-section-backends");
  await page.byId("backend-openai");
}

async function openModelTab(column: string): Promise<void> {
  await grid.openColumn(column);
  await page.byId("inspector");
  await (await page.byRole("tab", /^Model/)).click();
  await page.byId("inspector-model");
}

/** The test id of what has the focus. */
const focused = (): Promise<string | null> =>
  page.browser.execute(() => document.activeElement?.getAttribute("data-testid") ?? null);

const calls = (command: string): Promise<number> =>
  page.backend((backend, name) => backend.calls()[name ?? ""] ?? 0, command);

test("a key is entered by keys alone, and is nowhere in the page afterwards", async () => {
  await openBackends("example");
  expect(await page.textOf("backend-openai-key-state")).toBe("No key");
  const details = await page.byId("backend-openai-details");
  await page.browser.execute((element) => (element as unknown as HTMLElement).focus(), details);
  await page.press("Enter");
  await page.byId("backend-openai-body");
  await page.press("Tab");
  await page.type(KEY);
  expect(await isInPage(page.browser, KEY)).toBe(true);
  const type = await (await page.byId("backend-openai-key")).getAttribute("type");
  expect(type).toBe("password");
  await page.press("Enter");
  await expect.poll(() => page.textOf("backend-openai-key-state")).toBe("Key in the keyring");
  // The field that took its place has the focus: Esc there is no way out of the settings.
  expect(await focused()).toBe("backend-openai-key");
  await page.press("Escape");
  await page.byId("backend-openai-body");
  await expectNotInPage(page.browser, KEY);
  // Undo must not bring it back.
  await page.click("backend-openai-key");
  await page.press("Control", "z");
  await expectNotInPage(page.browser, KEY);
  await page.click("backend-openai-remove-key");
  await expect.poll(() => page.textOf("backend-openai-key-state")).toBe("No key");
  await page.click("backend-openai-get-key");
  await expect.poll(() => page.backend((backend) => backend.opened().join())).toContain("api-keys");
});

test("a key that is refused leaves no trace either", async () => {
  await openBackends("example");
  await page.click("backend-openai-details");
  await page.fill("backend-openai-key", `${KEY} ${KEY}`);
  await page.click("backend-openai-key-send");
  await page.byId("backend-openai-key-failed");
  await expectNotInPage(page.browser, KEY);
});

test("a test of the connection says what it found, or what to do", async () => {
  await openBackends("cloud");
  await page.click("backend-huggingface-test");
  await page.sees("account ada");
  expect(await page.textOf("backend-huggingface-key-state")).toBe("Key from HF_TOKEN");
  expect(await (await page.byId("backend-openai-test")).isEnabled()).toBe(false);
  expect(await page.textOf("backend-openai-test-off")).toBe("Needs a key first");
  await page.click("backend-openai-details");
  await page.fill("backend-openai-key", "sk-wrong");
  await page.click("backend-openai-key-send", "backend-openai-test");
  await page.byId("backend-openai-test-failed");
  await page.sees("OpenAI refused the key");
  await page.sees("Enter a valid key in the settings");
});

test("a test of the connection is void when the key or the address changes, and only then", async () => {
  await openBackends("cloud");
  await page.click("backend-huggingface-test");
  await page.byId("backend-huggingface-test-result");
  await page.click("backend-ollama-details", "backend-ollama-test");
  await page.byId("backend-ollama-test-result");
  // Reads all backends again, and changes nothing that was found out.
  await page.fill("backend-ollama-parallel-requests", "3");
  await page.press("Enter");
  await page.byId("setting-applied");
  await expect.poll(() => calls("backends")).toBe(2);
  await page.settle();
  expect(await page.isShown("backend-ollama-test-result")).toBe(true);
  await page.fill("backend-ollama-address", "http://localhost:11435");
  await page.press("Enter");
  await page.gone("backend-ollama-test-result");
  expect(await page.isShown("backend-huggingface-test-result")).toBe(true);
  // One key in the place of another from the same source.
  await page.click("backend-openai-details");
  await page.fill("backend-openai-key", KEY);
  await page.click("backend-openai-key-send", "backend-openai-test");
  await page.byId("backend-openai-test-result");
  await page.fill("backend-openai-key", "sk-wrong");
  await page.click("backend-openai-key-send");
  await page.gone("backend-openai-test-result");
});

test("a test that is under way is given up when the key changes", async () => {
  await openBackends("cloud");
  await page.click("backend-huggingface-details");
  await page.fill("backend-huggingface-key", "sk-wrong");
  // In one go, so that the answer about the old key is still to come.
  await page.browser.execute(() => {
    const button = (id: string) =>
      document.querySelector<HTMLButtonElement>(`[data-testid=backend-huggingface-${id}]`);
    button("test")?.click();
    button("key-send")?.click();
  });
  await expect.poll(() => page.textOf("backend-huggingface-key-state")).toBe("Key in the keyring");
  await expect.poll(() => calls("cancelTask")).toBe(1);
  await page.byId("backend-huggingface-test");
  expect(await page.isShown("backend-huggingface-test-result")).toBe(false);
  expect(await page.isShown("backend-huggingface-test-failed")).toBe(false);
});

test("without a keyring it is said that keys last for the session", async () => {
  await page.open("example");
  await page.backend((backend) => backend.keyring("there is none"));
  await page.click("shell-settings", "settings-section-backends");
  await page.byId("backends-session-only");
  await page.click("backend-openrouter-details");
  expect(await page.isShown("backend-openrouter-only-session")).toBe(false);
  await page.fill("backend-openrouter-key", KEY);
  await page.click("backend-openrouter-key-send");
  await expect.poll(() => page.textOf("backend-openrouter-key-state")).toBe("Key for this session");
});

test("an endpoint is added, changed and removed", async () => {
  await openBackends("example");
  await page.click("backends-add");
  await page.byId("endpoint-dialog");
  await page.choose("endpoint-preset", "LM Studio");
  await page.click("endpoint-add");
  await page.gone("endpoint-dialog");
  await page.byId("backend-lm-studio");
  expect(await page.textOf("backend-lm-studio-key-state")).toBe("No key needed");
  await page.click("backend-lm-studio-details");
  await page.fill("backend-lm-studio-models", "one\ntwo");
  await page.press("Tab");
  await expect.poll(() => calls("putEndpoint")).toBe(2);
  // At once, with the models still on their way: none may lose the other.
  await page.fill("backend-lm-studio-parallel-requests", "3");
  await page.press("Enter");
  await expect.poll(() => calls("setSettings")).toBe(1);
  await page.fill("backend-lm-studio-address", "http://192.168.1.7:1234");
  await page.press("Enter");
  await page.byId("backend-lm-studio-clear");
  // What is stored, not what was typed: the section reads it afresh.
  await page.click("settings-section-general", "settings-section-backends");
  await page.click("backend-lm-studio-details");
  const shown = async (field: string) => (await page.byId(`backend-lm-studio-${field}`)).getValue();
  expect(await shown("parallel-requests")).toBe("3");
  expect(await shown("models")).toBe("one\ntwo");
  expect(await shown("address")).toBe("http://192.168.1.7:1234/v1");
  await page.click("backend-lm-studio-remove");
  await page.byId("backend-remove-dialog");
  await (await page.byRole("button", "Remove")).click();
  await page.gone("backend-lm-studio");
});

test("an endpoint without an address or with a taken name is not added", async () => {
  await openBackends("cloud");
  await page.click("backends-add");
  await page.choose("endpoint-preset", "Other");
  await page.fill("endpoint-id", "ollama");
  await page.sees("This name is taken");
  await page.fill("endpoint-id", "hf");
  await page.sees("hf is reserved");
  await page.fill("endpoint-id", "Own Server");
  await page.click("endpoint-add");
  await page.sees("small letters, digits and hyphens");
  await page.sees("An address begins with http");
  expect(await calls("putEndpoint")).toBe(0);
  await page.press("Escape");
  await page.gone("endpoint-dialog");
});

test("models of backends are searched, with context and price", async () => {
  await grid.open("cloud", "reviews");
  await openModelTab("topic");
  await page.sees("Each row's prompt is sent to OpenRouter (openrouter.ai)");
  await expect.poll(() => page.textOf("model-facts")).toContain("128k tokens");
  await page.click("inspector-model");
  await page.sees("more: type to narrow it down");
  await page.sees("Needs a key");
  await page.fill("inspector-model", "gemma free");
  await page.sees("google/gemma-3-27b-it:free");
  await page.press("ArrowDown");
  await page.fill("inspector-model", "nothing is called so");
  await page.sees("No model matches");
  await page.fill("inspector-model", "openrouter:gpt-4o");
  await page.sees("openai/gpt-4o-mini");
  await page.fill("inspector-model", "openrouter:brand/new");
  await page.sees("Use openrouter:brand/new");
  await page.press("Enter");
  const shown = async () => (await page.byId("inspector-model")).getValue();
  await expect.poll(shown).toBe("openrouter:brand/new");
  await page.fill("inspector-model", "SmolLM2");
  await page.press("Enter");
  await page.sees("Runs on this computer");
});

test("a list of models that cannot be read says why", async () => {
  await grid.open("cloud", "reviews");
  await openModelTab("topic");
  await page.byId("model-facts");
  await page.backend((backend) =>
    backend.fail("backendModels", "unreachable", "nobody answers at this address"),
  );
  await page.click("inspector-model");
  await page.sees("The list cannot be read: nobody answers at this address");
});

test("a locked sheet says so, offers no other machine and refuses to ask one", async () => {
  await grid.open("cloud", "reviews");
  await page.click("sheet-unlocked", "sheet-lock-switch");
  await page.byId("sheet-locked");
  await page.press("Escape");
  // The button that opened it is still there to have the focus back.
  expect(await focused()).toBe("sheet-locked");
  await openModelTab("topic");
  await page.byId("model-locked");
  await page.click("inspector-model");
  await page.sees("This sheet is locked to models on this computer");
  // A server on this computer can be asked all the same.
  await page.sees("llama3.2:1b");
  await page.press("Escape");
  await page.click("inspector-run");
  await page.byId("inspector-failure");
  await page.sees("Only models on this computer may be used");
  await page.click("shell-home");
  await page.byId("home-locked");
});

test("local only in the settings keeps all sheets here", async () => {
  await openBackends("cloud");
  await (await page.byRole("checkbox", /Local only/)).click();
  await page.byId("backends-locked");
  expect(await (await page.byId("backend-openrouter-test")).isEnabled()).toBe(false);
  expect(await page.textOf("backend-openrouter-test-off")).toContain("Local only is on");
  expect(await (await page.byId("backend-ollama-test")).isEnabled()).toBe(true);
  await page.click("shell-home");
  await grid.enter("reviews");
  await page.click("sheet-locked");
  await page.sees("Local only is on for all sheets, in the settings");
});

test("what a run costs is told before and while, and it stops at its limit", async () => {
  await grid.open("cloud", "reviews", { rate: "30" });
  await grid.openColumn("topic");
  await expect.poll(() => page.textOf("inspector-estimate")).toMatch(/about \$0\.\d+/);
  await page.fill("inspector-cap-tokens", "2000");
  await page.press("Tab");
  await page.click("inspector-run");
  await expect.poll(() => page.textOf("run-strip-cost")).toMatch(/^(\$0\.\d+|<\$0\.001) so far$/);
  await page.byId("inspector-limit-reached");
  await page.sees("topic: the limit of this run is reached");
  const raised = async () => (await page.byId("inspector-raise-tokens")).getValue();
  expect(await raised()).toBe("4000");
  expect(await page.isShown("inspector-raise-usd")).toBe(false);
  await page.backend((backend) => backend.rowsPerSecond(2));
  await page.click("inspector-raise-resume");
  await page.byId("inspector-live-run");
  await expect
    .poll(() => page.textOf("inspector-run-spent"))
    .toMatch(/so far · 2,\d{3} of at most 4,000 tokens/);
  await page.click("inspector-stop");
  await page.byId("run-strip-idle");
});

test("a backend that asks to slow down is waited for calmly", async () => {
  await grid.open("cloud", "reviews", { rate: "4" });
  await grid.openColumn("topic");
  await page.byId("inspector");
  await page.click("inspector-run");
  await page.byId("run-strip-cost");
  await page.backend((backend) => backend.slowDown(5_000));
  await page.byId("run-strip-waits");
  await page.sees(/The backend asks to slow down\. Goes on in [1-5] s/);
  expect(await page.isShown("toast-error")).toBe(false);
  await page.gone("run-strip-waits");
  await page.sees("Slowed down to 2 requests at a time");
  await page.click("inspector-stop");
  await page.byId("run-strip-idle");
});

test("a key that is wrong stops the run with one message that leads to the keys", async () => {
  await openBackends("cloud");
  await page.click("backend-openrouter-details");
  await page.fill("backend-openrouter-key", "sk-wrong");
  await page.click("backend-openrouter-key-send");
  await page.sees("The key is in the keyring");
  await page.click("toast-close", "shell-home");
  await grid.enter("reviews");
  await grid.openColumn("topic");
  await page.byId("inspector");
  await page.click("inspector-run");
  await page.byId("toast-error");
  await page.sees("OpenRouter refused the key");
  const toasts = await page.browser.execute(
    () => document.querySelectorAll("[data-testid=toast-error]").length,
  );
  expect(toasts).toBe(1);
  await (await page.byRole("button", "Open Backends")).click();
  await page.byId("backend-openrouter");
});

test.each(["light", "dark"])("everybody can use it in the %s", async (theme) => {
  await openBackends("cloud", { theme });
  await page.click("backend-openrouter-details", "backend-ollama-details");
  await page.byId("backend-ollama-body");
  await page.expectAccessible(`the backends, ${theme}`);
  await page.click("shell-home");
  await grid.enter("reviews");
  await openModelTab("topic");
  await page.click("inspector-model");
  await page.sees("qwen/qwen3-8b");
  await page.expectAccessible(`the search for a model, ${theme}`);
});
