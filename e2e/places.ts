import { modelPlaces } from "./model-places";
import type { Page } from "./page/page";
import { inSheet, inspect, type Place, stay } from "./place";

async function pick(page: Page, ...names: string[]): Promise<void> {
  await page.backend((backend, ...files) => backend.pick(...files), ...names);
}

async function importFile(page: Page, name: string): Promise<void> {
  await pick(page, name);
  await page.click("home-import");
  await page.byId("import-dialog");
}

const settingsSections = [
  "general",
  "models",
  "backends",
  "privacy",
  "data",
  "diagnostics",
  "about",
];

const sheetPlaces: Place[] = [
  inSheet("sheet", "example", "Example"),
  inSheet("sheet-states", "example", "reviews"),
  inSheet("sheet-million", "million", "Sensor"),
  inSheet("sheet-hostile", "hostile", ""),
  inSheet("sheet-readonly", "readonly", "Example"),
  inSheet("sheet-running", "running", "Example", async (_, grid) => {
    await grid.expectText(1, await grid.column("summary"), /^In short/);
  }),
  inSheet("sheet-failed", "failed", "Example", async (_, grid) => {
    await grid.expectText(1, await grid.column("sentiment"), /./);
  }),
  inSheet("inspector-failed", "failed", "Example", async (page, grid) => {
    await inspect(page, grid, "sentiment");
    await (await page.byRole("tab", /^Runs/)).click();
  }),
  inSheet("sheet-high-rows", "example", "reviews", (page) =>
    page.option("sheet-row-height", "High"),
  ),
  inSheet("sheet-selection", "million", "Sensor", async (page, grid) => {
    await grid.press("End", "Shift+PageDown", "Shift+ArrowLeft");
    await page.byId("sheet-selected");
  }),
  inSheet("sheet-editing", "example", "Example", async (page, grid) => {
    await grid.press("F2");
    await page.byId("grid-editor");
  }),
  inSheet("sheet-cell-menu", "example", "reviews", async (page, grid) => {
    await grid.press("Shift+F10");
    await page.byRole("menu", /./);
  }),
  inSheet("sheet-column-menu", "example", "reviews", async (page, grid) => {
    await grid.openHeaderMenu("sentiment");
    await page.byRole("menu", /./);
  }),
  inSheet("sheet-add-column", "example", "Example", (page) => page.click("sheet-add-column")),
  inSheet("sheet-filter", "example", "Example", async (page) => {
    await page.click("sheet-filter");
    await page.byId("sheet-condition");
  }),
  inSheet("sheet-sort", "example", "Example", (page) => page.click("sheet-sort")),
  inSheet("sheet-steps", "example", "reviews", (page) => page.click("sheet-steps")),
  inSheet("sheet-find", "example", "Example", async (page, grid) => {
    await grid.press("Control+h");
    await page.fill("find-text", "plant");
    await page.sees(/of \d+|\d+ found/);
  }),
  inSheet("sheet-replace", "example", "Example", async (page, grid) => {
    await grid.press("Control+h");
    await page.fill("find-text", "email");
    await page.sees(/of \d+|\d+ found/);
    await page.fill("find-replacement", "letter");
    await page.click("find-replace-all");
    await page.byId("replace-count");
  }),
  inSheet("sheet-sql", "example", "reviews", async (page) => {
    await page.click("sheet-sql");
    await page.fill("sql-query", "SELECT sentiment, count(*) FROM sheet GROUP BY ALL");
    await page.click("sql-run");
    await page.byId("sql-result");
  }),
  inSheet("sheet-paste", "example", "Example", async (page, grid) => {
    await grid.press("Control+End");
    await grid.paste("a\tb\nc\td");
    await page.byId("paste-dialog");
  }),
  inSheet("inspector-new", "example", "Example", async (page) => {
    await page.click("sheet-add-column");
    await (await page.byRole("menuitem", /^AI column/)).click();
    await page.byId("inspector");
  }),
  inSheet("inspector-ai", "example", "reviews", (page, grid) => inspect(page, grid, "sentiment")),
  ...["model", "examples", "runs", "final"].map((tab) =>
    inSheet(`inspector-${tab}`, "example", "reviews", async (page, grid) => {
      await inspect(page, grid, "sentiment");
      await (await page.byRole("tab", new RegExp(`^${tab}`, "i"))).click();
    }),
  ),
  inSheet("inspector-preview", "example", "Example", async (page, grid) => {
    await inspect(page, grid, "sentiment");
    await page.click("inspector-preview-start");
    await page.byId("inspector-preview-row");
  }),
  inSheet("inspector-data", "example", "Example", async (page, grid) => {
    await grid.openHeaderMenu("order_value");
    await (await page.byRole("menuitem", /type|column|properties|about/i)).click();
  }),
  inSheet("inspector-running", "running", "Example", (page, grid) =>
    inspect(page, grid, "summary"),
  ),
  inSheet("cell", "example", "Example", async (page, grid) => {
    await grid.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Space");
    await page.byId("cell-panel");
  }),
  inSheet("cell-ai", "example", "reviews", async (page, grid) => {
    await grid.press("End", "ArrowLeft", "Space");
    await page.byId("cell-panel");
  }),
  ...["history", "prompt"].map((tab) =>
    inSheet(`cell-${tab}`, "example", "reviews", async (page, grid) => {
      await grid.press("End", "ArrowLeft", "Space");
      await page.byId("cell-panel");
      await (await page.byRole("tab", new RegExp(`^${tab}`, "i"))).click();
    }),
  ),
  inSheet("cell-hostile", "hostile", "", async (page, grid) => {
    await grid.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Space");
    await page.byId("cell-panel");
  }),
  inSheet("typed", "typed", "Letters"),
  inSheet("typed-high-rows", "typed", "Letters", (page) => page.option("sheet-row-height", "High")),
  ...["topics", "urgency", "details"].map((column) =>
    inSheet(`typed-${column}`, "typed", "Letters", (page, grid) => inspect(page, grid, column)),
  ),
  inSheet("typed-mood", "typed", "Letters", async (page, grid) => {
    await inspect(page, grid, "mood");
    await page.click("inspector-label-figures");
    const table = await page.byId("inspector-label-table");
    // WebdriverIO's own scrollIntoView logs an error where the driver has no wheel.
    await page.browser.execute(
      (element) => (element as unknown as HTMLElement).scrollIntoView(),
      table,
    );
  }),
  inSheet("typed-cell", "typed", "Letters", async (page, grid) => {
    await grid.press("ArrowRight", "Space");
    await page.byId("cell-labels");
  }),
  inSheet("typed-cell-edit", "typed", "Letters", async (page, grid) => {
    await grid.press("ArrowRight", "ArrowRight", "Space");
    await page.click("cell-edit");
    await page.byId("cell-label-picker");
  }),
  inSheet("typed-menu", "typed", "Letters", async (page, grid) => {
    await grid.openHeaderMenu("details");
    await page.byRole("menu", /./);
  }),
  inSheet("typed-split", "typed", "Letters", async (page, grid) => {
    await grid.openHeaderMenu("details");
    await page.click("menu-split");
    await page.byId("column-split-1");
  }),
  inSheet("typed-restarted", "typed", "Letters", async (page) => {
    await page.backend((backend) =>
      backend.restart("SmolLM2-135M-Instruct.Q4_1.gguf", "it was ended by signal 9 (killed)"),
    );
    await page.sees("was started again");
  }),
  inSheet("typed-schema", "typed", "Letters", async (page, grid) => {
    await inspect(page, grid, "details");
    await page.option("inspector-schema-view", "JSON Schema");
    await page.fill("inspector-schema-raw", '{\n  "type": "object"\n  "properties": {}\n}');
    await page.byId("inspector-schema-go-to");
  }),
  inSheet("sheet-lock", "cloud", "reviews", async (page) => {
    await page.click("sheet-unlocked", "sheet-lock-switch");
    await page.byId("sheet-locked");
  }),
  inSheet("inspector-remote", "cloud", "reviews", async (page, grid) => {
    await inspect(page, grid, "topic");
    await (await page.byRole("tab", /^Model/)).click();
    await page.byId("model-facts");
  }),
  inSheet("inspector-remote-search", "cloud", "reviews", async (page, grid) => {
    await inspect(page, grid, "topic");
    await (await page.byRole("tab", /^Model/)).click();
    await page.click("inspector-model");
    await page.sees("llama3.2:1b");
  }),
  inSheet("inspector-remote-locked", "cloud", "reviews", async (page, grid) => {
    await page.click("sheet-unlocked", "sheet-lock-switch");
    await page.byId("sheet-locked");
    await page.press("Escape");
    await inspect(page, grid, "topic");
    await (await page.byRole("tab", /^Model/)).click();
    await page.byId("model-locked");
    await page.click("inspector-model");
    await page.sees("openrouter:…");
  }),
  inSheet("inspector-slowed-down", "cloud", "reviews", async (page, grid) => {
    await inspect(page, grid, "topic");
    await page.backend((backend) => backend.rowsPerSecond(4));
    await page.click("inspector-run");
    await page.byId("run-strip-cost");
    await page.backend((backend) => backend.slowDown(3_600_000));
    await page.byId("run-strip-waits");
  }),
  inSheet("inspector-limit-reached", "cloud", "reviews", async (page, grid) => {
    await inspect(page, grid, "topic");
    await page.fill("inspector-cap-tokens", "500");
    await page.press("Tab");
    await page.click("inspector-run");
    await page.byId("inspector-limit-reached");
  }),
  inSheet("export", "example", "reviews", (page) => page.click("sheet-export")),
  inSheet("recipe", "example", "reviews", (page) => page.click("sheet-recipe")),
];

