import type {
  AppError,
  Choice,
  Download,
  DownloadRequest,
  DownloadState,
  ModelStatus,
  Repository,
} from "../bindings";
import type { Part } from "./commands";
import { STATUSES } from "./download-states";
import { failure, refuse } from "./failure";
import { suggestedOf } from "./fit";
import { askHub, fileNameOf, gateFailure, problemOf, repositoryNamed } from "./hub";
import { modelFile } from "./model-file";
import type { World } from "./world";

/** Where the page keeps the downloads until it is closed, as the real side has them on disk. */
const DOWNLOADS_KEY = "braincells.fake.downloads";
const TICK_MS = 100;
const AT_ONCE = 2;
/** How much is compared with its checksum in a second. */
const VERIFIED_BYTES_PER_SECOND = 400_000_000;
const FREE_BYTES = 214_000_000_000;

const clocks = new WeakMap<World, ReturnType<typeof setInterval>>();
const verified = new Map<number, number>();
/** What the next piece of a download runs into. */
const troubles = new WeakMap<World, { error: AppError; isFinal: boolean }>();

const isActive = ({ state }: Download): boolean =>
  ["queued", "running", "verifying", "waiting"].includes(state);

function keep(world: World): void {
  globalThis.sessionStorage?.setItem(DOWNLOADS_KEY, JSON.stringify(world.downloads));
}

/** What was said last of the model of each download. */
const told = new Map<number, ModelStatus>();

function tell(world: World, download: Download): void {
  const { id, name, state, error } = download;
  const status = STATUSES[state];
  if (told.get(id) !== status) {
    told.set(id, status);
    world.emit({ event: "model_status", model: name, status, error });
  }
  world.emit({ event: "download_progress", ...download });
}

function change(world: World, download: Download, changed: Partial<Download>): void {
  Object.assign(download, changed);
  keep(world);
  tell(world, download);
}

function rest(
  world: World,
  download: Download,
  state: DownloadState,
  error: AppError | null = null,
): void {
  change(world, download, {
    state,
    bytes_per_second: null,
    seconds_left: null,
    retry_at_ms: null,
    retries: 0,
    error,
  });
}

/** The model of a download that is there. */
function fileOf(download: Download): ReturnType<typeof modelFile> {
  const { name, repository, bytes_total, files } = download;
  const isFolder = !/\.gguf$/i.test(name);
  const kind = isFolder ? { runtime: "mlx" as const } : { parts: files };
  return modelFile(name, bytes_total, { repository, ...kind });
}

function finish(world: World, download: Download): void {
  world.models = [...world.models.filter(({ name }) => name !== download.name), fileOf(download)];
  rest(world, download, "done");
  world.emit({ event: "models_changed" });
}

function stumble(world: World, download: Download, error: AppError, isFinal: boolean): void {
  const { retries } = download;
  const isOver = isFinal || retries >= 3;
  change(world, download, {
    state: isOver ? "failed" : "waiting",
    bytes_per_second: null,
    seconds_left: null,
    retries: isOver ? retries : retries + 1,
    retry_at_ms: isOver ? null : world.now() + 2000,
    error,
  });
}

/** Nothing may leave this machine any more: what goes on by itself stops and says so. */
export function lockDownloads(world: World): void {
  const message = "the download was stopped: nothing may leave this machine any more";
  const error = failure("local_only", message, "take the lock off, then resume; nothing is lost");
  for (const download of world.downloads.filter(isActive)) {
    rest(world, download, "failed", error);
  }
}

/** Why the hub gives out no file of it. */
function refusalOf(world: World, { repository }: Download): AppError | null {
  try {
    return gateFailure(world, repositoryNamed(repository).repository);
  } catch {
    // Scenes have downloads of repositories that are not on the make-believe hub.
    return null;
  }
}

function advance(world: World, download: Download): void {
  if (download.state === "waiting") {
    if (world.now() < (download.retry_at_ms ?? 0)) return;
    change(world, download, { state: "queued", retry_at_ms: null });
  }
  const working = world.downloads.filter(({ state }) => ["running", "verifying"].includes(state));
  if (download.state === "queued") {
    if (working.length < AT_ONCE) change(world, download, { state: "running", error: null });
    return;
  }
  const trouble = troubles.get(world);
  if (trouble && download.state === "running") {
    troubles.delete(world);
    stumble(world, download, trouble.error, trouble.isFinal);
    return;
  }
  if (world.hubProblem && download.state === "running") {
    stumble(world, download, world.hubProblem, false);
    return;
  }
  const refusal = download.state === "running" ? refusalOf(world, download) : null;
  if (refusal !== null) {
    stumble(world, download, refusal, true);
    return;
  }
  if (download.state === "running") {
    const rate = world.downloadBytesPerSecond;
    const done = Math.min(download.bytes_total, download.bytes_done + (rate * TICK_MS) / 1000);
    download.bytes_done = Math.round(done);
    download.bytes_per_second = rate;
    download.seconds_left = Math.ceil((download.bytes_total - done) / Math.max(1, rate));
    if (done >= download.bytes_total) {
      verified.set(download.id, 0);
      change(world, download, { state: "verifying", bytes_per_second: null, seconds_left: null });
    } else tell(world, download);
    return;
  }
  const seen = (verified.get(download.id) ?? 0) + (VERIFIED_BYTES_PER_SECOND * TICK_MS) / 1000;
  verified.set(download.id, seen);
  if (seen >= download.bytes_total) finish(world, download);
}

