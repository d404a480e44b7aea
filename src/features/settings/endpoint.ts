/** A new endpoint as it is typed, and what is wrong with it. */
import type { Backends, EndpointSettings } from "~/ipc";

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
  id: "bad" | "taken" | null;
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
  const isName = /^[a-z][a-z0-9-]{1,31}$/.test(id) && !RESERVED.includes(id);
  const isTaken = list.some((backend) => backend.id === id);
  return {
    id: isTaken ? "taken" : isName ? null : "bad",
    baseUrl: isAddress(draft.baseUrl) ? null : "bad",
  };
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
