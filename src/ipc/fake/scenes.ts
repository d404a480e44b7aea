import type { Column, Recipe, Settings, Value } from "../bindings";
import type { BaseCell } from "./cell";
import { editCells } from "./cells";
import { addColumn } from "./columns";
import { fillDisk } from "./disk";
import { restoreDownloads } from "./downloads";
import { makeExample } from "./example";
import { makeHostile } from "./hostile";
import { fillOtherApps } from "./local-models";
import { modelFile } from "./model-file";
import { addDownloads, addMlx, addModels } from "./model-scenes";
import { SETTINGS_KEY } from "./models";
import { newSheet } from "./new-sheet";
import { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import { makeTyped } from "./typed";
import { hashOf, typeOfOutput } from "./values";
import { World } from "./world";

const STARTER = "SmolLM2-135M-Instruct.Q4_1.gguf";
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A scene: what there is when the window opens. */
export type SceneName =
  | "empty"
  | "example"
  | "million"
  | "running"
  | "failed"
  | "interrupted"
  | "readonly"
  | "hostile"
  | "nomodel"
  | "typed"
  | "cloud"
  | "models"
  | "downloads"
  | "mlx";

function settings(): Settings {
  const kept = globalThis.sessionStorage?.getItem(SETTINGS_KEY);
  if (kept) return JSON.parse(kept) as Settings;
  return {
    theme: "system",
    language: "en",
    model: "",
    engine: {},
    backends: {},
    unload_after_minutes: 15,
    local_only: false,
    notify_after_seconds: 60,
  };
}

const cellOf = (value: Value): ReturnType<BaseCell> => ({
  value,
  state: null,
  error: null,
  confidence: null,
  recipe_version: null,
});

/** A million rows and twenty columns that are computed when they are read. */
function makeMillion(world: World): FakeSheet {
  const sheet = newSheet(world, "Sensor readings", 1_000_000);
  const cities = ["Oslo", "Nairobi", "Lima", "Osaka", "Tromsø", "Quito", "Cairo", "Perth"];
  const put = (
    name: string,
    type: Parameters<typeof addColumn>[2],
    of: (row: number) => Value,
  ): void => {
    const { id } = addColumn(sheet, name, type);
    sheet.setBase(id, (row) => cellOf(of(row)));
  };
  put("id", "integer", (row) => row);
  put("city", "text", (row) => cities[hashOf(`c${row}`) % cities.length] ?? null);
  put("measured", "timestamp", (row) =>
    new Date(1_767_225_600_000 + row * MINUTE_MS).toISOString().slice(0, 19).replace("T", " "),
  );
  put("valid", "boolean", (row) => row % 7 !== 0);
  for (let at = 1; at <= 16; at += 1) {
    put(`sensor_${at}`, "number", (row) =>
      (row + at) % 97 === 0 ? null : Math.round(((row * 7919 * at) % 100_003) / 10) / 10,
    );
  }
  return sheet;
}

const PRODUCTS = ["desk lamp", "office chair", "water bottle", "backpack", "headphones", "kettle"];
const OPINIONS = [
  "I love it, it does exactly what it says.",
  "It arrived broken and nobody answers my mails.",
  "Good value for the money, although the colour is not that of the picture.",
  "Stopped working after two weeks. I want a refund.",
  "Fine.",
  "The manual is only in one language, but once it is set up it is a great help every day.",
  "Perfect size for small kitchens! My whole family uses it.",
];

function addAi(sheet: FakeSheet, name: string, recipe: Recipe): Column {
  return addColumn(sheet, name, typeOfOutput(recipe.output), {
    kind: "ai",
    recipe,
    recipe_version: 1,
  });
}

/** 400 reviews with AI columns in every state that a cell can have. */
function makeReviews(world: World, runner: Runner): FakeSheet {
  const sheet = newSheet(world, "Product reviews", 400);
  const put = (name: string, type: "text" | "integer" | "date", of: (row: number) => Value) => {
    const column = addColumn(sheet, name, type);
    sheet.setBase(column.id, (row) => cellOf(of(row)));
    return column;
  };
  put("product", "text", (row) => PRODUCTS[hashOf(`p${row}`) % PRODUCTS.length] ?? null);
  const review = put(
    "review",
    "text",
    (row) => OPINIONS[hashOf(`o${row}`) % OPINIONS.length] ?? "",
  );
  put("stars", "integer", (row) => 1 + (hashOf(`s${row}`) % 5));
  put("day", "date", (row) => `2026-0${1 + (row % 9)}-${String(1 + (row % 28)).padStart(2, "0")}`);
  const sentiment = addAi(sheet, "sentiment", {
    prompt: "Is this review positive, negative or neutral?\n\n{{review}}",
    model: STARTER,
    output: { type: "label", labels: ["positive", "negative", "neutral"] },
  });
  const summary = addAi(sheet, "summary", {
    prompt: "Summarise this review of a {{product}} in one sentence.\n\n{{review}}",
    model: STARTER,
  });
  if (world.models.length === 0) return sheet;
  const request = { rows: "these" as const, ids: sheet.allRows().slice(0, 320) };
  runner.fillNow(sheet, sentiment.id, request);
  runner.fillNow(sheet, summary.id, { ...request, ids: request.ids.slice(0, 150) });
  sheet.act("Edit 2 cells of `sentiment`", () =>
    editCells(sheet, [
      { column: sentiment.id, row: 2, value: "negative" },
      { column: sentiment.id, row: 5, value: "positive" },
    ]),
  );
  sheet.act("Edit a cell of `review`", () =>
    editCells(sheet, [{ column: review.id, row: 4, value: "Too loud, but it works." }]),
  );
  return sheet;
}

/** The world of a scene, and the runner that works in it. An unknown name is the example. */
export function makeScene(
  name: string,
  now: () => number = Date.now,
): { world: World; runner: Runner } {
  const world = new World(settings(), now);
  const runner = new Runner(world);
  fillDisk(world);
  fillOtherApps(world);
  if (name !== "nomodel") {
    world.models = [
      modelFile(STARTER, 98_500_000, { used_at_ms: now() - 2 * 60 * MINUTE_MS }),
      modelFile("Qwen3-4B-Thinking-2507-Q4_K_M.gguf", 2_497_281_120),
    ];
  }
  if (name === "models" || name === "downloads") addModels(world);
  if (name === "downloads") addDownloads(world);
  if (name === "mlx") addMlx(world);
  restoreDownloads(world);
  if (name === "empty") return { world, runner };
  if (name === "hostile") {
    makeHostile(world);
    return { world, runner };
  }
  if (name === "typed") {
    makeTyped(world, runner);
    return { world, runner };
  }
  makeMillion(world).info.changed_at_ms = now() - 9 * DAY_MS;
  if (name === "million") return { world, runner };
  const reviews = makeReviews(world, runner);
  reviews.info.changed_at_ms = now() - 2 * 60 * MINUTE_MS;
  const example = makeExample(world);
  example.info.changed_at_ms = now() - 5 * MINUTE_MS;
  const old = newSheet(world, "Shopping list", 12);
  world.sheets.delete(old.info.id);
  const entry = { sheet: old.info, deleted_at_ms: now() - 3 * DAY_MS };
  world.trashed.set(old.info.id, { sheet: old, entry });
  world.cache = { ...world.cache, responses: 1840, bytes: 2_310_000 };
  if (name === "cloud") addBackends(world, reviews);
  begin(name, world, runner, reviews, example);
  return { world, runner };
}

/** Keys of two backends, a server on this computer, and a column that asks one of them. */
function addBackends(world: World, reviews: FakeSheet): void {
  world.keys.set("huggingface", { source: "environment", isGood: true });
  world.keys.set("openrouter", { source: "keyring", isGood: true });
  const endpoints = [{ id: "ollama", base_url: "http://localhost:11434/v1", models: [] }];
  world.settings = { ...world.settings, backends: { ...world.settings.backends, endpoints } };
  addAi(reviews, "topic", {
    prompt: "What is this review of a {{product}} about?\n\n{{review}}",
    model: "openrouter:qwen/qwen3-8b",
  });
}

function begin(
  name: string,
  world: World,
  runner: Runner,
  reviews: FakeSheet,
  example: FakeSheet,
): void {
  const column = (sheet: FakeSheet, wanted: string): number =>
    sheet.columns.find((each) => each.name === wanted)?.id ?? 0;
  if (name === "running") {
    world.rowsPerSecond = 4;
    runner.start(example, column(example, "summary"), { rows: "empty" });
    runner.start(reviews, column(reviews, "sentiment"), { rows: "empty" });
    runner.start(reviews, column(reviews, "summary"), { rows: "empty" });
  }
  if (name === "failed" || name === "interrupted") {
    const id = column(example, "sentiment");
    const run = runner.fillNow(example, id, { rows: "first", count: 40 });
    run.rows_total = 70;
    run.status = name;
    if (name === "failed") run.error = "the model file ends early; download it again";
    else {
      run.ended_at_ms = null;
      const listed = { sheet: example.info, column_name: "sentiment", run };
      world.unfinished = [listed];
    }
  }
  if (name === "readonly") {
    const holder = { pid: 4711, since_ms: world.now() - 20 * MINUTE_MS };
    example.readOnly = { holder, copied_at_ms: world.now() };
    example.notices = [
      {
        text: "Another Braincells has this sheet open. You see a copy of what it has saved so far.",
        kept_in: [],
      },
    ];
  }
}
