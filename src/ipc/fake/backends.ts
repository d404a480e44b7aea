import { remoteModel } from "../../lib/model-names";
import type {
  BackendInfo,
  BackendModel,
  Backends,
  EndpointSettings,
  KeySource,
  Price,
} from "../bindings";
import type { Part } from "./commands";
import { failure, refuse } from "./failure";
import { needMlx } from "./mlx-models";
import { keepSettings } from "./models";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import type { World } from "./world";

/** What is remembered of a key: never the key. */
export interface FakeKey {
  source: KeySource;
  /** Whether the provider takes it: one that has `wrong` in it is not taken. */
  isGood: boolean;
}

const PROVIDERS = [
  {
    id: "huggingface",
    title: "Hugging Face",
    base_url: "https://router.huggingface.co/v1",
    key_variable: "HF_TOKEN",
    key_page: "https://huggingface.co/settings/tokens",
  },
  {
    id: "openrouter",
    title: "OpenRouter",
    base_url: "https://openrouter.ai/api/v1",
    key_variable: "OPENROUTER_API_KEY",
    key_page: "https://openrouter.ai/settings/keys",
  },
  {
    id: "openai",
    title: "OpenAI",
    base_url: "https://api.openai.com/v1",
    key_variable: "OPENAI_API_KEY",
    key_page: "https://platform.openai.com/api-keys",
  },
];

const PRESETS: Backends["presets"] = [
  { id: "ollama", title: "Ollama", base_url: "http://localhost:11434/v1" },
  { id: "lm-studio", title: "LM Studio", base_url: "http://localhost:1234/v1" },
  { id: "llama-server", title: "llama-server", base_url: "http://localhost:8080/v1" },
  { id: "vllm", title: "vLLM", base_url: "http://localhost:8000/v1" },
];

const model = (id: string, context: number | null = null, read = 0, written = 0): BackendModel => ({
  id,
  context_tokens: context,
  price:
    context === null ? null : { prompt_usd_per_million: read, completion_usd_per_million: written },
});

const LISTS: Readonly<Record<string, BackendModel[]>> = {
  huggingface: [
    model("Qwen/Qwen3-8B", 40_960, 0.05, 0.2),
    model("google/gemma-3-27b-it", 131_072, 0.1, 0.4),
    model("meta-llama/Llama-3.1-8B-Instruct", 131_072, 0.02, 0.05),
  ],
  openrouter: [
    model("anthropic/claude-haiku-4.5", 200_000, 1, 5),
    model("google/gemma-3-27b-it:free", 131_072, 0, 0),
    model("mistralai/mistral-small-3.2-24b-instruct", 131_072, 0.06, 0.18),
    model("openai/gpt-4o-mini", 128_000, 0.15, 0.6),
    model("qwen/qwen3-8b", 131_072, 0.035, 0.138),
    ...Array.from({ length: 60 }, (_, at) => model(`vendor/model-${at + 1}`, 32_768, 0.5, 1.5)),
  ],
  openai: [model("gpt-4o"), model("gpt-4o-mini"), model("gpt-4.1-nano")],
};

const OWN_LIST = [model("llama3.2:1b"), model("qwen3:4b")];

const isHere = (url: string): boolean => /^https?:\/\/(localhost|127\.|\[::1\])/.test(url);

function endpointsOf(world: World): EndpointSettings[] {
  return world.settings.backends.endpoints ?? [];
}

/** All backends, with where their keys come from. */
function backendsOf(world: World): Backends {
  const limitsOf = (id: string) =>
    (world.settings.backends.limits ?? []).find((limits) => limits.backend === id) ?? {
      backend: id,
    };
  const keyOf = (id: string) => world.keys.get(id)?.source ?? null;
  const providers = PROVIDERS.map(
    (provider): BackendInfo => ({
      ...provider,
      is_custom: false,
      key: keyOf(provider.id),
      needs_key: true,
      key_in_the_clear: false,
      is_this_machine: false,
      models: [],
      limits: limitsOf(provider.id),
    }),
  );
  const own = endpointsOf(world).map(
    ({ id = "", base_url = "", models = [] }): BackendInfo => ({
      id,
      title: id,
      is_custom: true,
      base_url,
      key: keyOf(id),
      needs_key: false,
      key_variable: `BRAINCELLS_KEY_${id.toUpperCase().replaceAll("-", "_")}`,
      key_page: null,
      key_in_the_clear: base_url.startsWith("http:") && !isHere(base_url),
      is_this_machine: isHere(base_url),
      models,
      limits: limitsOf(id),
    }),
  );
  return { list: [...providers, ...own], presets: PRESETS, keyring_problem: world.keyringProblem };
}

function backendOf(world: World, id: string): BackendInfo {
  const found = backendsOf(world).list.find((backend) => backend.id === id);
  return found ?? refuse("not_found", `there is no backend \`${id}\``, "add it in the settings");
}

const keyRefused = (title: string, reason: string) =>
  failure(
    "key_refused",
    `${title} ${reason}`,
    "enter a valid key in the settings, or with `braincells keys set`",
  );

