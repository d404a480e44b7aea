import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** Something that runs until it is closed. */
export interface Started {
  close(): Promise<void>;
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** Waits until `look` gives something; fails with `what` when it takes too long. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Gives up on `work` after a while; what comes of it then is not heard. */
export async function within<T>(what: string, work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = () => reject(new Error(`waited ${timeoutMs} ms for ${what}`));
    timer = setTimeout(refuse, timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

/** Starts a program in a process group of its own, so that all of it can be ended by its id. */
export function startProgram(
  program: string,
  args: string[],
  environment: NodeJS.ProcessEnv,
  keepStdio = false,
  /** An open file that gets what it says on stderr. */
  log: number | null = null,
): { child: ChildProcess } & Started {
  const child = spawn(program, args, {
    env: environment,
    detached: true,
    stdio: [
      "ignore",
      "ignore",
      log ?? (process.env.BRAINCELLS_E2E_LOG ? "inherit" : "ignore"),
      keepStdio ? "pipe" : "ignore",
    ],
  });
  let failed: Error | null = null;
  child.once("error", (error) => {
    failed = error;
  });
  return {
    child,
    async close() {
      if (failed || hasEnded(child) || child.pid === undefined) return;
      const ended = once(child, "exit");
      process.kill(-child.pid, "SIGTERM");
      const killer = setTimeout(() => child.pid && process.kill(-child.pid, "SIGKILL"), 5000);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** Starts the driver of the web view, on a port of its own. */
export async function startDriver(
  environment: NodeJS.ProcessEnv,
  log: number | null = null,
): Promise<{ port: number } & Started> {
  // Something else may take a port between the search for it and its use.
  return startDriverOnce(environment, log).catch(() => startDriverOnce(environment, log));
}

async function startDriverOnce(
  environment: NodeJS.ProcessEnv,
  log: number | null,
): Promise<{ port: number } & Started> {
  const port = await freePort();
  const { child, close } = startProgram(
    "WebKitWebDriver",
    [`--port=${port}`],
    environment,
    false,
    log,
  );
  try {
    await until(
      "WebKitWebDriver",
      async () => {
        const signal = AbortSignal.timeout(2000);
        const answer = await fetch(`http://127.0.0.1:${port}/status`, { signal }).catch(() => null);
        // Asked last: where the port was taken, what answers is not this driver.
        if (hasEnded(child)) throw new Error("WebKitWebDriver ended at once");
        return answer?.ok ?? false;
      },
      10_000,
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { port, close };
}

/** A screen of its own, which nobody sees. */
export async function startDisplay(): Promise<{ name: string } & Started> {
  const args = ["-displayfd", "3", "-screen", "0", "1680x1100x24", "-nolisten", "tcp"];
  const { child, close } = startProgram("Xvfb", args, process.env, true);
  const pipe = child.stdio[3];
  if (!pipe || !("on" in pipe)) throw new Error("Xvfb has no pipe to tell its display");
  const said = (await Promise.race([
    once(pipe, "data"),
    once(child, "exit").then(() => {
      throw new Error("Xvfb ended at once; is it installed? (scripts/setup-debian.sh)");
    }),
  ])) as [Buffer];
  return { name: `:${said[0].toString().trim()}`, close };
}