/** Has downloads go on by the clock for as long as there are any. */
export function runDownloads(world: World): void {
  if (clocks.has(world)) return;
  const timer = setInterval(() => {
    // The oldest has its turn first.
    for (const download of [...world.downloads].reverse()) {
      if (isActive(download) && !download.elsewhere) advance(world, download);
    }
    if (world.downloads.some(isActive)) return;
    clearInterval(timer);
    clocks.delete(world);
  }, TICK_MS);
  clocks.set(world, timer);
}

/** The next piece of a download fails: for now, or until a person tries again. */
export function breakDownload(world: World, error: AppError, isFinal: boolean): void {
  troubles.set(world, { error, isFinal });
}

/** Takes up what an earlier page of this session left. */
export function restoreDownloads(world: World): void {
  const kept = globalThis.sessionStorage?.getItem(DOWNLOADS_KEY);
  if (kept) world.downloads = JSON.parse(kept) as Download[];
  const here = new Set(world.models.map(({ name }) => name));
  for (const download of world.downloads) {
    if (download.state === "done" && !here.has(download.name)) {
      world.models = [...world.models, fileOf(download)];
    }
  }
  if (world.downloads.some(isActive)) runDownloads(world);
}

function choiceOf(repository: Repository, label: string | null): Choice {
  const wanted = repository.choices.findIndex((choice) => choice.label === label);
  const place = label === null ? suggestedOf(repository.choices) : wanted;
  const choice = place === null ? undefined : repository.choices[place];
  return (
    choice ?? refuse("not_found", `\`${repository.id}\` has no \`${label}\``, "choose another")
  );
}

function begin(world: World, { reference, label: wanted, anyway }: DownloadRequest): Download {
  askHub(world);
  const { repository, label } = repositoryNamed(reference);
  if (repository.runtime === "mlx" && !world.runsMlx) {
    refuse(
      "bad_input",
      `\`${repository.id}\` is for MLX, which this machine does not run`,
      "MLX runs on Macs with Apple Silicon; look for the model as GGUF",
    );
  }
  const choice = choiceOf(repository, wanted ?? label);
  const problem = problemOf(repository);
  if (problem !== null && !anyway) {
    refuse(
      "bad_input",
      `\`${repository.id}\` cannot be loaded: ${problem}`,
      "a newer Braincells may; `braincells models pull --anyway` downloads it all the same",
    );
  }
  const name = fileNameOf(repository, choice);
  if (choice.bytes > FREE_BYTES) {
    refuse(
      "disk_full",
      "there is not enough free space",
      "delete a model, or choose a smaller one",
    );
  }
  const known = world.downloads.find((one) => one.name === name && one.state !== "cancelled");
  if (known && known.state !== "done") return known;
  if (world.models.some((model) => model.name === name)) {
    refuse("conflict", `\`${name}\` is on this computer already`, null);
  }
  const download: Download = {
    id: 1 + Math.max(0, ...world.downloads.map((one) => one.id)),
    name,
    repository: repository.id,
    revision: repository.commit,
    label: choice.label,
    state: "queued",
    files: choice.files.length,
    bytes_done: 0,
    bytes_total: choice.bytes,
    bytes_per_second: null,
    seconds_left: null,
    retries: 0,
    retry_at_ms: null,
    error: null,
    elsewhere: false,
    added_at_ms: world.now(),
  };
  world.downloads = [download, ...world.downloads];
  change(world, download, {});
  runDownloads(world);
  return download;
}

/** What a person may want of a download, in which states; in others it is so already, or refused. */
const WISHES = {
  paused: { moves: ["queued", "running", "verifying", "waiting"], already: ["paused"] },
  resumed: { moves: ["paused", "failed", "waiting"], already: ["queued", "running", "verifying"] },
  cancelled: {
    moves: ["queued", "running", "verifying", "waiting", "paused", "failed"],
    already: ["cancelled"],
  },
} as const satisfies Record<string, { moves: DownloadState[]; already: DownloadState[] }>;

/** Whether a wish changes where a download stands; refuses one that cannot be. */
function isToMove({ name, state }: Download, wish: keyof typeof WISHES): boolean {
  const { moves, already } = WISHES[wish];
  if ((moves as readonly DownloadState[]).includes(state)) return true;
  if ((already as readonly DownloadState[]).includes(state)) return false;
  const hint =
    state === "done"
      ? "the model is here: use it, or delete it"
      : state === "failed"
        ? "resume it to try again, or cancel it"
        : "ask for the model again";
  return refuse("conflict", `the download of \`${name}\` is ${state} and cannot be ${wish}`, hint);
}

function named(world: World, id: number): Download {
  const found = world.downloads.find((download) => download.id === id);
  return found ?? refuse("not_found", `there is no download ${id}`, null);
}

export function downloadCommands(world: World): Part<DownloadCommand> {
  return {
    downloadModel: (request) => {
      const download = begin(world, request);
      if (download.state === "paused" || download.state === "failed") {
        rest(world, download, "queued");
        runDownloads(world);
      }
      return download;
    },
    downloads: () => world.downloads,
    pauseDownload: (id) => {
      const download = named(world, id);
      if (isToMove(download, "paused")) rest(world, download, "paused");
      return download;
    },
    resumeDownload: (id) => {
      if (world.settings.local_only) askHub(world);
      const download = named(world, id);
      if (!isToMove(download, "resumed")) return download;
      rest(world, download, "queued");
      runDownloads(world);
      return download;
    },
    cancelDownload: (id) => {
      const download = named(world, id);
      if (!isToMove(download, "cancelled")) return download;
      download.bytes_done = 0;
      rest(world, download, "cancelled");
      return download;
    },
  };
}

type DownloadCommand =
  | "downloadModel"
  | "downloads"
  | "pauseDownload"
  | "resumeDownload"
  | "cancelDownload";
