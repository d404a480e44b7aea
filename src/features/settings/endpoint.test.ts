import { describe, expect, it } from "vitest";
import type { BackendInfo, Backends, Settings } from "~/ipc";
import { changedEndpoint, draftOfPreset, endpointOf, linesOf, problemsOf } from "./endpoint";

const backends: Backends = {
  list: [{ id: "ollama" } as BackendInfo],
  presets: [{ id: "ollama", title: "Ollama", base_url: "http://localhost:11434/v1" }],
  keyring_problem: null,
};

function problems(id: string, baseUrl = "http://localhost:1/v1") {
  return problemsOf({ preset: "", id, baseUrl, models: "" }, backends);
}

describe("a new endpoint", () => {
  it("takes the address of a preset, and a name that is free", () => {
    expect(draftOfPreset("ollama", backends)).toMatchObject({
      id: "ollama-2",
      baseUrl: "http://localhost:11434/v1",
    });
    expect(draftOfPreset("", backends)).toMatchObject({ id: "", baseUrl: "" });
  });
  it("has a name that models can be called by", () => {
    expect(problems("my-server")).toEqual({ id: null, baseUrl: null });
    expect(problems("ollama").id).toBe("taken");
    for (const bad of ["", "a", "Big", "1st", "a b", "x".repeat(33)]) {
      expect(problems(bad).id).toBe("bad");
    }
    for (const reserved of ["hf", "local", "http", "file"]) {
      expect(problems(reserved).id).toBe("reserved");
    }
  });
  it("has an address", () => {
    for (const bad of ["", "localhost:8080", "ftp://x", "http://", "http://a b"]) {
      expect(problems("x1", bad).baseUrl).toBe("bad");
    }
    expect(problems("x1", " https://llm.example ").baseUrl).toBe(null);
  });
  it("goes to the Rust side without what is around it", () => {
    const draft = { preset: "", id: " x1 ", baseUrl: " http://a/v1 ", models: "a\n\n b \na" };
    expect(endpointOf(draft)).toEqual({ id: "x1", base_url: "http://a/v1", models: ["a", "b"] });
    expect(linesOf("")).toEqual([]);
  });
  it("is changed from what is stored of it", () => {
    const one = { id: "one", base_url: "http://a/v1", models: ["m"] };
    const settings = { backends: { endpoints: [one] } } as unknown as Settings;
    expect(changedEndpoint(settings, "one", { models: [] })).toEqual({ ...one, models: [] });
    expect(() => changedEndpoint(settings, "gone", { models: [] })).toThrow(/removed meanwhile/);
  });
});
