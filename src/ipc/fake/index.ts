import { mockIPC } from "@tauri-apps/api/mocks";
import type { AppError, Ask, Code, ModelStatus } from "../bindings";
import { type FakeCommands, fakeCommands } from "./commands";
import { DOWNLOADS } from "./disk";
import { breakDownload } from "./downloads";
import { failure } from "./failure";
import { makeScene } from "./scenes";
import { stand } from "./standing";
import type { World } from "./world";

/** What the tests of the page lane may ask of the backend, as `window.fakeBackend`. */
export interface FakeBackend {
  /** The next file dialog answers with these names of the downloads folder. */
  pick(...names: string[]): void;
  /** The next save dialog answers with this path; null for a dialog that was closed. */
  save(path: string | null): void;
  /** The system asks something of the window. */
  ask(ask: Ask): void;
  /** The next call of a command fails. */
  fail(command: keyof FakeCommands, code: Code, message: string): void;
  rowsPerSecond(rows: number): void;
  tuneStageMs(milliseconds: number): void;
  importPieceMs(milliseconds: number): void;
  /** The process of a model ends and is started again. */
  restart(model: string, reason: string): void;
  /** Why keys last for the session only from now on; "" for a keyring that works. */
  keyring(problem: string): void;
  /** How many bytes of a download come in a second. */
  downloadRate(bytes: number): void;
  /** A download that runs stumbles: for now, or until a person tries again. */
  breakDownload(code: Code, message: string, isFinal: boolean): void;
  /** Why the hub cannot be reached from now on; "" for one that answers. */
  offline(message: string): void;
  /** Whether something uses a model, so that it cannot be deleted. */
  useModel(name: string, isBusy: boolean): void;
  /** A model stands elsewhere than before. */
  modelStatus(model: string, status: ModelStatus, reason?: string): void;
  /** How long each tenth of a copy of a model file takes. */
  copyPieceMs(milliseconds: number): void;
  /** Backends ask to wait for so long. */
  slowDown(milliseconds: number): void;
  clipboard(): string;
  written(): Record<string, string>;
  opened(): string[];
  /** How often each command was called. */
  calls(): Record<string, number>;
  /** What went wrong in the page since it was opened: uncaught errors, refused content, dialogs. */
  troubles(): string[];
}

declare global {
  interface Window {
    fakeBackend?: FakeBackend;
  }
}

const camelCase = (command: string): string =>
  command.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Long enough that nothing in the page can count on an answer within the same turn. */
const LATENCY_MS = 2;

/** Hears what no test could see afterwards. */
function troublesOf(target: Window): string[] {
  const troubles: string[] = [];
  const told = (value: unknown): string => (value instanceof Error ? value.message : String(value));
  target.addEventListener("error", (event) =>
    troubles.push(`error: ${told(event.error ?? event.message)}`),
  );
  target.addEventListener("unhandledrejection", (event) => {
    troubles.push(`unhandled: ${told(event.reason)}`);
  });
  target.document.addEventListener("securitypolicyviolation", (event) => {
    troubles.push(`policy: ${event.violatedDirective} ${event.blockedURI}`);
  });
  for (const dialog of ["alert", "confirm", "prompt"] as const) {
    target[dialog] = () => {
      troubles.push(`dialog: ${dialog}`);
      return false as never;
    };
  }
  return troubles;
}

/** Answers commands in memory instead of the Rust side; the scene is that of the address. */
export function installFake(): void {
  const troubles = troublesOf(window);
  // As the app is configured (`freezePrototype`): a column may well be called `constructor`.
  Object.freeze(Object.prototype);
  const parameters = new URLSearchParams(window.location.search);
  const { world, runner } = makeScene(parameters.get("scene") ?? "example");
  const rate = Number(parameters.get("rate"));
  if (rate > 0) world.rowsPerSecond = rate;
  const hub = parameters.get("hub");
  if (hub !== null) world.hubEndpoint = hub;
  const theme = parameters.get("theme");
  if (theme === "light" || theme === "dark") world.settings = { ...world.settings, theme };
  const wanted = parameters.get("open");
  const opened = [...world.sheets.values()].find((sheet) => sheet.info.name.includes(wanted ?? ""));
  if (wanted !== null) world.startSheet = opened?.info.id ?? null;
  const commands = fakeCommands(world, runner);
  const calls: Record<string, number> = {};
  mockIPC(async (command, payload) => {
    const name = camelCase(command);
    calls[name] = (calls[name] ?? 0) + 1;
    const known = commands[name as keyof FakeCommands] as
      | ((...args: unknown[]) => unknown)
      | undefined;
    if (!known) throw `Command ${command} not found`;
    await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
    const ordered = world.ordered.get(name);
    world.ordered.delete(name);
    if (ordered) throw ordered;
    const args = Object.values((payload ?? {}) as Record<string, unknown>);
    // The real side sends JSON both ways; handing over the objects would hide shared state.
    const isChannel = name === "subscribe";
    const answer = await known(...(isChannel ? args : (JSON.parse(JSON.stringify(args)) as [])));
    return structuredClone(answer);
  });
  window.fakeBackend = backendOf(world, calls, troubles);
}

function backendOf(world: World, calls: Record<string, number>, troubles: string[]): FakeBackend {
  return {
    pick: (...names) => {
      world.picks.push(names.map((name) => (name.includes("/") ? name : `${DOWNLOADS}/${name}`)));
    },
    save: (path) => {
      world.savePath = path;
    },
    ask: (ask) => world.ask(ask),
    fail: (command, code, message) => {
      const error: AppError = failure(code, message, "try something else");
      world.ordered.set(command, error);
    },
    rowsPerSecond: (rows) => {
      world.rowsPerSecond = rows;
    },
    tuneStageMs: (milliseconds) => {
      world.tuneStageMs = milliseconds;
    },
    importPieceMs: (milliseconds) => {
      world.importPieceMs = milliseconds;
    },
    restart: (model, reason) => world.emit({ event: "engine_restarted", model, reason }),
    keyring: (problem) => {
      world.keyringProblem = problem === "" ? null : problem;
    },
    downloadRate: (bytes) => {
      world.downloadBytesPerSecond = bytes;
    },
    breakDownload: (code, message, isFinal) => {
      breakDownload(world, failure(code, message, "try again later"), isFinal);
    },
    offline: (message) => {
      const hint = "see whether this computer is online";
      world.hubProblem = message === "" ? null : failure("unreachable", message, hint);
    },
    useModel: (name, isBusy) => {
      if (isBusy) world.busyModels.add(name);
      else world.busyModels.delete(name);
    },
    modelStatus: (model, status, reason) => {
      const error = reason === undefined ? null : failure("engine_failed", reason);
      stand(world, model, status, error);
    },
    copyPieceMs: (milliseconds) => {
      world.copyPieceMs = milliseconds;
    },
    slowDown: (milliseconds) => {
      world.slowUntilMs = performance.now() + milliseconds;
      world.slowedDown += 1;
    },
    clipboard: () => world.clipboard,
    written: () => Object.fromEntries(world.written),
    opened: () => world.opened,
    calls: () => ({ ...calls }),
    troubles: () => troubles,
  };
}
