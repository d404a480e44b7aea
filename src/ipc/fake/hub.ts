import catalogue from "../../../src-tauri/crates/models/src/catalogue/models.json";
import type {
  AppError,
  Choice,
  HubModel,
  HubRepository,
  Model,
  RecommendedModel,
  Repository,
  SearchSort,
  Variant,
} from "../bindings";
import type { Part } from "./commands";
import { failure, refuse } from "./failure";
import { judgementOf, suggestedOf, verdictOf } from "./fit";
import { folderOf } from "./mlx-models";
import { hashOf } from "./values";
import type { World } from "./world";

/** The list that the program has built in. */
const RECOMMENDED = catalogue.models as Model[];
const DAY_MS = 86_400_000;
/** A choice of the largest model has this size in one file; more is split. */
const SPLIT_BYTES = 40_000_000_000;

/** Long enough to be seen. */
const ANSWER_MS = 90;

function choicesOf(name: string, sizes: readonly (readonly [string, number])[]): Choice[] {
  return sizes.map(([label, bytes]) => {
    const count = Math.ceil(bytes / SPLIT_BYTES);
    const files = Array.from({ length: count }, (_, at) => {
      const part = `-0000${at + 1}-of-0000${count}`;
      return {
        path: `${name}-${label}${count > 1 ? part : ""}.gguf`,
        bytes: Math.round(bytes / count),
        sha256: hashOf(`${name}${label}${at}`).toString(16).padStart(64, "0"),
      };
    });
    return { label, files, bytes };
  });
}

/** All of a repository for MLX, which is one model. */
function wholeOf({ id, variants }: Model): Choice[] {
  return variants.map(({ label, bytes }) => {
    const small = ["tokenizer.json", "config.json"].map((path) => ({
      path,
      bytes: 11_000_000,
      sha256: hashOf(`${id}${path}`).toString(16).padStart(64, "0"),
    }));
    const weights = {
      path: "model.safetensors",
      bytes: bytes - 22_000_000,
      sha256: hashOf(id).toString(16).padStart(64, "0"),
    };
    return { label, files: [weights, ...small], bytes };
  });
}

function repositoryOf(model: Model): Repository {
  const downloads = 1000 + (hashOf(model.id) % 900_000);
  return {
    id: model.repository,
    commit: hashOf(model.repository).toString(16).padStart(40, "0"),
    runtime: model.runtime,
    gate: "open",
    licence: model.licence,
    downloads,
    likes: Math.round(downloads / 300),
    updated_at_ms: Date.UTC(2026, 10, 20) - (hashOf(`u${model.id}`) % 400) * DAY_MS,
    parameters: model.parameters,
    architecture: model.family.toLowerCase().replace(/[^a-z0-9]/g, ""),
    context_length: model.context_length,
    choices:
      model.runtime === "mlx"
        ? wholeOf(model)
        : choicesOf(
            model.repository
              .split("/")
              .at(-1)
              ?.replace(/-GGUF$/i, "") ?? model.id,
            model.variants.map(({ label, bytes }) => [label, bytes] as const),
          ),
    projectors: [],
    notes: [],
  };
}

const plain: Pick<Repository, "commit" | "runtime" | "projectors" | "notes"> = {
  commit: "9f0c".padEnd(40, "a"),
  runtime: "gguf",
  projectors: [],
  notes: [],
};

/** What the make-believe llama.cpp does not know. */
const UNKNOWN_ARCHITECTURE = "lxama";

/** Why nothing of a repository can be loaded; null where that is not known. */
export function problemOf({ architecture }: Pick<Repository, "architecture">): string | null {
  return architecture === UNKNOWN_ARCHITECTURE
    ? `the llama.cpp of this version does not know the architecture \`${architecture}\``
    : null;
}

/**
 * Repositories that are not in the list: one with terms, one in parts, one that sees pictures, one
 * that nothing here can load.
 */
