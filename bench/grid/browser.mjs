// Builds the bench pages and opens one in MiniBrowser under Xvfb, driven by WebKitWebDriver.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { build } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const miniBrowser =
  process.env.MINI_BROWSER ?? "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket();
    socket.once("error", reject);
    socket.listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

async function serve(folder) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    try {
      const path = join(folder, normalize(pathname));
      if (!path.startsWith(folder)) throw new Error("outside the folder");
      const body = await readFile(path);
      response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Processor time of the page's process so far: what a busy machine does not falsify. */
async function webProcessCpuMs(driver) {
  const processes = new Map();
  for (const id of await readdir("/proc")) {
    const stat = /^\d+$/.test(id)
      ? await readFile(`/proc/${id}/stat`, "utf8").catch(() => null)
      : null;
    if (stat === null) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    // Fields 14 and 15 of the line, in ticks of 10 ms.
    processes.set(Number(id), {
      name,
      parent: Number(fields[1]),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    });
  }
  let total = 0;
  for (const { name, parent, cpuMs } of processes.values()) {
    if (!name.startsWith("WebKitWebProces")) continue;
    let at = parent;
    while (at !== driver && processes.has(at)) at = processes.get(at).parent;
    if (at === driver) total += cpuMs;
  }
  return total;
}

/** Opens a page of this folder. `run` runs a function's body in it and waits for what it returns. */
export async function openPage(file, { width, height }) {
  const folder = await mkdtemp(join(tmpdir(), "grid-bench-"));
  await build({
    configFile: false,
    root: here,
    logLevel: "error",
    plugins: [tailwindcss()],
    resolve: { alias: { "~": join(here, "../../src") } },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "safari16",
      rollupOptions: { input: [join(here, "index.html"), join(here, "looks.html")] },
    },
  });
  const server = await serve(folder);
  const children = [];
  async function close() {
    for (const child of children.reverse()) {
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {
        // It has ended by itself.
      }
    }
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const xvfb = spawn(
      "Xvfb",
      ["-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"],
      { stdio: ["ignore", "pipe", "ignore"], detached: true },
    );
    children.push(xvfb);
    const display = await new Promise((resolve, reject) => {
      xvfb.once("error", reject);
      xvfb.once("exit", () => reject(new Error("Xvfb ended")));
      xvfb.stdout.once("data", (data) => resolve(`:${String(data).trim()}`));
    });
    const port = await freePort();
    const driver = spawn("WebKitWebDriver", [`--port=${port}`], {
      env: { ...process.env, DISPLAY: display, WEBKIT_DISABLE_DMABUF_RENDERER: "1" },
      stdio: "ignore",
      detached: true,
    });
    children.push(driver);
    async function call(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { value } = await answer.json();
      if (!answer.ok) throw new Error(`${value?.error}: ${value?.message}`);
      return value;
    }
    for (let tries = 0; ; tries += 1) {
      try {
        await call("GET", "/status");
        break;
      } catch (error) {
        if (tries > 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const { sessionId } = await call("POST", "/session", {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": { binary: miniBrowser, args: ["--automation"] },
        },
      },
    });
    const session = `/session/${sessionId}`;
    await call("POST", `${session}/timeouts`, { script: 300_000 });
    await call("POST", `${session}/window/rect`, { x: 0, y: 0, width, height });
    function goTo(to) {
      const url = `http://127.0.0.1:${server.address().port}/${to}`;
      return call("POST", `${session}/url`, { url });
    }
    await goTo(file);
    return {
      goTo,
      run: (body, ...args) =>
        call("POST", `${session}/execute/async`, {
          script: `const done = arguments[arguments.length - 1]; const args = [...arguments];
            (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`,
          args,
        }).then((answer) => {
          if (answer.error !== undefined) throw new Error(answer.error);
          return answer.value;
        }),
      /** Native keys and pointer moves, as WebDriver describes them. */
      actions: (actions) => call("POST", `${session}/actions`, { actions }),
      cpuMs: () => webProcessCpuMs(driver.pid),
      screenshot: async () => Buffer.from(await call("GET", `${session}/screenshot`), "base64"),
      close: async () => {
        await call("DELETE", session).catch(() => undefined);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
