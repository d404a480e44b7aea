/** The models of this computer: what stands behind a line of their list. Pure functions. */
import type { ModelFile, ModelInfo, ModelStatus, Verdict } from "~/ipc";
import { formatBytes, formatCount } from "~/lib/format";
import type { HeardStatus, ModelsState } from "~/state/models";
import { words } from "./screen-strings";
import { formatParameters } from "./words";

const said = words.facts;

/** Where a model stands: as was heard last, else as it was listed. */
export function statusOf(model: ModelFile, heard: ModelsState["statuses"]): HeardStatus {
  return heard[model.name] ?? { status: model.status, error: model.error };
}

/** Whether something works with it, so that it cannot go. */
export function isAtWork(status: ModelStatus): boolean {
  return status === "loading" || status === "running";
}

/** Used last comes first; then those that never were, by name. */
export function inOrder(models: readonly ModelFile[]): ModelFile[] {
  const used = ({ used_at_ms }: ModelFile): number => used_at_ms ?? 0;
  return [...models].sort(
    (one, other) => used(other) - used(one) || one.name.localeCompare(other.name),
  );
}

/** The model that the focus goes to when one is gone: the next one, else the one before. */
export function neighbourOf(models: readonly ModelFile[], gone: string): string | null {
  const at = models.findIndex(({ path }) => path === gone);
  return (models[at + 1] ?? models[at - 1])?.path ?? null;
}

/** What the file of a model said, and which file it was. */
export interface ReadFacts {
  info: ModelInfo;
  /** The size in the list for which it was read. */
  size_bytes: number;
  /** How often models had come or gone by then (`ModelsState.changed`). */
  changed: number;
}

type Listed = Pick<ModelFile, "size_bytes">;

/** Whether it need not be read again: nothing came or went, and the file is as long as it was. */
export function areFresh(read: ReadFacts | undefined, model: Listed, changed: number): boolean {
  return read?.changed === changed && read.size_bytes === model.size_bytes;
}

/** What is shown until it is read again; nothing once the file is another one. */
export function factsOf(read: ReadFacts | undefined, model: Listed): ModelInfo | undefined {
  return read?.size_bytes === model.size_bytes ? read.info : undefined;
}

/** A name and what is known of it; null where nothing is. */
export type Fact = [name: string, value: string];

/** What the header of a model says, as lines. What it does not say is left out. */
export function headerFacts(info: ModelInfo): Fact[] {
  const facts: [string, string | null][] = [
    [said.size, formatBytes(info.bytes)],
    [said.architecture, info.architecture],
    [said.parameters, info.parameters === null ? null : formatParameters(info.parameters)],
    [said.quantisation, info.quantisation],
    [said.context, info.context_length === null ? null : said.tokens(info.context_length)],
    [said.layers, info.layers === null ? null : formatCount(info.layers)],
    [said.vocabulary, info.vocabulary_size === null ? null : said.tokens(info.vocabulary_size)],
    [said.licence, info.licence],
    [said.template, info.chat_template ? said.templateYes : said.templateNo],
  ];
  return facts.filter((fact): fact is Fact => fact[1] !== null);
}

/** The figures behind a verdict, as lines. */
export function fitFacts(fit: NonNullable<ModelInfo["fit"]>): Fact[] {
  const { memory } = fit;
  const computing = memory.compute_bytes + memory.output_bytes + memory.program_bytes;
  const needed = memory.weights_bytes + memory.kv_bytes + computing;
  const facts: Fact[] = [
    [said.memory, formatBytes(needed)],
    [said.weights, formatBytes(memory.weights_bytes)],
    [said.rows, formatBytes(memory.kv_bytes)],
    [said.compute, formatBytes(computing)],
    [said.there, formatBytes(fit.available_ram_bytes)],
  ];
  if (fit.available_gpu_bytes > 0) {
    facts.push([said.gpu, formatBytes(fit.available_gpu_bytes)]);
    const on = Math.min(fit.gpu_layers, fit.layers);
    facts.push([said.layersOnGpu, said.onGpu(on, fit.layers)]);
  }
  return facts;
}

/** What is worth saying of how a model fits: nothing while it does. */
export function shownVerdict(info: ModelInfo | undefined): Verdict | null {
  const verdict = info?.fit?.verdict ?? null;
  return verdict === "fits" ? null : verdict;
}
