import type { CandidateOutcome, TuneStage } from "~/ipc";
import { formatBytes, formatCount, formatRelativeTime } from "~/lib/format";
import { backends } from "./backend-strings";

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** What this feature says. */
export const text = {
  title: "Settings",
  sections: "Parts of the settings",
  backHint: "Back (Esc)",
  applied: "Applied",
  appliedNextRun: "Applied, the next run uses it",
  automatic: "Automatic",
  emptyAgain: (title: string) => `${title}: empty again`,
  automaticAgain: (title: string) => `${title}: automatic again`,
  loading: "Looking",
  open: "Open folder",

  general: {
    title: "General",
    theme: "Theme",
    themeHint: "How the window looks",
    themes: { system: "System", light: "Light", dark: "Dark" },
    language: "Language",
    languageHint: "The language of the window. Your data and your prompts can be in any",
    languages: { en: "English" },
    notify: "Tell me when a long run ends",
    notifyHint: "A message of the system while the window is not in front",
    notifyAfter: "Runs longer than",
    notifyAfterHint: "In seconds",
  },

  models: {
    title: "Models and engine",
    model: "Model for new columns",
    modelHint:
      "A file on this computer, or a model of a backend. Each column keeps the model it was made with until you change it there",
    separator: " · ",
    mlx: "Model for Local (MLX)",
    mlxHint: "What columns with “Local (MLX)” use. It is chosen and downloaded under Models",
    automatic: (name: string | null) => (name === null ? "Automatic" : `Automatic (${name})`),
    missingOption: (name: string) => `${name} (missing)`,
    noBackend: (name: string) =>
      `The backend of ${name} is not set up here. Choose another model, or add the backend again`,
    missing: (name: string) =>
      `The model ${name} is not there. Choose another one, or add its file again`,
    files: "Model files",
    filesHint: (folder: string) =>
      `GGUF files in ${folder} are found by themselves; files elsewhere can be added and stay where they are`,
    none: "No model yet",
    noneBody:
      "Get one under Models. One that you have already, a file that ends in .gguf, can be added from anywhere on this computer",
    getModels: "Get and delete models",
    add: "Add a model file…",
    linked: "elsewhere",
    linkedHint: (path: string) => `This file stays at ${path}`,
    reveal: (name: string) => `Show ${name} in its folder`,
    refresh: "Look again",
    engine: "Engine",
    parallel: "Rows at once",
    parallelHint: "More rows at once are faster on a strong machine and take more memory",
    context: "Tokens per row",
    contextHint: "The most tokens of prompt and answer together. More take more memory",
    threads: "Processor threads",
    threadsHint: (cores: number | null) =>
      cores === null
        ? "Automatic uses every physical core"
        : `Automatic uses ${cores === 1 ? "the one physical core" : `all ${formatCount(cores)} physical cores`}`,
    gpu: "Layers on the graphics processor",
    gpuHint: "0 computes on the processor alone. Automatic takes what fits",
    gpuNone: "No graphics processor was found; this has no effect",
    exact: "Reproducible answers",
    exactHint:
      "Exact mode: one row at a time, so that on a processor every answer is the same each time, bit for bit. Several times slower",
    memory: "Memory",
    unload: "Free memory when idle",
    unloadHint: "The model leaves memory after a while without work and loads again when needed",
    unloadAfter: "Minutes without work",
    minutes: "minutes",
    unloadNow: "Unload now",
    unloadNowHint: "Frees the memory of models at once. Runs that are going keep theirs",
    unloaded: "Models that nothing uses have left memory",
  },

  backends,

  tuning: {
    title: (model: string) => `Tune ${model} for this machine`,
    open: (model: string) => `Tune ${model} for this machine…`,
    button: "Tune…",
    tuned: "tuned",
    tunedHint: (original: string) => `A copy of ${original}, tuned for this machine`,
    what: [
      "How fast a model is depends on how its numbers are stored, and which way is the fastest depends on the machine.",
      "This makes copies in other ways, measures each one here beside the original, and compares what both answer. The fastest copy whose answers stay the same in all but the closest cases is kept as a model of its own; the others are deleted.",
      "The original stays as it is, and columns go on with it until you choose the copy. It takes a minute or a few, and runs of this model wait meanwhile.",
    ],
    measure: "Only measure",
    keep: "Measure and keep the fastest",
    stop: "Stop",
    stopping: "Stopping…",
    close: "Close",
    use: "Use for new columns",
    waiting: "Waiting for its turn…",
    progress: "Progress of the tuning",
    meanwhile: "The machine is best left alone until this is over, so that the figures are true",
    stages: {
      original: "Measuring the original",
      writing: "writing the copy",
      measuring: "measuring its speed",
      comparing: "comparing its answers",
      setup: "measuring how many rows at once are fastest",
    } satisfies Record<TuneStage, string>,
    stageOf: (quantisation: string, stage: string) => `${quantisation}: ${stage}`,
    original: (quantisation: string | null) =>
      quantisation === null ? "Original" : `Original (${quantisation})`,
    kept: "Stays as it is",
    gain: (factor: string) => `${factor}×`,
    outcomes: {
      chosen: "The fastest that is faithful",
      slower: "Faithful, but another is faster",
      no_gain: "Not worth it: hardly faster, or not at all",
      unfaithful: "Answers differ",
      skipped: "Not tried",
    } satisfies Record<CandidateOutcome["outcome"], string>,
    because: (outcome: string, reason: string) => `${outcome}: ${reason}`,
    columns: {
      name: "Copy",
      size: "Size",
      prefill: "Reads, tokens/s",
      prefillHint: "Prompt tokens a second",
      decode: "Writes, tokens/s",
      decodeHint: "Generated tokens a second, 16 rows at once",
      gain: "Gain",
      gainHint: "How many times as fast as the original a typical row is",
      labels: "Same labels",
      labelsHint: "How many of the built-in label questions get the same label",
      tokens: "Same tokens",
      tokensHint: "At how many places of a built-in text the same token is the likeliest",
      divergence: "Divergence",
      divergenceHint:
        "Kullback-Leibler divergence: how far the next tokens diverge from the original's on average, in nats; 0 is the same",
    },
    doneTitle: (copy: string, gain: string) => `${copy} is ${gain} times as fast`,
    doneBody: (original: string) =>
      `It is one of your models now. ${original} stays, and columns keep the model that they have`,
    wouldTitle: (quantisation: string, gain: string) =>
      `A copy in ${quantisation} would be ${gain} times as fast`,
    wouldBody: "Nothing was kept",
    noneTitle: "No copy is worth it",
    noneBody: "None is clearly faster on this machine and answers like the original",
    took: (duration: string) => `Measured in ${duration}`,
    setup: (rows: number, threads: number) =>
      `Fastest with ${formatCount(rows)} rows at once and ${threads === 1 ? "one thread" : `${formatCount(threads)} threads`}`,
    setupIsUsual: "which is the usual setup",
    setupKept: "the model is loaded so from now on",
    setupNotKept: "nothing of it is kept",
    setupGain: (percent: string) => `${percent} less time a row than in the usual setup`,
  },

  privacy: {
    title: "Privacy",
    localOnly: "Local only",
    localOnlyHint: "Refuses everything that would leave this computer, even when you ask for it",
    isLocal: "What leaves this computer",
    isLocalBody: [
      "Sheets, prompts and answers are files in your data folder. Model files run on this machine.",
      "Where you choose a model of a backend for a column, the prompts of its rows are sent to that backend, and to nobody else.",
      "Nothing else is sent anywhere: no telemetry, no crash reports, no check for updates.",
      "Braincells keeps keys in the system's keyring or only in memory, never in a sheet, a recipe or an export.",
      "Cells are shown without loading anything from the network, also when they hold a page or an image.",
      "A link in a cell opens in your browser only after you have seen its address and agreed.",
    ],
    lockedBody:
      "Local only is on: no other computer is asked, links are not opened, and nothing is downloaded.",
  },

  data: {
    title: "Data",
    folder: "Data folder",
    folderHint: "Sheets, models, settings and kept answers. Copy this folder to keep everything",
    cache: "Kept answers",
    cacheHint:
      "The answer to an identical request is taken from here instead of asking the model again",
    cacheUsed: (responses: number, bytes: number, limit: number) =>
      limit === 0
        ? "Nothing is kept"
        : `${counted(responses, "answer", "answers")}, ${formatBytes(bytes)} of ${formatBytes(limit)}`,
    cacheOldest: (at_ms: number, now_ms: number) =>
      `The oldest is from ${formatRelativeTime(at_ms, now_ms)}`,
    cacheOf: (responses: number, bytes: number) =>
      `${counted(responses, "answer", "answers")}, ${formatBytes(bytes)}`,
    limit: "Limit",
    limitHint: "In MB. 0 keeps nothing; those not used for the longest time go first",
    clear: "Clear…",
    clearAll: "Clear all…",
    clearOf: (model: string) => `Clear the answers of ${model}`,
    clearTitle: "Clear kept answers?",
    clearBody: (model: string | null) =>
      model === null
        ? "Sheets keep their values. The same requests ask the model again."
        : `Sheets keep their values. The same requests to ${model} ask it again.`,
    clearConfirm: "Clear",
    cleared: (count: number) => `${counted(count, "answer", "answers")} cleared`,
    limitTitle: "Keep fewer answers?",
    limitBody: (bytes: number) =>
      `Answers beyond ${formatBytes(bytes)} are removed now, those not used for the longest time first.`,
    limitConfirm: "Set limit",
    trash: "Trash",
    trashHint: "Deleted sheets stay here until you remove them",
    trashEmpty: "The trash is empty",
    trashLine: (rows: number, at_ms: number, now_ms: number) =>
      `${counted(rows, "row", "rows")}, deleted ${formatRelativeTime(at_ms, now_ms)}`,
    restore: "Restore",
    restoreSheet: (name: string) => `Restore ${name}`,
    deleteForever: "Delete…",
    deleteSheet: (name: string) => `Delete ${name} for good`,
    deleteTitle: (name: string) => `Delete ${name} for good?`,
    deleteBody: "The sheet and its history cannot be brought back.",
    deleteConfirm: "Delete for good",
    emptyTrash: "Empty trash…",
    emptyTitle: (count: number) => `Delete ${counted(count, "sheet", "sheets")} for good?`,
    emptyBody: "The sheets and their history cannot be brought back.",
    emptyConfirm: "Empty trash",
  },

  diagnostics: {
    title: "Diagnostics",
    hint: "What this machine has and what a run will use",
    noProblems: "Everything that a run needs is there",
    problems: (count: number) => counted(count, "problem", "problems"),
    copy: "Copy report",
    copied: "Copied",
    again: "Look again",
    machine: "Machine",
    os: "System",
    cores: "Physical cores",
    memory: "Memory",
    disk: "Free disk space",
    unknown: "Not known",
    free: (free: number, total: number) => `${formatBytes(free)} free of ${formatBytes(total)}`,
    devices: "Computes on",
    engine: "Engine",
    willUse: "A run will use",
    llama: "llama.cpp",
    models: "Models",
    defaultModel: "Model unless told",
    none: "None",
    data: "Data",
    home: "Data folder",
    duckdb: "DuckDB",
    sheetMemory: "Memory for one sheet, at most",
    version: "Braincells",
  },

  about: {
    title: "About",
    name: "Braincells",
    version: (version: string) => `Version ${version}`,
    what: "A spreadsheet whose columns are filled by language models on your own computer.",
    built: "Built of",
    builtOf: [
      { name: "llama.cpp", what: "runs the models" },
      { name: "DuckDB", what: "keeps the sheets" },
      { name: "SQLite", what: "keeps the list of sheets and the answers" },
      { name: "Tauri", what: "is the window" },
      { name: "Qwik", what: "draws what is in it" },
    ],
    licence: "Braincells is free software under the Apache License 2.0.",
    licences: "Licences",
    search: "Search licences",
    count: (shown: number, all: number) =>
      shown === all
        ? counted(all, "component", "components")
        : `${formatCount(shown)} of ${counted(all, "component", "components")}`,
    noneFound: "No component fits the search",
  },
} as const;
