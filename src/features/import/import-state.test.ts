import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AppState } from "~/state/app";
import type { ToastState } from "~/state/toasts";

const fake = vi.hoisted(() => ({
  importFile: vi.fn(),
  previewImport: vi.fn(),
  cancelTask: vi.fn(async () => true),
  pickFiles: vi.fn(),
}));

vi.mock("~/ipc", async (original) => ({ ...(await original<object>()), ipc: fake }));

const { Failure } = await import("~/ipc");
const {
  beginEntry,
  canImport,
  closedImport,
  finish,
  importAll,
  importCurrent,
  loadPreview,
  pickFolderAndImport,
  stopImport,
} = await import("./import-state");
const { addFiles, currentEntry } = await import("./queue");

function sheet(name: string) {
  return {
    id: name,
    name,
    row_count: 3,
    column_count: 2,
    created_at_ms: 0,
    changed_at_ms: 0,
  };
}
const preview = {
  columns: [{ name: "a", sql_type: "VARCHAR" }],
  rows: [["x"]],
  dialect: null,
  tables: [],
  table: null,
  size_bytes: 10,
  warnings: [],
};
const refusal = new Failure({ code: "bad_input", message: "it is damaged", hint: "get it again" });
const cancelled = new Failure({ code: "cancelled", message: "cancelled", hint: null });

let app: AppState;
let toasts: ToastState;

function opened(...paths: string[]) {
  const state = closedImport();
  addFiles(state.queue, paths);
  beginEntry(state);
  return state;
}

beforeEach(() => {
  vi.clearAllMocks();
  app = { screen: "home", sheet: null, sheetsChanged: 0, filesToImport: [] } as unknown as AppState;
  toasts = { items: [], lastId: 0 };
  fake.importFile.mockImplementation(async (file: { source: string }) => sheet(file.source));
});

describe("one file", () => {
  it("becomes a sheet, which is opened", async () => {
    const state = opened("/a.csv");
    expect(canImport(state)).toBe(true);
    const work = importCurrent(state, app, toasts);
    expect(state.importing).toMatchObject({ name: "a.csv", isStopping: false });
    expect(canImport(state)).toBe(false);
    await work;
    expect(app).toMatchObject({ screen: "sheet", sheet: "/a.csv", sheetsChanged: 1 });
    expect(currentEntry(state.queue)).toBeNull();
    expect(state.importing).toBeNull();
    expect(toasts.items).toHaveLength(1);
  });

  it("that fails says why and can be tried again", async () => {
    fake.importFile.mockRejectedValueOnce(refusal);
    const state = opened("/a.csv");
    await importCurrent(state, app, toasts);
    expect(state.refusal).toEqual({
      code: "bad_input",
      message: "it is damaged",
      hint: "get it again",
    });
    expect(canImport(state)).toBe(true);
    expect(app.screen).toBe("home");
    await importCurrent(state, app, toasts);
    expect(app.screen).toBe("sheet");
  });

  it("can be stopped and stays as it was chosen", async () => {
    const stops: ((reason: unknown) => void)[] = [];
    fake.importFile.mockImplementationOnce(() => new Promise((_, reject) => stops.push(reject)));
    const state = opened("/a.csv");
    state.choices.delimiter = ";";
    const work = importCurrent(state, app, toasts);
    stopImport(state);
    expect(fake.cancelTask).toHaveBeenCalledWith(state.importing?.task);
    stops[0]?.(cancelled);
    await work;
    expect(state.refusal).toBeNull();
    expect(state.choices.delimiter).toBe(";");
    expect(currentEntry(state.queue)?.source).toMatchObject({ path: "/a.csv" });
  });

  it("cannot be imported without a name or a format", () => {
    const state = opened("/a.csv");
    state.choices.name = "  ";
    expect(canImport(state)).toBe(false);
    const unknown = opened("/a.bin");
    expect(canImport(unknown)).toBe(false);
    unknown.choices.format = "csv";
    expect(canImport(unknown)).toBe(true);
  });
});

