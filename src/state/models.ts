import { createContextId } from "@builder.io/qwik";
import type { AppError, Download, ModelStatus } from "~/ipc";

/** Where a model stands, as an event said last. */
export interface HeardStatus {
  status: ModelStatus;
  /** Why it failed. */
  error: AppError | null;
}

/** The models on their way to this computer; kept by `features/models` from commands and events. */
export interface ModelsState {
  /** Newest first, those that are over among them. */
  downloads: Download[];
  /** Whether the downloads were read since the window opened. */
  isRead: boolean;
  /** What was heard of models since the lists were last read, by name. */
  statuses: { [model: string]: HeardStatus };
  /** Counts up when a model came or went: lists of models reload when it does. */
  changed: number;
}

/** Nothing known yet. */
export function newModelsState(): ModelsState {
  return { downloads: [], isRead: false, statuses: {}, changed: 0 };
}

export const ModelsContext = createContextId<ModelsState>("braincells.models");
