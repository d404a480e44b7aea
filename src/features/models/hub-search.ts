/** What is typed into the search of the hub, and what it asks for. Pure functions. */
import type { Choice, HubRepository, Repository, Runtime, Verdict } from "~/ipc";
import type { ModelsState } from "~/state/models";
import { words } from "./screen-strings";

/** Models that are asked for at first, and at most. */
export const FIRST_RESULTS = 20;
export const MOST_RESULTS = 100;

const HOST = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//i;
const REPOSITORY = /^[\w.-]+\/[\w.-]+(?::[\w.-]+)?$/;

/**
 * The repository that is typed or pasted, as the Rust side reads it: `owner/name`,
 * `owner/name:Q4_K_M`, or an address. Null for words to search for. Whether it is one is for the
 * Rust side to say; here it only must look like one.
 */
export function referenceIn(typed: string): string | null {
  const text = typed.trim();
  if (/\s/.test(text)) return null;
  if (HOST.test(text) || /^hf:\/\//i.test(text)) return text;
  // The address of a mirror: the Rust side knows whether it is the one that is set.
  if (/^https?:\/\/[^/]+\/[^/]+\/[^/]+/i.test(text)) return text;
  return REPOSITORY.test(text) ? text : null;
}

/** What shall run the models that are searched for: MLX is a choice only where it is run. */
export function searchedRuntime({
  mlx,
  hubRuntime,
}: Pick<ModelsState, "mlx" | "hubRuntime">): Runtime {
  return mlx.length > 0 ? hubRuntime : "gguf";
}

/** Where people read about a repository, on the hub that is set: it may be a mirror. */
export function hubPage(endpoint: string, repository: string): string {
  return `${endpoint}/${repository.split("/").map(encodeURIComponent).join("/")}`;
}

/** One quantisation of a repository, with all that is known of it. */
export interface ListedChoice {
  choice: Choice;
  verdict: Verdict | null;
  isSuggested: boolean;
  /** The model that it is here. */
  installed: string | null;
  /** Whether the reference named it. */
  isWanted: boolean;
  /** Whether it is the one to take: what was asked for, else what is suggested. */
  isMain: boolean;
}

/** The quantisations as they are listed. */
export function listedChoices(found: HubRepository): ListedChoice[] {
  return found.repository.choices.map((choice, at) => ({
    choice,
    verdict: found.fits[at] ?? null,
    isSuggested: found.suggested === at,
    installed: found.installed[at] ?? null,
    isWanted: found.wanted === at,
    isMain: (found.wanted ?? found.suggested) === at,
  }));
}

/** What is to be known of a repository besides its choices, in sentences. */
export function notesOf({ notes, projectors, choices }: Repository): string[] {
  return [
    ...(choices.length === 0 ? [words.hub.noChoices] : []),
    ...(projectors.length > 0 ? [words.hub.projectors(projectors.length)] : []),
    ...notes,
  ];
}

/** What to ask for a quantisation of an open repository: at the revision that was pasted, if any. */
export function repositoryAt(reference: string, id: string): string {
  const [, before, revision] = /^(.*?)\/(?:tree|blob|resolve)\/([^/?#]+)/.exec(reference) ?? [];
  if (before === undefined || revision === "main") return id;
  return `${before}/tree/${revision}`;
}
