import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import type { Started } from "./started";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/** The policy that the app is shipped with, from its configuration. */
export async function shippedPolicy(): Promise<string> {
  const file = new URL("../src-tauri/tauri.conf.json", import.meta.url);
  const configuration = JSON.parse(await readFile(file, "utf8")) as {
    app: { security: { csp: Record<string, string> } };
  };
  const entries = Object.entries(configuration.app.security.csp);
  return entries.map(([directive, sources]) => `${directive} ${sources}`).join("; ");
}

/** Serves a folder as the app does: with types, its policy, and no way out of the folder. */
export async function serveFolder(
  folder: string,
): Promise<{ origin: string; requests: string[] } & Started> {
  const policy = await shippedPolicy();
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    requests.push(`${request.method} ${request.headers.host ?? ""}${request.url ?? ""}`);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "content-security-policy": policy,
        "cache-control": "no-store",
      });
      response.end(body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("not found");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
