import type { Part } from "./commands";
import { DOWNLOADS, HOME } from "./disk";
import { refuse } from "./failure";
import type { Runner } from "./runs";
import type { World } from "./world";

const VERSION = "0.1.0";
const GIB = 1024 ** 3;

export function appCommands(world: World, runner: Runner): Part<AppCommand> {
  return {
    startup: () => ({
      version: VERSION,
      home: HOME,
      models_folder: `${HOME}/models`,
      files: [],
      sheet: world.startSheet,
      problem: null,
      settings: world.settings,
      platform: "linux",
      hub_endpoint: world.hubEndpoint,
    }),
    subscribe: (events, asks) => {
      world.connect(
        (batch) => events.onmessage(batch),
        (ask) => asks.onmessage(ask),
      );
      return null;
    },
    pickFiles: (folder) =>
      world.picks.shift() ?? (folder ? [...world.disk.keys()] : [`${DOWNLOADS}/tickets.csv`]),
    pickSavePath: (suggestedName) => {
      const ordered = world.savePath;
      world.savePath = undefined;
      return ordered === undefined ? `${DOWNLOADS}/${suggestedName}` : ordered;
    },
    openLink: (url) => {
      if (world.settings.local_only) {
        refuse(
          "conflict",
          "links are not opened while `local only` is on",
          "turn it off in the settings, under Privacy",
        );
      }
      if (!/^https?:\/\//i.test(url)) {
        refuse("bad_input", `only web pages can be opened, this is none: ${url}`, null);
      }
      world.opened.push(url);
      return null;
    },
    revealPath: (path) => {
      world.opened.push(path);
      return null;
    },
    closeWindow: () => {
      for (const run of runner.live()) runner.pause(run.progress.run);
      world.opened.push("closed");
      return null;
    },
    cancelTask: (task) => world.cancelTask(task),
    licences: () => [
      { name: "duckdb", version: "1.5.0", licence: "MIT License\n\nCopyright DuckDB Labs" },
      { name: "llama.cpp", version: "b9000", licence: "MIT License\n\nCopyright ggml authors" },
      { name: "qwik", version: "1.20.1", licence: "MIT License\n\nCopyright Builder.io" },
      { name: "tauri", version: "2.12.5", licence: "Apache License, Version 2.0\n\nTauri" },
      { name: "tokio", version: "1.52.0", licence: "MIT License\n\nCopyright Tokio authors" },
    ],
    doctor: () => ({
      version: VERSION,
      os: "Debian GNU/Linux 13",
      arch: "x86_64",
      physical_cores: 8,
      memory_total_bytes: 32 * GIB,
      memory_free_bytes: 21 * GIB,
      home: HOME,
      disk_free_bytes: 214 * GIB,
      models: world.models,
      default_model: world.settings.model || (world.models[0]?.name ?? null),
      devices: [
        {
          name: "CPU",
          description: "8 cores with AVX2",
          kind: "cpu",
          memory_total_bytes: 32 * GIB,
          memory_free_bytes: 21 * GIB,
        },
      ],
      llama: "b9000",
      llama_modules: [],
      mlx: world.runsMlx,
      duckdb: "v1.5.0",
      sheet_memory_bytes: 8 * GIB,
      will_use: "the CPU with 8 threads",
      problems: world.models.length > 0 ? [] : ["there is no model yet; get one under Models"],
    }),
  };
}

type AppCommand =
  | "startup"
  | "subscribe"
  | "pickFiles"
  | "pickSavePath"
  | "openLink"
  | "revealPath"
  | "closeWindow"
  | "cancelTask"
  | "licences"
  | "doctor";
