import { describe, expect, it, vi } from "vitest";
import { Failure } from "~/ipc";
import type { ToastState } from "~/state/toasts";
import { pieces, sentence } from "./sentence";
import { showFailure } from "./show-failure";
import { failureKind, failureKinds } from "./table";

function toasts(): ToastState {
  return { items: [], lastId: 0 };
}

function failure(code: Failure["code"], hint: string | null = null) {
  return new Failure({ code, message: "the sheet `a` is gone", hint });
}

describe("the table", () => {
  it("has a short title without a full stop for every code", () => {
    for (const { title } of Object.values(failureKinds)) {
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(title.length).toBeLessThan(50);
    }
  });
  it("says where a key is put right", () => {
    expect(failureKinds.key_refused.wayOut).toMatchObject({ section: "backends" });
    expect(failureKinds.limit_reached.wayOut).toBe(undefined);
  });
  it("takes a code that it does not know as internal", () => {
    expect(failureKind("from_the_future" as never)).toBe(failureKinds.internal);
  });
});

describe("showFailure", () => {
  it("says the kind, the message and the hint", () => {
    const state = toasts();
    showFailure(state, failure("not_found", "open it from the trash"));
    expect(state.items).toMatchObject([
      {
        kind: "error",
        title: "Not found",
        detail: "The sheet `a` is gone\nOpen it from the trash",
      },
    ]);
  });
  it("leads to the settings where something can be done there", () => {
    const state = toasts();
    showFailure(state, failure("key_refused"));
    expect(state.items[0]?.wayOut).toMatchObject({ label: "Open Backends" });
  });
  it("is silent about what was stopped", () => {
    const state = toasts();
    showFailure(state, failure("cancelled"));
    expect(state.items).toEqual([]);
  });
  it("tells a repeated failure once", () => {
    const state = toasts();
    showFailure(state, failure("storage"));
    showFailure(state, failure("storage"));
    expect(state.items).toHaveLength(1);
  });
  it("takes anything that can be thrown", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const state = toasts();
    showFailure(state, new TypeError("x is undefined"));
    showFailure(state, "unknown command");
    showFailure(state, undefined);
    expect(state.items.map((toast) => toast.kind)).toEqual(["error", "error", "error"]);
    expect(log).toHaveBeenCalledTimes(3);
  });
});

describe("sentence", () => {
  it.each([
    ["the file is gone", "The file is gone"],
    ["`a` is gone", "`a` is gone"],
    ["llama.cpp failed", "llama.cpp failed"],
    ["iOS is not there", "iOS is not there"],
    ["émile is not there", "Émile is not there"],
    ["", ""],
  ])("%s becomes %s", (message, expected) => {
    expect(sentence(message)).toBe(expected);
  });
});

describe("pieces", () => {
  it("sets apart what is in backticks", () => {
    expect(pieces("no `a b` in `c`")).toEqual([
      { text: "no ", quoted: false },
      { text: "a b", quoted: true },
      { text: " in ", quoted: false },
      { text: "c", quoted: true },
    ]);
  });
  it("keeps an odd backtick and loses nothing", () => {
    expect(pieces("a `b` c ` d")).toEqual([
      { text: "a ", quoted: false },
      { text: "b", quoted: true },
      { text: " c ` d", quoted: false },
    ]);
    expect(pieces("`")).toEqual([{ text: "`", quoted: false }]);
  });
});
