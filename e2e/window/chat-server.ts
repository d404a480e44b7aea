import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Started, within } from "../started";

/** The built server of backends, of the crate for tests. */
const PROGRAM = process.env.BRAINCELLS_CHAT_SERVER ?? "";

/** The name of the one model that it has. */
export const MODEL = "test-model";

/** How it behaves; what is null has no limit, what is not named stays. */
export interface Manner {
  delay_ms?: number;
  rate_per_second?: number | null;
  key?: string | null;
}

/** A server on loopback that answers chats, word by word, and asks to slow down when told to. */
export interface ChatServer extends Started {
  /** Where it is, with `/v1`. */
  baseUrl: string;
  control(manner: Manner): Promise<void>;
}

/** Starts a server that takes one key only. */
export async function startChatServer(key: string, delayMs: number): Promise<ChatServer> {
  if (!PROGRAM) throw new Error("BRAINCELLS_CHAT_SERVER names no program; run scripts/window-test");
  const args = ["--key", key, "--model", MODEL, "--delay-ms", String(delayMs)];
  const child = spawn(PROGRAM, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const told = once(lines, "line") as Promise<[string]>;
  const ended = once(child, "exit");
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await ended;
  };
  const [line] = await within("chat_server", told, 20_000).catch(async (error) => {
    await close();
    throw error;
  });
  const baseUrl = line.replace(/^listening on /, "");
  return {
    baseUrl,
    async control(manner) {
      const answer = await fetch(new URL("/control", baseUrl), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(manner),
      });
      if (!answer.ok) throw new Error(`chat_server refused ${JSON.stringify(manner)}`);
    },
    close,
  };
}