const OTHERS: Repository[] = [
  {
    ...plain,
    id: "google/gemma-3-4b-it-qat-q4_0-gguf",
    gate: "automatic",
    licence: "gemma",
    downloads: 48_211,
    likes: 214,
    updated_at_ms: Date.UTC(2026, 3, 9),
    parameters: 3_880_000_000,
    architecture: "gemma3",
    context_length: 131_072,
    choices: choicesOf("gemma-3-4b-it-q4_0", [["Q4_0", 3_155_051_328]]),
    projectors: [{ path: "mmproj-model-f16-4B.gguf", bytes: 851_251_104, sha256: null }],
  },
  {
    ...plain,
    id: "unsloth/Llama-3.3-70B-Instruct-GGUF",
    gate: "open",
    licence: "llama3.3",
    downloads: 91_002,
    likes: 402,
    updated_at_ms: Date.UTC(2026, 1, 2),
    parameters: 70_600_000_000,
    architecture: "llama",
    context_length: 131_072,
    choices: choicesOf("Llama-3.3-70B-Instruct", [
      ["Q2_K", 26_375_000_000],
      ["Q4_K_M", 42_520_000_000],
      ["Q8_0", 74_975_000_000],
    ]),
    notes: ["`Q6_K` is left out: its part 2 of 2 is missing"],
  },
  {
    ...plain,
    id: "bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF",
    gate: "open",
    licence: "apache-2.0",
    downloads: 210_944,
    likes: 96,
    updated_at_ms: Date.UTC(2026, 6, 30),
    parameters: 4_020_000_000,
    architecture: "qwen3",
    context_length: 262_144,
    choices: choicesOf("Qwen3-4B-Instruct-2507", [
      ["Q2_K", 1_669_498_624],
      ["Q3_K_M", 2_075_616_192],
      ["Q4_0", 2_375_783_552],
      ["Q4_K_M", 2_497_281_120],
      ["Q5_K_M", 2_889_513_056],
      ["Q6_K", 3_306_261_600],
      ["Q8_0", 4_280_405_600],
      ["BF16", 8_051_285_504],
    ]),
  },
  {
    ...plain,
    id: "someone/Lxama-2B-GGUF",
    gate: "open",
    licence: "mit",
    downloads: 12,
    likes: 1,
    updated_at_ms: Date.UTC(2026, 10, 1),
    parameters: 2_000_000_000,
    architecture: UNKNOWN_ARCHITECTURE,
    context_length: 8192,
    choices: choicesOf("Lxama-2B", [["Q4_K_M", 1_300_000_000]]),
  },
];

/** All that the make-believe hub has. */
const REPOSITORIES: Repository[] = [...RECOMMENDED.map(repositoryOf), ...OTHERS];

/** Refuses what cannot be asked now. */
export function askHub(world: World): void {
  if (world.settings.local_only) {
    refuse(
      "local_only",
      "`huggingface.co` is not on this machine, and nothing may leave it",
      "turn “local only” off in the settings",
    );
  }
  if (world.hubProblem) throw world.hubProblem;
}

/** Why a repository with terms gives out no file now; null where it does. */
export function gateFailure(
  world: World,
  { id, gate }: Pick<Repository, "id" | "gate">,
): AppError | null {
  if (gate === "open") return null;
  const terms = `\`${id}\` is only for people who agreed to its terms`;
  const agree = `agree to them at ${world.hubEndpoint}/${id}`;
  const key = world.keys.get("huggingface");
  if (key === undefined) {
    const login = "then give your token: `braincells keys set huggingface`";
    return failure("key_refused", terms, `${agree}, ${login}`);
  }
  if (key.isGood) return null;
  const stranger = `${terms}, and the owner of this token is not one of them`;
  const wait = "where the owner decides, that takes some days";
  return failure("refused", stranger, `${agree}; ${wait}`);
}

