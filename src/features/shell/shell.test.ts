import { describe, expect, it, vi } from "vitest";
import type { LiveRun, SheetInfo } from "~/ipc";
import { findCommands, listedCommands, registerCommands, runCommand } from "./commands";
import { recentSheets, sheetActivity } from "./recent";
import { type Press, shortcutOf } from "./shortcuts";
import { resolvedTheme } from "./theme";
import { closesAfter_ms } from "./toast-timing";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
}

describe("shortcuts", () => {
  const free = { mac: false, typing: false, busy: false };
  const ctrl = { ctrlKey: true };

  it.each([
    ["Ctrl+K", press("k", ctrl), "palette"],
    ["Ctrl+K with caps lock", press("K", ctrl), "palette"],
    ["Ctrl+comma", press(",", ctrl), "settings"],
    ["F1", press("F1"), "help"],
    ["?", press("?", { shiftKey: true }), "help"],
    ["F5", press("F5"), "reload"],
    ["Ctrl+Shift+R", press("R", { ctrlKey: true, shiftKey: true }), "reload"],
    ["k", press("k"), null],
    ["Ctrl+R, which fills right", press("r", ctrl), null],
    ["Ctrl+Alt+K", press("k", { ctrlKey: true, altKey: true }), null],
    ["⌘K", press("k", { metaKey: true }), null],
  ])("%s", (_, event, expected) => {
    expect(shortcutOf(event, free)).toBe(expected);
  });

  it("takes ⌘ on a Mac", () => {
    const mac = { ...free, mac: true };
    expect(shortcutOf(press("k", { metaKey: true }), mac)).toBe("palette");
    expect(shortcutOf(press("k", ctrl), mac)).toBeNull();
  });
  it("leaves a question mark to who types it", () => {
    expect(shortcutOf(press("?"), { ...free, typing: true })).toBeNull();
    expect(shortcutOf(press("k", ctrl), { ...free, typing: true })).toBe("palette");
  });
  it("waits while a dialog is open, but never lets the page reload", () => {
    expect(shortcutOf(press("k", ctrl), { ...free, busy: true })).toBeNull();
    expect(shortcutOf(press("F5"), { ...free, busy: true })).toBe("reload");
  });
});

describe("recent sheets", () => {
  function sheet(id: string, changed_at_ms: number): SheetInfo {
    return { id, name: id, row_count: 0, column_count: 0, created_at_ms: 0, changed_at_ms };
  }
  const sheets = [sheet("old", 1), sheet("new", 3), sheet("middle", 2)];

  it("lists the newest first", () => {
    expect(recentSheets(sheets, null, 2).map(({ id }) => id)).toEqual(["new", "middle"]);
  });
  it("keeps the open one in sight", () => {
    expect(recentSheets(sheets, "old", 2).map(({ id }) => id)).toEqual(["new", "old"]);
    expect(recentSheets(sheets, "new", 2).map(({ id }) => id)).toEqual(["new", "middle"]);
    expect(recentSheets(sheets, "gone", 2)).toHaveLength(2);
  });
  it("says what the runs of a sheet do", () => {
    function run(sheetId: string, status: LiveRun["status"]) {
      return { progress: { sheet: sheetId }, status } as LiveRun;
    }
    const live = [run("a", "queued"), run("b", "queued"), run("a", "running")];
    expect(sheetActivity(live, "a")).toBe("running");
    expect(sheetActivity(live, "b")).toBe("waiting");
    expect(sheetActivity(live, "c")).toBeNull();
  });
});

describe("commands", () => {
  function command(id: string, title: string, words?: string) {
    return { id, title, group: "Do", words, run: vi.fn() };
  }

  it("come and go with their screen, and the later of one id wins", async () => {
    const first = command("find", "Find");
    const second = command("find", "Find in sheet");
    const removeFirst = registerCommands([first]);
    const removeSecond = registerCommands([second]);
    removeFirst();
    expect(listedCommands().map(({ title }) => title)).toEqual(["Find in sheet"]);
    await runCommand("find");
    expect(second.run).toHaveBeenCalledOnce();
    removeSecond();
    expect(listedCommands()).toEqual([]);
    await runCommand("find");
    expect(second.run).toHaveBeenCalledOnce();
  });

  it("are found by title first, then by words", () => {
    const all = [
      command("a", "Keyboard shortcuts", "new"),
      command("b", "Make anew"),
      command("c", "A new sheet"),
      command("d", "New sheet"),
    ];
    expect(findCommands(all, "new").map(({ id }) => id)).toEqual(["d", "c", "b", "a"]);
    expect(findCommands(all, "sheet new").map(({ id }) => id)).toEqual(["c", "d"]);
    expect(findCommands(all, "xyz")).toEqual([]);
    expect(findCommands(all, " ")).toHaveLength(4);
  });
});

describe("small things", () => {
  it("resolves the theme of the system", () => {
    expect(resolvedTheme("system", true)).toBe("dark");
    expect(resolvedTheme("system", false)).toBe("light");
    expect(resolvedTheme("light", true)).toBe("light");
  });
  it("keeps errors until they are closed and gives time to act", () => {
    const action = { label: "Undo", run$: vi.fn() as never };
    expect(closesAfter_ms({ kind: "success" })).toBe(6_000);
    expect(closesAfter_ms({ kind: "info", action })).toBe(10_000);
    expect(closesAfter_ms({ kind: "error", action })).toBeNull();
  });
});
