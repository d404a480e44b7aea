import { mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, drive, SCRIPT_TIMEOUT_MS } from "../browser";
import { type Started, startDisplay, startDriver, until } from "../started";
import { addModel } from "./model";

/** The built program. */
const PROGRAM = process.env.BRAINCELLS_APP ?? "";

/** A home of a test: sheets, models and what the window remembers. It outlives the program. */
export interface Home extends Started {
  folder: string;
  /** The model that fills columns here, in the models folder; "" in a home without one. */
  model: string;
  /** Puts an answer where the program looks instead of opening a file dialog. */
  answerDialog(path: string): Promise<void>;
}

/** Makes a home in a temporary folder, with the starter model in it unless it is to have none. */
export async function makeHome(hasModel = true): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), "braincells-window-"));
  const answers = join(folder, "dialog-answers");
  await writeFile(answers, "");
  return {
    folder,
    model: hasModel ? await addModel(folder) : "",
    async answerDialog(path) {
      await writeFile(answers, `${await readFile(answers, "utf8")}${path}\n`);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The real program in a real window, on a display that nobody sees. */
export interface RunningApp extends Started {
  browser: Browser;
  /** Milliseconds from the start of the program until its first screen could be used. */
  readyAfterMs: number;
  /** Ends the program at once, as a power cut would. */
  kill(): Promise<void>;
  /** The memory of the program and the processes of its web view, in bytes. */
  memoryBytes(): Promise<number>;
}

/** What a start of the program may have of its own. */
export interface StartOptions {
  /** Arguments, such as files to open. */
  args?: string[];
  /** Variables of the environment. */
  environment?: Record<string, string>;
  /** A file that gets what the program logs. */
  log?: string;
}

/** Starts the program over a home. */
export async function startApp(
  home: Home,
  { args = [], environment: own = {}, log: logPath }: StartOptions = {},
): Promise<RunningApp> {
  if (!PROGRAM) throw new Error("BRAINCELLS_APP names no program; run scripts/window-test");
  const display = await startDisplay();
  const environment = {
    ...process.env,
    DISPLAY: display.name,
    GDK_BACKEND: "x11",
    BRAINCELLS_HOME: home.folder,
    BRAINCELLS_DIALOG_ANSWERS: join(home.folder, "dialog-answers"),
    TAURI_WEBVIEW_AUTOMATION: "true",
    // LM Studio keeps its models below this one.
    HOME: home.folder,
    XDG_CONFIG_HOME: join(home.folder, "xdg-config"),
    XDG_CACHE_HOME: join(home.folder, "xdg-cache"),
    LIBGL_ALWAYS_SOFTWARE: "1",
    NO_AT_BRIDGE: "1",
    GTK_USE_PORTAL: "0",
    // What is in the keyring of this machine, and in its environment, is no part of a test.
    BRAINCELLS_NO_KEYRING: "1",
    HF_TOKEN: "",
    OPENAI_API_KEY: "",
    OPENROUTER_API_KEY: "",
    // Nothing of a test reaches the internet, and what other apps have here is no part of it.
    HF_ENDPOINT: "http://127.0.0.1:9",
    HF_HOME: join(home.folder, "no-huggingface"),
    HF_HUB_CACHE: "",
    OLLAMA_MODELS: join(home.folder, "no-ollama"),
    LLAMA_CACHE: join(home.folder, "no-llama-cpp"),
    ...own,
  };
  const log = logPath === undefined ? null : await open(logPath, "a");
  const driver = await startDriver(environment, log?.fd ?? null).catch(async (error) => {
    await display.close();
    throw error;
  });
  const closeStarted = async (): Promise<void> => {
    await driver.close();
    await log?.close();
    await display.close();
  };
  try {
    const begun = performance.now();
    const browser = await drive(driver.port, PROGRAM, args);
    await browser.$("html[data-ready]").waitForExist({ timeout: 60_000 });
    const readyAfterMs = performance.now() - begun;
    await browser.setTimeout({ script: SCRIPT_TIMEOUT_MS });
    const app = await until("the program's process", () => processOf(home.folder));
    return {
      browser,
      readyAfterMs,
      async kill() {
        signal(app, "SIGKILL");
        await until("the program's end", async () => !(await isAlive(app)));
        await closeStarted();
      },
      memoryBytes: () => memoryOfTree(app),
      async close() {
        await browser.deleteSession().catch(() => {});
        signal(app, "SIGTERM");
        await until("the program's end", async () => !(await isAlive(app))).catch(() => {
          signal(app, "SIGKILL");
        });
        await closeStarted();
      },
    };
  } catch (error) {
    // The driver does not take the program with it.
    const left = await processOf(home.folder);
    if (left !== null) signal(left, "SIGKILL");
    await closeStarted();
    throw error;
  }
}

/** The program that works on a home: its id, found by what it was started with. */
async function processOf(home: string): Promise<number | null> {
  for (const name of await readdir("/proc")) {
    const id = Number(name);
    if (!Number.isInteger(id)) continue;
    const program = await readlink(`/proc/${id}/exe`).catch(() => "");
    if (program !== PROGRAM) continue;
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(`BRAINCELLS_HOME=${home}`)) return id;
  }
  return null;
}

/** Sends a signal to a process, if it is still there. */
function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function isAlive(id: number): Promise<boolean> {
  const state = await readFile(`/proc/${id}/stat`, "utf8").catch(() => "");
  return state !== "" && !/^\d+ \(.*\) [ZX]/.test(state);
}

async function memoryOfTree(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const parent = /^\d+ \(.*\) \S (\d+)/.exec(stat)?.[1];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const isInTree = (id: number): boolean => {
    for (let at: number | undefined = id; at; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  let kilobytes = 0;
  for (const id of parents.keys()) {
    if (!isInTree(id)) continue;
    // Proportional: what processes share counts once.
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}
