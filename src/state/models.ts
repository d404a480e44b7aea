import { createContextId } from "@builder.io/qwik";
import type { AppError, Download, MlxModelInfo, ModelStatus, Runtime, SearchSort } from "~/ipc";

/** Where a model stands, as an event said last. */
export interface HeardStatus {
  status: ModelStatus;
  /** Why it failed. */
  error: AppError | null;
}

/** A model for MLX, and how far it is. */
export type MlxModel = MlxModelInfo & {
  /** How much of it was fetched or loaded, 0 to 1, as was heard last; null while it is neither. */
  fraction: number | null;
};

/** A file that is being copied into the models folder. */
export interface Copying {
  /** Names the call, so that it can be stopped. */
  task: string;
  /** The file's name. */
  name: string;
  /** 0 to 1; null before that is known. */
  fraction: number | null;
}

/** The models on their way to this computer; kept by `features/models` from commands and events. */
export interface ModelsState {
  /** Newest first, those that are over among them. */
  downloads: Download[];
  /** Whether the downloads were read since the window opened. */
  isRead: boolean;
  /** What was heard of models since the lists were last read, by name. */
  statuses: { [model: string]: HeardStatus };
  /** The models for MLX: none where this computer does not run them. */
  mlx: MlxModel[];
  /** Counts up when a model came or went: lists of models reload when it does. */
  changed: number;
  /** Counts up when a model began to work: what says when it was last used reloads when it does. */
  used: number;
  /** The copy that is being made; null while there is none. */
  copying: Copying | null;
  /** Whether there was a time without any model since the window opened. */
  hadNone: boolean;
  /** What is typed into the search of the hub. */
  hubTyped: string;
  /** How what the search finds is ordered. */
  hubSort: SearchSort;
  /** What shall run the models that the search finds; MLX only where this computer runs it. */
  hubRuntime: Runtime;
  /** The repository of the hub that is open, as it was asked for; null while the lists are shown. */
  hubOpen: string | null;
}

/** Nothing known yet. */
export function newModelsState(): ModelsState {
  return {
    downloads: [],
    isRead: false,
    statuses: {},
    mlx: [],
    changed: 0,
    used: 0,
    copying: null,
    hadNone: false,
    hubTyped: "",
    hubSort: "downloads",
    hubRuntime: "gguf",
    hubOpen: null,
  };
}

export const ModelsContext = createContextId<ModelsState>("braincells.models");
