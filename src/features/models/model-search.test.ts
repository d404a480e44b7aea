import { describe, expect, it } from "vitest";
import type { BackendInfo, BackendModel } from "~/ipc";
import { hostOf, isInTheClear, mayCost } from "./host";
import { factsText, groupsOf, searchesOf, typedOption } from "./model-search";

function backend(id: string, more: Partial<BackendInfo> = {}): BackendInfo {
  return {
    id,
    title: id.toUpperCase(),
    is_custom: false,
    base_url: `https://${id}.example/v1`,
    key: "keyring",
    needs_key: true,
    key_variable: `BRAINCELLS_KEY_${id.toUpperCase()}`,
    key_page: null,
    key_in_the_clear: false,
    is_this_machine: false,
    models: [],
    limits: {},
    ...more,
  };
}

const openai = backend("openai");
const openrouter = backend("openrouter", { key: null });
const ollama = backend("ollama", {
  is_custom: true,
  needs_key: false,
  key: null,
  is_this_machine: true,
});
const backends = [openrouter, openai, ollama];

const model = (id: string, more: Partial<BackendModel> = {}): BackendModel => ({
  id,
  context_tokens: null,
  price: null,
  ...more,
});

describe("a search", () => {
  it("asks every backend that can be asked, or the one that is named", () => {
    expect(searchesOf("mini", backends)).toEqual([
      { backend: "openai", search: "mini" },
      { backend: "ollama", search: "mini" },
    ]);
    expect(searchesOf("ollama:llama 1b", backends)).toEqual([
      { backend: "ollama", search: "llama 1b" },
    ]);
    expect(searchesOf("openrouter:x", backends)).toEqual([]);
    expect(searchesOf("other:x", backends)).toHaveLength(2);
  });

  it("lists what it knows at once, narrowed to what is typed", () => {
    const models = [model("gpt-4o-mini"), model("gpt-4o")];
    const looked = { openai: { models, failure: null, busy: true, search: "mini" } };
    const groups = groupsOf([openrouter, openai], looked, "mini", null);
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ busy: true, options: [{ value: "openai:gpt-4o-mini" }] });
  });

  it("says why there is nothing: no key, no match, a failure, none listed", () => {
    const failure = { code: "unreachable", message: "no route", hint: null } as const;
    const nothing = { models: [], failure: null, busy: false, search: "" };
    expect(groupsOf([openrouter], {}, "", null)[0]?.note).toContain("key");
    expect(groupsOf([openai], { openai: { ...nothing, search: "x" } }, "x", null)[0]?.note).toBe(
      "No model matches",
    );
    expect(groupsOf([openai], { openai: nothing }, "", null)[0]?.note).toContain("openai:");
    const broken = groupsOf([openai], { openai: { ...nothing, failure } }, "", null)[0];
    expect(broken?.note).toContain("no route");
    expect(groupsOf([openai], {}, "", null)[0]?.busy).toBe(true);
  });

  it("is under way while the lists are those of another text", () => {
    const failure = { code: "unreachable", message: "no route", hint: null } as const;
    const before = { models: [model("gpt-4o")], failure: null, busy: false, search: "gpt" };
    const [group] = groupsOf([openai], { openai: before }, "mini", null);
    expect(group).toMatchObject({ busy: true, note: "Looking for models…", options: [] });
    const broken = { ...before, failure };
    expect(groupsOf([openai], { openai: broken }, "mini", null)[0]).toMatchObject({ busy: true });
  });

  it("says how many are left out", () => {
    const models = Array.from({ length: 60 }, (_, at) => model(`m${at}`));
    const [of] = groupsOf(
      [openai],
      { openai: { models, failure: null, busy: false, search: "" } },
      "",
      null,
    );
    expect(of?.options).toHaveLength(40);
    expect(of?.note).toContain("20 more");
  });

  it("offers nothing of other machines behind a lock, and says which lock", () => {
    const groups = groupsOf(backends, {}, "", "sheet");
    expect(groups.flatMap(({ options }) => options).every(({ disabled }) => disabled)).toBe(true);
    expect(groups[0]?.options[0]?.hint).toContain("This sheet");
    expect(searchesOf("", backends, "sheet")).toEqual([{ backend: "ollama", search: "" }]);
    expect(typedOption("ollama:x", backends, [], "sheet")).toMatchObject({ disabled: false });
    expect(typedOption("openai:x", backends, [], "settings")).toMatchObject({ disabled: true });
  });
});

describe("what is typed", () => {
  it("is a choice where it names a model that no list has", () => {
    expect(typedOption("openai:gpt-9", backends, [], null)?.value).toBe("openai:gpt-9");
    expect(typedOption("gpt-9", backends, [], null)).toBe(null);
    const options = [{ value: "openai:gpt-9", label: "gpt-9" }];
    const groups = [{ id: "openai", label: "OpenAI", options }];
    expect(typedOption("openai:gpt-9", backends, groups, null)).toBe(null);
    const busy = [{ id: "openai", label: "OpenAI", options: [], busy: true }];
    expect(typedOption("openai:gpt-9", backends, [], null)?.label).toBe("Use openai:gpt-9");
    expect(typedOption("openai:gpt-9", backends, busy, null)?.label).toBe("openai:gpt-9");
  });
});

it("context and price are told as far as they are known", () => {
  const price = { prompt_usd_per_million: 0.15, completion_usd_per_million: 0.6 };
  expect(factsText({ context_tokens: 131_072, price })).toBe(
    "128k tokens · $0.15 in, $0.60 out per million tokens",
  );
  const free = { prompt_usd_per_million: 0, completion_usd_per_million: 0 };
  expect(factsText({ context_tokens: null, price: free })).toBe("free");
  expect(factsText({ context_tokens: null, price: null })).toBe("");
});

it("a key can be read on the way to a machine that is not this one, without encryption", () => {
  for (const here of ["http://localhost:11434/v1", "http://127.0.0.9", "http://[::1]:8080/v1"]) {
    expect(isInTheClear(here)).toBe(false);
  }
  expect(isInTheClear("http://localhost.example/v1")).toBe(true);
  expect(isInTheClear("http://192.168.1.7:8000/v1")).toBe(true);
  expect(isInTheClear("https://192.168.1.7:8000/v1")).toBe(false);
  expect(hostOf("https://openrouter.ai/api/v1")).toBe("openrouter.ai");
  expect(hostOf("nonsense")).toBe("nonsense");
});

it("only what another computer answers may cost money", () => {
  const endpoints = [
    { id: "ollama", base_url: "http://localhost:11434/v1" },
    { id: "lab", base_url: "https://lab.example/v1" },
  ];
  const costs = (model: string) => mayCost(model, { backends: { endpoints } });
  expect(costs("some-model.gguf")).toBe(false);
  expect(costs("ollama:llama3.2")).toBe(false);
  expect(costs("lab:llama3.2")).toBe(true);
  expect(costs("openai:gpt-4o-mini")).toBe(true);
});
