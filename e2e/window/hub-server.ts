import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Started, within } from "../started";

/** The built hub, of the crate for tests. */
const PROGRAM = process.env.BRAINCELLS_HUB_SERVER ?? "";
/** The starter model on this machine: what the hub gives out. */
const MODEL = process.env.BRAINCELLS_TEST_MODEL ?? "";

/** A repository, and what its one file is called there. */
export interface HostedModel {
  repository: string;
  file: string;
}

/** What goes wrong; what is not named stays, null takes it away. */
export interface Faults {
  bytes_per_second?: number | null;
  cut?: { after_bytes: number; times?: number } | null;
}

/** What the hub was asked for, as far as specs look at it. */
export interface HubRequest {
  part: string;
  file: string | null;
  range: string | null;
  status: number;
  sent: number;
}

/** A hub on loopback that behaves as the real one does, and fails as it is told to. */
export interface HubServer extends Started {
  /** What `HF_ENDPOINT` is set to. */
  endpoint: string;
  faults(faults: Faults): Promise<void>;
  /** Refuses connections, until it is told otherwise. */
  online(isOnline: boolean): Promise<void>;
  requests(): Promise<HubRequest[]>;
}

/**
 * Starts a hub that has the starter model under other names, and besides what is put into its
 * folder before it reads it.
 */
export async function startHubServer(
  models: readonly HostedModel[],
  put: (folder: string) => Promise<void> = async () => {},
): Promise<HubServer> {
  if (!PROGRAM) throw new Error("BRAINCELLS_HUB_SERVER names no program; run scripts/window-test");
  const folder = await mkdtemp(join(tmpdir(), "braincells-hub-"));
  await put(folder);
  for (const { repository, file } of models) {
    await mkdir(join(folder, repository), { recursive: true });
    const place = join(folder, repository, file);
    await link(MODEL, place).catch(() => copyFile(MODEL, place));
    const gguf = { total: 134_515_008, architecture: "llama", context_length: 8192 };
    const facts = { downloads: 5, licence: "apache-2.0", gguf };
    await writeFile(join(folder, `${repository}.json`), JSON.stringify(facts));
  }
  const child = spawn(PROGRAM, [folder], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  /** Answers come in the order of what was said. */
  const answer = async <T>(): Promise<T> => {
    const [line] = (await within("hub_server", once(lines, "line"), 30_000)) as [string];
    const said = JSON.parse(line) as T & { error?: string };
    if (said.error !== undefined) throw new Error(`hub_server: ${said.error}`);
    return said;
  };
  const say = async <T>(command: object): Promise<T> => {
    const told = answer<T>();
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return told;
  };
  try {
    const { endpoint } = await answer<{ endpoint: string }>();
    return {
      endpoint,
      faults: async (faults) => void (await say({ faults })),
      online: async (isOnline) => void (await say({ online: isOnline })),
      requests: async () => (await say<{ requests: HubRequest[] }>({ requests: true })).requests,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