/** A reference as a person writes it, taken apart. */
function partsOf(reference: string): { id: string; label: string | null } {
  const path = reference
    .trim()
    .replace(/^(https?:\/\/)?(huggingface\.co|hf\.co)\//, "")
    .replace(/^hf:\/\//, "");
  const found = /^([\w.-]+\/[\w.-]+)(?::([\w.-]+))?(?:\/(?:tree|blob|resolve)\/.*)?$/.exec(path);
  const [, id, label = null] = found ?? [];
  if (id === undefined) {
    return refuse(
      "bad_input",
      `\`${reference}\` is no repository of the hub`,
      "write it as `owner/name`, or paste its address",
    );
  }
  return { id, label };
}

/** The repository that a reference or the id of a recommended model names. */
export function repositoryNamed(reference: string): {
  repository: Repository;
  label: string | null;
} {
  const recommended = RECOMMENDED.find(({ id }) => id === reference);
  const { id, label } = recommended
    ? { id: recommended.repository, label: null }
    : partsOf(reference);
  const repository = REPOSITORIES.find((one) => one.id.toLowerCase() === id.toLowerCase());
  return repository
    ? { repository, label }
    : refuse("not_found", `there is no repository \`${id}\` on the hub`, "look for it by its name");
}

/** What a choice is called once it is here. */
export function fileNameOf(repository: Repository, choice: Choice): string {
  if (repository.runtime === "mlx") return folderOf(repository.id);
  const path = choice.files[0]?.path ?? choice.label;
  return `${repository.id.replace("/", "--")}/${path}`;
}

function installedAs(world: World, repository: Repository, choice: Choice): string | null {
  const name = fileNameOf(repository, choice);
  const file = name.split("/").at(-1);
  return world.models.find((one) => one.name === name || one.name === file)?.name ?? null;
}

function recommended(world: World): RecommendedModel[] {
  return RECOMMENDED.map((model) => {
    const sizes = model.variants.map(({ bytes }) => bytes);
    const isFolder = model.runtime === "mlx";
    const hereAs = ({ file }: Variant): string | null => {
      const isIt = isFolder
        ? (name: string) => name === folderOf(model.repository)
        : (name: string) => name.split("/").at(-1) === file?.split("/").at(-1);
      return world.models.find(({ name }) => isIt(name))?.name ?? null;
    };
    return {
      model,
      fits: sizes.map(verdictOf),
      suggested: suggestedOf(model.variants),
      installed: model.variants.map(hereAs),
      available: !isFolder || world.runsMlx,
    };
  });
}

const ORDERS: Record<SearchSort, (model: HubModel) => number> = {
  downloads: (model) => model.downloads,
  trending: (model) => hashOf(model.id) % 1000,
  likes: (model) => model.likes,
  updated: (model) => model.updated_at_ms ?? 0,
};

const listed = (repository: Repository): HubModel => {
  const { commit: _, choices: __, projectors: ___, notes: ____, ...model } = repository;
  return model;
};

const answered = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ANSWER_MS));

export function hubCommands(world: World): Part<HubCommand> {
  return {
    recommendedModels: () => recommended(world),
    searchModels: async ({ text, runtime, sort, limit }) => {
      askHub(world);
      await answered();
      const words = text.toLowerCase().split(/\s+/);
      return REPOSITORIES.filter((one) => one.runtime === runtime)
        .filter((one) => words.every((word) => one.id.toLowerCase().includes(word)))
        .map(listed)
        .sort((one, other) => ORDERS[sort](other) - ORDERS[sort](one))
        .slice(0, limit);
    },
    hubRepository: async (reference): Promise<HubRepository> => {
      askHub(world);
      await answered();
      const { repository, label } = repositoryNamed(reference);
      const sizes = repository.choices.map(({ bytes }) => bytes);
      const wanted = repository.choices.findIndex((choice) => choice.label === label);
      if (label !== null && wanted < 0) {
        refuse("not_found", `\`${repository.id}\` has no \`${label}\``, "choose another one");
      }
      return {
        repository,
        problem: problemOf(repository),
        fits: sizes.map(verdictOf),
        suggested: suggestedOf(repository.choices),
        installed: repository.choices.map((choice) => installedAs(world, repository, choice)),
        wanted: wanted < 0 ? null : wanted,
      };
    },
    hubFit: async (reference, label) => {
      askHub(world);
      await answered();
      const { repository } = repositoryNamed(reference);
      if (repository.runtime === "mlx") {
        refuse(
          "bad_input",
          "only the header of a GGUF file says exactly what a model takes",
          "where its repository is shown, its size says whether it fits",
        );
      }
      const gate = gateFailure(world, repository);
      if (gate !== null) throw gate;
      const choice = repository.choices.find((one) => one.label === label);
      return { label, problem: problemOf(repository), ...judgementOf(choice?.bytes ?? 0) };
    },
  };
}

type HubCommand = "recommendedModels" | "searchModels" | "hubRepository" | "hubFit";
