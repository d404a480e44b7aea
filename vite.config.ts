import { qwikVite } from "@builder.io/qwik/optimizer";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin } from "vite";

/**
 * Qwik's package calls itself free of side effects, so its event loader is shaken out of the
 * production build and every click is dead, although nothing fails. This keeps it.
 */
const keepQwikLoader: Plugin = {
  name: "keep-qwikloader",
  enforce: "pre",
  async resolveId(id, from) {
    if (id !== "@builder.io/qwik/qwikloader.js") return;
    const resolved = await this.resolve(id, from, { skipSelf: true });
    return resolved && { ...resolved, moduleSideEffects: "no-treeshake" };
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [
    keepQwikLoader,
    // `hoist`: handlers in chunks of their own arrive too late for `preventDefault`.
    qwikVite({ csr: true, entryStrategy: { type: "hoist" } }),
    tailwindcss(),
  ],
  // The page lane runs without the Rust side: `src/ipc/fake` answers instead.
  define: { "import.meta.env.VITE_FAKE_BACKEND": JSON.stringify(mode === "page") },
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: { target: "safari16", chunkSizeWarningLimit: 1500, modulePreload: false },
}));