const settingsPlaces: Place[] = settingsSections.flatMap((section): Place[] =>
  (section === "models" || section === "diagnostics" ? ["example", "nomodel"] : ["example"]).map(
    (scene) => ({
      name: scene === "nomodel" ? `settings-${section}-none` : `settings-${section}`,
      scene,
      async go(page) {
        await page.click("shell-settings", `settings-section-${section}`);
        await page.byId(section === "diagnostics" ? "settings-doctor" : "settings-screen");
      },
    }),
  ),
);

/** Opens the backends in the settings. */
async function openBackends(page: Page): Promise<void> {
  await page.click("shell-settings", "settings-section-backends");
  await page.byId("backend-openrouter");
}

/** Opens the dialog that tunes the first model. */
async function openTuning(page: Page): Promise<void> {
  await page.click("shell-settings", "settings-section-models", "settings-tune");
  await page.byId("tune-dialog");
}

/** Everywhere that a person can get to, for pictures and for the check of accessibility. */
export const places: Place[] = [
  ...sheetPlaces,
  ...modelPlaces,
  ...settingsPlaces,
  {
    name: "backends",
    scene: "cloud",
    async go(page) {
      await openBackends(page);
      await page.click("backend-openrouter-test");
      await page.byId("backend-openrouter-test-result");
      await page.click("backend-openrouter-details");
      await page.byId("backend-openrouter-body");
    },
  },
  {
    name: "backends-endpoint",
    scene: "cloud",
    async go(page) {
      await openBackends(page);
      await page.click("backend-ollama-details");
      const remove = await page.byId("backend-ollama-remove");
      await page.browser.execute(
        (element) => (element as unknown as HTMLElement).scrollIntoView({ block: "nearest" }),
        remove,
      );
    },
  },
  {
    name: "backends-add",
    scene: "cloud",
    async go(page) {
      await openBackends(page);
      await page.click("backends-add");
      await page.fill("endpoint-address", "http://192.168.1.7:8000");
      await page.byId("endpoint-in-the-clear");
    },
  },
  {
    name: "backends-trouble",
    scene: "example",
    async go(page) {
      await page.backend((backend) => backend.keyring("no keyring answers on this system"));
      await openBackends(page);
      await page.click("backend-openai-details");
      await page.fill("backend-openai-key", "sk-wrong");
      await page.click("backend-openai-key-send", "backend-openai-test");
      await page.byId("backend-openai-test-failed");
    },
  },
  { name: "tune", scene: "example", go: openTuning },
  {
    name: "tune-result",
    scene: "example",
    async go(page) {
      await openTuning(page);
      await page.click("tune-keep");
      await page.byId("tune-result");
    },
  },
  { name: "home", scene: "example", go: (page) => page.byId("home-sheet").then(stay) },
  { name: "home-empty", scene: "empty", go: (page) => page.byId("home-welcome").then(stay) },
  { name: "home-trash", scene: "example", go: (page) => page.click("home-trash-toggle") },
  { name: "home-menu", scene: "example", go: (page) => page.click("home-sheet-menu") },
  { name: "home-running", scene: "running", go: (page) => page.sees("Filling") },
  { name: "home-hostile", scene: "hostile", go: (page) => page.byId("home-sheet").then(stay) },
  {
    name: "home-no-match",
    scene: "example",
    async go(page) {
      await page.click("home-search");
      await page.type("zebra");
      await page.sees("No sheet is called");
    },
  },
  { name: "paste", scene: "example", go: (page) => page.click("home-paste") },
  { name: "palette", scene: "example", go: (page) => page.click("shell-palette") },
  {
    name: "keyboard-help",
    scene: "example",
    async go(page) {
      await page.press("F1");
      await page.byId("shell-keyboard-help");
    },
  },
  {
    name: "import",
    scene: "example",
    async go(page) {
      await importFile(page, "tickets.csv");
      await page.byId("import-preview");
    },
  },
  {
    name: "import-workbook",
    scene: "example",
    async go(page) {
      await importFile(page, "report.xlsx");
      await page.byId("import-table");
    },
  },
  {
    name: "import-broken",
    scene: "example",
    async go(page) {
      await importFile(page, "broken.csv");
      await page.sees(/line 3 has 2 values/i);
    },
  },
  { name: "import-unsupported", scene: "example", go: (page) => importFile(page, "photo.png") },
  {
    name: "import-progress",
    scene: "example",
    async go(page) {
      await importFile(page, "big.csv");
      await page.backend((backend) => backend.importPieceMs(3_600_000));
      await page.click("import-run");
      await page.byId("import-progress");
    },
  },
  { name: "resume", scene: "interrupted", go: (page) => page.byId("resume-offer").then(stay) },
  {
    name: "close",
    scene: "running",
    async go(page) {
      await page.backend((backend) => backend.ask({ ask: "close", live_runs: 3 }));
      await page.byId("close-dialog");
    },
  },
  {
    name: "drop",
    scene: "example",
    async go(page) {
      const drag = { ask: "drag" as const, paths: ["/home/you/Downloads/people.tsv"], over: true };
      await page.backend((backend, ask) => backend.ask(JSON.parse(ask)), JSON.stringify(drag));
      await page.byId("shell-drop");
    },
  },
  { name: "runs", scene: "running", go: (page) => page.click("run-strip-more") },
  {
    name: "toast-error",
    scene: "example",
    async go(page) {
      await page.backend((backend) => backend.fail("createSheet", "disk_full", "the disk is full"));
      await page.click("home-new");
      await page.byId("toast-error");
    },
  },
];