describe("several files", () => {
  it("are imported one after another, then the list is shown", async () => {
    const state = opened("/a.csv", "/b.csv");
    await importCurrent(state, app, toasts);
    expect(state.choices.name).toBe("b");
    expect(app.screen).toBe("home");
    await importCurrent(state, app, toasts);
    expect(app.sheet).toBeNull();
    expect(toasts.items[0]?.title).toBe("2 sheets imported");
  });

  it("can all be imported: the first as chosen, the others as they are found", async () => {
    const state = opened("/a.csv", "/b.csv", "/c.csv");
    state.choices.delimiter = ";";
    await importAll(state, app, toasts);
    const options = fake.importFile.mock.calls.map(([file]) => file.options.delimiter);
    expect(options).toEqual([";", undefined, undefined]);
    expect(currentEntry(state.queue)).toBeNull();
    expect(toasts.items[0]?.title).toBe("3 sheets imported");
  });

  it("keep in the dialog only those that failed", async () => {
    fake.importFile.mockImplementation(async (file: { source: string }) => {
      if (file.source === "/b.csv") throw refusal;
      return sheet(file.source);
    });
    const state = opened("/a.csv", "/b.csv", "/c.csv");
    await importAll(state, app, toasts);
    expect(state.queue.entries.map((entry) => entry.source)).toEqual([
      { kind: "file", path: "/b.csv" },
    ]);
    expect(state.refusal?.message).toBe("it is damaged");
    expect(state.choices.name).toBe("b");
    expect(state.imported).toHaveLength(2);
  });

  it("wait where they were stopped", async () => {
    fake.importFile.mockImplementation(async (file: { source: string }) => {
      if (file.source === "/b.csv") throw cancelled;
      return sheet(file.source);
    });
    const state = opened("/a.csv", "/b.csv", "/c.csv");
    state.choices.delimiter = ";";
    await importAll(state, app, toasts);
    expect(currentEntry(state.queue)?.source).toMatchObject({ path: "/b.csv" });
    expect(state.choices).toMatchObject({ name: "b", delimiter: null });
    finish(state, app, toasts);
    expect(app.sheet).toBe("/a.csv");
  });
});

describe("a preview", () => {
  it("takes the place of a refusal, and a refusal that of a preview", async () => {
    fake.previewImport.mockResolvedValue(preview);
    const state = opened("/a.csv");
    await loadPreview(state, "t1", () => true);
    expect(state.preview).toMatchObject({ size_bytes: 10 });
    fake.previewImport.mockRejectedValue(refusal);
    await loadPreview(state, "t2", () => true);
    expect(state.preview).toBeUndefined();
    expect(state.refusal?.hint).toBe("get it again");
    expect(state.isPreviewing).toBe(false);
  });

  it("stays while a chosen type is refused, so that the type can be taken back", async () => {
    fake.previewImport.mockResolvedValue(preview);
    const state = opened("/a.csv");
    await loadPreview(state, "t1", () => true);
    state.choices.types = { a: "number" };
    fake.previewImport.mockRejectedValue(refusal);
    await loadPreview(state, "t2", () => true);
    expect(state.preview).toMatchObject({ size_bytes: 10 });
    expect(state.refusal).not.toBeNull();
  });

  it("that came too late or was stopped changes nothing", async () => {
    const state = opened("/a.csv");
    fake.previewImport.mockResolvedValue(preview);
    await loadPreview(state, "t1", () => false);
    expect(state.preview).toBeUndefined();
    fake.previewImport.mockRejectedValue(cancelled);
    await loadPreview(state, "t2", () => true);
    expect(state.refusal).toBeNull();
  });
});

describe("a folder", () => {
  it("gives its tables to the dialog", async () => {
    fake.pickFiles.mockResolvedValue(["/f/a.csv", "/f/readme.md"]);
    await pickFolderAndImport(app, toasts);
    expect(app.filesToImport).toEqual(["/f/a.csv"]);
  });

  it("without tables says so, and a cancelled choice says nothing", async () => {
    fake.pickFiles.mockResolvedValueOnce(["/f/readme.md"]);
    await pickFolderAndImport(app, toasts);
    expect(app.filesToImport).toEqual([]);
    expect(toasts.items).toHaveLength(1);
    fake.pickFiles.mockResolvedValueOnce([]);
    await pickFolderAndImport(app, toasts);
    expect(toasts.items).toHaveLength(1);
  });
});
