import { describe, expect, it, vi } from "vitest";
import type { Settings } from "~/ipc";
import { Failure, ipc } from "~/ipc";
import type { AppState } from "~/state/app";
import { apply, type Marks, withEngine } from "./apply";

vi.mock("~/ipc", async (original) => ({
  ...(await original<typeof import("~/ipc")>()),
  ipc: { setSettings: vi.fn() },
}));

const settings: Settings = {
  theme: "system",
  language: "en",
  model: "",
  backends: {},
  engine: { parallel_rows: 4 },
  unload_after_minutes: 15,
  local_only: false,
  notify_after_seconds: 60,
};

function newApp(): AppState {
  return { settings } as AppState;
}

describe("a change of the settings", () => {
  it("counts at once and is marked at its field", async () => {
    vi.mocked(ipc.setSettings).mockImplementation(async (changed) => changed);
    const app = newApp();
    const marks: Marks = {};
    await apply(app, marks, "theme", (now) => ({ ...now, theme: "dark" }));
    expect(app.settings.theme).toBe("dark");
    expect(marks.theme).toEqual({ kind: "applied" });
  });

  it("never loses another one that was asked for meanwhile", async () => {
    vi.mocked(ipc.setSettings).mockImplementation(async (changed) => changed);
    const app = newApp();
    await Promise.all([
      apply(app, {}, "theme", (now) => ({ ...now, theme: "light" })),
      apply(app, {}, "lock", (now) => ({ ...now, local_only: true })),
      apply(app, {}, "threads", (now) => withEngine(now, { threads: 2 })),
    ]);
    expect(app.settings).toMatchObject({
      theme: "light",
      local_only: true,
      engine: { parallel_rows: 4, threads: 2 },
    });
  });

  it("is told at its field when it is refused, and later ones go on", async () => {
    const refusal = new Failure({ code: "bad_input", message: "too many", hint: "take fewer" });
    vi.mocked(ipc.setSettings)
      .mockRejectedValueOnce(refusal)
      .mockImplementation(async (changed) => changed);
    const app = newApp();
    const marks: Marks = {};
    await apply(app, marks, "threads", (now) => withEngine(now, { threads: 9_999 }));
    expect(marks.threads).toEqual({ kind: "failed", message: "Too many. Take fewer" });
    expect(app.settings.engine.threads).toBeUndefined();
    await apply(app, marks, "threads", (now) => withEngine(now, { threads: 2 }));
    expect(marks.threads).toEqual({ kind: "applied" });
  });

  it("takes what the Rust side made of it", async () => {
    const app = newApp();
    await apply(app, {}, "model", async (now) => ({ ...now, model: "Small.gguf" }));
    expect(app.settings.model).toBe("Small.gguf");
  });
});
