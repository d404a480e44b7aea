import { describe, expect, it } from "vitest";
import { Failure, type HubRepository, type Repository } from "~/ipc";
import type { ToastState } from "~/state/toasts";
import { hubTrouble, showHubFailure } from "./hub-failure";
import { hubPage, listedChoices, notesOf, referenceIn, repositoryAt } from "./hub-search";

describe("what is typed into the search", () => {
  it.each([
    "owner/name",
    " bartowski/Qwen_Qwen3-4B-GGUF:Q4_K_M ",
    "hf.co/owner/name:Q8_0",
    "huggingface.co/owner/name",
    "https://huggingface.co/owner/name/tree/main",
    "https://huggingface.co/owner/name/blob/main/file.gguf",
    "hf://owner/name",
    "http://127.0.0.1:8080/owner/name",
  ])("is a repository: %s", (typed) => {
    expect(referenceIn(typed)).toBe(typed.trim());
  });

  it.each(["", "qwen", "llama 3b", "qwen3 / 4b", "https://example.org"])(
    "is words: %s",
    (typed) => {
      expect(referenceIn(typed)).toBe(null);
    },
  );
});

it("a quantisation is asked for at the revision that was pasted", () => {
  expect(repositoryAt("owner/name:Q4_K_M", "owner/name")).toBe("owner/name");
  expect(repositoryAt("https://hf.co/owner/name/tree/main", "owner/name")).toBe("owner/name");
  expect(repositoryAt("https://hf.co/owner/name/blob/v2/a.gguf", "owner/name")).toBe(
    "https://hf.co/owner/name/tree/v2",
  );
});

it("the page of a repository is on the hub that is set", () => {
  const page = "https://mirror.example/hf/owner/na%20me";
  expect(hubPage("https://mirror.example/hf", "owner/na me")).toBe(page);
});

const repository: Repository = {
  id: "owner/name",
  commit: "abc",
  runtime: "gguf",
  gate: "open",
  licence: null,
  downloads: 1,
  likes: 1,
  updated_at_ms: null,
  parameters: null,
  architecture: null,
  context_length: null,
  choices: ["Q2_K", "Q4_K_M", "Q8_0"].map((label, at) => ({ label, files: [], bytes: at + 1 })),
  projectors: [],
  notes: [],
};

describe("a repository", () => {
  it("has one quantisation to take: what was asked for, else what is suggested", () => {
    const found: HubRepository = {
      repository,
      problem: null,
      fits: ["fits", "fits", "will_not_fit"],
      suggested: 1,
      installed: [null, null, "here.gguf"],
      wanted: null,
    };
    const mains = (all: HubRepository) => listedChoices(all).map(({ isMain }) => isMain);
    expect(mains(found)).toEqual([false, true, false]);
    expect(mains({ ...found, wanted: 2 })).toEqual([false, false, true]);
    expect(mains({ ...found, suggested: null })).toEqual([false, false, false]);
    expect(listedChoices(found)[2]).toMatchObject({
      verdict: "will_not_fit",
      installed: "here.gguf",
      isSuggested: false,
    });
  });

  it("says what is left out, and why there is nothing to take", () => {
    const file = { path: "mmproj.gguf", bytes: 1, sha256: null };
    expect(notesOf({ ...repository, projectors: [file], notes: ["a part is missing"] })).toEqual([
      expect.stringContaining("pictures"),
      "a part is missing",
    ]);
    expect(notesOf({ ...repository, choices: [] })[0]).toContain("no complete GGUF file");
  });
});

describe("a failure of the hub", () => {
  it("is told calmly where everything here goes on without it", () => {
    for (const code of ["unreachable", "local_only", "rate_limited"] as const) {
      expect(hubTrouble({ code }).severity).toBe("info");
    }
    expect(hubTrouble({ code: "unreachable" })).toMatchObject({ isPassing: true, wayOut: null });
    expect(hubTrouble({ code: "local_only" }).wayOut?.section).toBe("privacy");
    expect(hubTrouble({ code: "key_refused" }).wayOut?.section).toBe("backends");
    expect(hubTrouble({ code: "internal" }).severity).toBe("error");
    // A provider refuses to answer; the hub does not let somebody in, which may pass.
    expect(hubTrouble({ code: "refused" })).toMatchObject({ isPassing: true });
    expect(hubTrouble({ code: "refused" }).title).toContain("not let in");
    expect(hubTrouble({ code: "conflict" }).title).toBe("Something is in the way");
  });

  it("is not said to be no model where the model is there and cannot be used", () => {
    expect(hubTrouble({ code: "bad_input" }).title).toBe("That is no model of the hub");
    const download = hubTrouble({ code: "bad_input" }, "download");
    expect(download).toMatchObject({ title: "This cannot be used here", severity: "warning" });
    expect(hubTrouble({ code: "not_found" }, "download")).toEqual(
      hubTrouble({ code: "not_found" }),
    );
  });

  it("is shown once, and what a person stopped is not", () => {
    const toasts: ToastState = { items: [], lastId: 0 };
    const failure = new Failure({ code: "unreachable", message: "no route", hint: null });
    showHubFailure(toasts, failure);
    showHubFailure(toasts, failure);
    showHubFailure(toasts, new Failure({ code: "cancelled", message: "stopped", hint: null }));
    expect(toasts.items).toHaveLength(1);
    expect(toasts.items[0]?.title).toContain("Hugging Face cannot be reached");
  });
});
