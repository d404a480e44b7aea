import type { Settings } from "../bindings";
import type { Part } from "./commands";
import { lockDownloads } from "./downloads";
import { refuse } from "./failure";
import type { Runner } from "./runs";
import type { World } from "./world";

/** Where the page keeps the settings until it is closed. */
export const SETTINGS_KEY = "braincells.fake.settings";

/** Keeps settings that are within reason. */
export function keepSettings(world: World, settings: Settings): Settings {
  const { engine } = settings;
  const ranges: [string, number | null | undefined, number, number][] = [
    ["parallel rows", engine.parallel_rows, 1, 64],
    ["context tokens", engine.context_tokens, 128, 1_048_576],
    ["GPU layers", engine.gpu_layers, 0, 1000],
    ["threads", engine.threads, 1, 512],
    ["unload after minutes", settings.unload_after_minutes, 1, 1440],
    ["notify after seconds", settings.notify_after_seconds, 0, 86_400],
  ];
  for (const [name, value, least, most] of ranges) {
    if (value === null || value === undefined) continue;
    if (value < least || value > most) {
      refuse("bad_input", `${name} cannot be ${value}`, `take a number from ${least} to ${most}`);
    }
  }
  if (settings.model !== "" && !/^[a-z][a-z0-9-]+:/.test(settings.model)) {
    world.model(settings.model);
  }
  world.settings = settings;
  if (settings.local_only) lockDownloads(world);
  globalThis.sessionStorage?.setItem(SETTINGS_KEY, JSON.stringify(settings));
  return settings;
}

export function modelCommands(world: World, runner: Runner): Part<ModelCommand> {
  return {
    unloadModels: () => {
      runner.unload();
      return null;
    },
    configureBackend: (choice) => keepSettings(world, { ...world.settings, model: choice.model }),
    settings: () => world.settings,
    setSettings: (settings) => keepSettings(world, settings),
    cacheInfo: () => {
      const { responses, bytes, limit_bytes } = world.cache;
      const model = world.models[0]?.name;
      return {
        responses,
        bytes,
        limit_bytes,
        models: model && responses > 0 ? [{ model, responses, bytes }] : [],
        oldest_at_ms: responses > 0 ? world.now() - 3 * 86_400_000 : null,
      };
    },
    clearCache: (model) => {
      const isKnown = model === null || world.models[0]?.name === model;
      const { responses } = world.cache;
      if (isKnown) world.cache = { ...world.cache, responses: 0, bytes: 0 };
      return isKnown ? responses : 0;
    },
    setCacheLimit: (limitBytes) => {
      if (limitBytes < 0) refuse("bad_input", "a limit cannot be negative");
      world.cache = { ...world.cache, limit_bytes: limitBytes };
      return null;
    },
  };
}

type ModelCommand =
  | "unloadModels"
  | "configureBackend"
  | "settings"
  | "setSettings"
  | "cacheInfo"
  | "clearCache"
  | "setCacheLimit";