/** Refuses what a lock forbids, and a key that is missing. */
function checkAllowed(backend: BackendInfo, isLocked: boolean): void {
  if (isLocked && !backend.is_this_machine) {
    refuse(
      "local_only",
      `\`${backend.id}\` is not on this machine, and only models on this machine may be used`,
      "choose a model on this computer, or take the lock off",
    );
  }
  if (backend.needs_key && backend.key === null) {
    throw keyRefused(backend.title, "answers only with a key, and there is none");
  }
}

/** Why a backend answers nothing; null when it does. */
export function problemOf(world: World, id: string): ReturnType<typeof failure> | null {
  const backend = backendOf(world, id);
  if (world.keys.get(id)?.isGood === false) return keyRefused(backend.title, "refused the key");
  if (!/nobody/.test(backend.base_url)) return null;
  return failure(
    "unreachable",
    `\`${backend.base_url}\` cannot be reached: connection refused`,
    "see whether the server runs and the address is right",
  );
}

/** The backend and model that a name means; null for a model file. */
export function remoteOf(world: World, name: string) {
  const wanted = name === "" ? world.settings.model : name;
  return remoteModel(
    wanted,
    endpointsOf(world).map(({ id = "" }) => id),
  );
}

/** What is asked for a recipe: a file that is there, or a model of a backend that may be asked. */
export function modelToAsk(world: World, sheet: FakeSheet, name: string): string {
  const remote = remoteOf(world, name);
  if (remote === null) {
    const file = world.model(name);
    if (file.runtime === "mlx") needMlx(world);
    return file.name;
  }
  const isLocked = world.settings.local_only || sheet.info.local_only === true;
  checkAllowed(backendOf(world, remote.backend), isLocked);
  return `${remote.backend}:${remote.model}`;
}

/** What a model costs; null for a file, and where nobody says. */
export function priceOf(world: World, name: string): Price | null {
  const remote = remoteOf(world, name);
  if (remote === null) return null;
  return LISTS[remote.backend]?.find((one) => one.id === remote.model)?.price ?? null;
}

/** What tokens cost, in US dollars. */
export function costOf(price: Price, promptTokens: number, completionTokens: number): number {
  const read = (price.prompt_usd_per_million ?? 0) * promptTokens;
  return (read + (price.completion_usd_per_million ?? 0) * completionTokens) / 1e6;
}

function changeEndpoints(world: World, endpoints: EndpointSettings[]): Backends {
  const { settings } = world;
  keepSettings(world, { ...settings, backends: { ...settings.backends, endpoints } });
  return backendsOf(world);
}

export function backendCommands(world: World, runner: Runner): Part<BackendCommand> {
  return {
    backends: () => backendsOf(world),
    setKey: (id, key, keep) => {
      backendOf(world, id);
      if (/\s/.test(key)) refuse("bad_input", "a key has no white space", "copy it once more");
      const source: KeySource = keep && world.keyringProblem === null ? "keyring" : "session";
      world.keys.set(id, { source, isGood: !key.includes("wrong") });
      return source;
    },
    removeKey: (id) => {
      backendOf(world, id);
      world.keys.delete(id);
      return null;
    },
    testBackend: (id, task) =>
      world.task(task, async (pause) => {
        const backend = backendOf(world, id);
        checkAllowed(backend, world.settings.local_only);
        await pause(80);
        const problem = problemOf(world, id);
        if (problem !== null) throw problem;
        const models = (LISTS[id] ?? OWN_LIST).length;
        return { duration_ms: 84, models, account: id === "huggingface" ? "ada" : null };
      }),
    backendModels: (id, search, task) =>
      world.task(task, async (pause) => {
        const backend = backendOf(world, id);
        checkAllowed(backend, world.settings.local_only);
        await pause(60);
        const problem = problemOf(world, id);
        if (problem !== null) throw problem;
        const words = search.toLowerCase().split(/\s+/);
        const typed = backend.models.map((one) => model(one));
        const all = [...typed, ...(LISTS[id] ?? OWN_LIST)];
        return all.filter((one) => words.every((word) => one.id.toLowerCase().includes(word)));
      }),
    putEndpoint: (endpoint) => {
      const { id = "", base_url = "" } = endpoint;
      if (!/^https?:\/\/[^/]+/.test(base_url)) {
        refuse("bad_input", `\`${base_url}\` is not the address of a server`, "begin with http://");
      }
      const kept = { ...endpoint, base_url: base_url.replace(/(\/v1)?\/*$/, "/v1") };
      const known = endpointsOf(world);
      const isNew = !known.some((one) => one.id === id);
      return changeEndpoints(
        world,
        isNew ? [...known, kept] : known.map((one) => (one.id === id ? kept : one)),
      );
    },
    removeEndpoint: (id) => {
      world.keys.delete(id);
      return changeEndpoints(
        world,
        endpointsOf(world).filter((one) => one.id !== id),
      );
    },
    setLocalOnly: (id, locked) => {
      const sheet = world.sheet(id);
      sheet.info.local_only = locked;
      if (locked) runner.pauseRemote(sheet);
      return null;
    },
  };
}

type BackendCommand =
  | "backends"
  | "setKey"
  | "removeKey"
  | "testBackend"
  | "backendModels"
  | "putEndpoint"
  | "removeEndpoint"
  | "setLocalOnly";
