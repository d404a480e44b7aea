/** A new endpoint as it is typed, and what is wrong with it. */
import { type Backends, type EndpointSettings, Failure, type Settings } from "~/ipc";
import { text } from "./strings";

/** Words that mean something else in the name of a model. */
const RESERVED = ["local", "file", "http", "https", "huggingface", "hf", "openrouter", "openai"];

/** What is typed into the dialog. */
export interface EndpointDraft {
  preset: string;
  id: string;
  baseUrl: string;
  models: string;
}

/** What is wrong with a field. */
export interface EndpointProblems {
  id: "bad" | "reserved" | "taken" | null;
  baseUrl: "bad" | null;
}

/** A draft of one of the presets; of nothing known with an empty name. */
export function draftOfPreset(preset: string, backends: Backends): EndpointDraft {
  const known = backends.presets.find((one) => one.id === preset);
  return {
    preset: known?.id ?? "",
    id: known === undefined ? "" : freeId(known.id, backends),
    baseUrl: known?.base_url ?? "",
    models: "",
  };
}

/** A name that no backend has, made of another. */
function freeId(wanted: string, { list }: Backends): string {
  const isTaken = (id: string) => list.some((backend) => backend.id === id);
  if (!isTaken(wanted)) return wanted;
  for (let count = 2; ; count += 1) {
    const id = `${wanted}-${count}`;
    if (!isTaken(id)) return id;
  }
}

export function problemsOf(draft: EndpointDraft, { list }: Backends): EndpointProblems {
  const id = draft.id.trim();
  return { id: idProblem(id, list), baseUrl: isAddress(draft.baseUrl) ? null : "bad" };
}

function idProblem(id: string, list: Backends["list"]): EndpointProblems["id"] {
  if (RESERVED.includes(id)) return "reserved";
  if (list.some((backend) => backend.id === id)) return "taken";
  return /^[a-z][a-z0-9-]{1,31}$/.test(id) ? null : "bad";
}

/** A stored endpoint with something changed; fails where it was removed meanwhile. */
export function changedEndpoint(
  settings: Settings,
  id: string,
  changed: Partial<EndpointSettings>,
): EndpointSettings {
  const stored = (settings.backends.endpoints ?? []).find((endpoint) => endpoint.id === id);
  if (stored !== undefined) return { ...stored, ...changed };
  throw new Failure({ code: "not_found", message: text.backends.removedMeanwhile(id), hint: null });
}

/** Whether a text is the address of a server, as far as can be seen. */
export function isAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]+/i.test(text.trim()) && URL.canParse(text.trim());
}

export function endpointOf(draft: EndpointDraft): EndpointSettings {
  return { id: draft.id.trim(), base_url: draft.baseUrl.trim(), models: linesOf(draft.models) };
}

/** The models of a field with one a line. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}
