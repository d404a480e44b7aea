/** What a search for a model means, and what is listed for it: pure functions. */
import type { AppError, BackendInfo, BackendModel, Download, Price } from "~/ipc";
import { remoteModel } from "~/lib/model-names";
import { formatPrice, formatTokens } from "~/lib/money";
import type { Option, OptionGroup } from "~/ui";
import { fractionOf, percentOf, underWay } from "./downloads";
import { words } from "./screen-strings";
import { text } from "./strings";
import { stateText, titleOf } from "./words";

/** Models that are listed of one backend before the search is narrowed down. */
export const SHOWN_MODELS = 40;
/** As many as the Rust side gives: there may be more. */
const MOST_MODELS = 200;

/** Which lock keeps models of other machines out. */
export type Lock = "sheet" | "settings" | null;

/** What is known of one backend's models. */
export interface Looked {
  models: BackendModel[];
  failure: AppError | null;
  busy: boolean;
  /** What was searched for: of another search it is only what was known before. */
  search: string;
}

/** Why nothing of other machines can be chosen; null without a lock. */
export function lockText(lock: Lock): string | null {
  if (lock === null) return null;
  return lock === "sheet" ? text.lockedBySheet : text.lockedBySettings;
}

/** Whether a backend can be asked at all. */
export function isUsable(backend: BackendInfo): boolean {
  return !backend.needs_key || backend.key !== null;
}

/** Whether a lock keeps this backend out. A server on this computer may be asked behind one. */
export function isLockedOut(backend: BackendInfo, lock: Lock): boolean {
  return lock !== null && !backend.is_this_machine;
}

/**
 * What to look for in each backend: `openai:mini` looks for `mini` in one, `mini` in all that can be
 * asked.
 */
export function searchesOf(
  typed: string,
  backends: readonly BackendInfo[],
  lock: Lock = null,
): { backend: string; search: string }[] {
  const usable = backends.filter((backend) => isUsable(backend) && !isLockedOut(backend, lock));
  const [, id = "", rest = ""] = /^([a-z][a-z0-9-]*):(.*)$/s.exec(typed.trim()) ?? [];
  const meant = remoteModel(`${id}:x`, idsOf(backends))?.backend;
  if (meant === undefined) {
    return usable.map((backend) => ({ backend: backend.id, search: typed.trim() }));
  }
  return usable
    .filter((backend) => backend.id === meant)
    .map((backend) => ({ backend: backend.id, search: rest.trim() }));
}

/** The ids of all endpoints among the backends. */
export function idsOf(backends: readonly BackendInfo[]): string[] {
  return backends.filter((backend) => backend.is_custom).map((backend) => backend.id);
}

/** What is listed below the models of this computer. */
export function groupsOf(
  backends: readonly BackendInfo[],
  looked: Readonly<Record<string, Looked | undefined>>,
  typed: string,
  lock: Lock,
): OptionGroup<Option>[] {
  const reason = lockText(lock);
  const searches = searchesOf(typed, backends, lock);
  const isOne = searches.length === 1 && backends.length > 1 && /^[a-z][a-z0-9-]*:/.test(typed);
  return backends.flatMap((backend): OptionGroup<Option>[] => {
    const group = { id: backend.id, label: backend.title, found: true };
    if (reason !== null && !backend.is_this_machine) {
      const option = { value: `${backend.id}:`, label: `${backend.id}:…`, hint: reason };
      return [{ ...group, options: [{ ...option, disabled: true }] }];
    }
    const search = searches.find((one) => one.backend === backend.id);
    if (search === undefined) {
      const isMissingKey = !isUsable(backend) && !isOne && typed.trim() === "";
      return isMissingKey ? [{ ...group, options: [], note: text.needsKey }] : [];
    }
    return [{ ...group, ...listed(backend.id, looked[backend.id], search.search) }];
  });
}

/** The models on their way, which can be chosen once they are there. */
export function downloadGroup(downloads: readonly Download[], typed: string): OptionGroup<Option> {
  const wanted = typed.toLocaleLowerCase().split(/\s+/);
  const options = underWay(downloads)
    .filter(({ name }) => wanted.every((word) => name.toLocaleLowerCase().includes(word)))
    .map((download) => {
      const fraction = fractionOf(download);
      const far = fraction === null ? [] : [words.downloads.percent(percentOf(fraction))];
      return {
        value: `download ${download.id}`,
        label: titleOf(download),
        hint: [stateText(download), ...far].join(text.separator),
        disabled: true,
      };
    });
  return { id: "downloads", label: text.onTheWay, options, found: true };
}

function listed(
  id: string,
  looked: Looked | undefined,
  search: string,
): Pick<OptionGroup<Option>, "options" | "note" | "busy"> {
  if (looked === undefined) return { options: [], note: text.looking, busy: true };
  // The next search begins a moment after the last key.
  const isOther = looked.search !== search;
  const busy = looked.busy || isOther;
  const failure = isOther ? null : looked.failure;
  // What an earlier search brought is of use until the next one has come.
  const words = search.toLocaleLowerCase().split(/\s+/);
  const fitting = looked.models.filter((model) => {
    const name = model.id.toLocaleLowerCase();
    return words.every((word) => name.includes(word));
  });
  const options = fitting.slice(0, SHOWN_MODELS).map((model) => ({
    value: `${id}:${model.id}`,
    label: model.id,
    chosen: `${id}:${model.id}`,
    hint: factsText(model),
  }));
  if (failure !== null) return { options, note: text.failed(failure.message), busy };
  const note = noteOf(id, search, { ...looked, busy }, fitting.length);
  return note === null ? { options, busy } : { options, note, busy };
}

function noteOf(id: string, search: string, looked: Looked, fitting: number): string | null {
  if (fitting === 0) {
    if (looked.busy) return text.looking;
    return search === "" ? text.noneListed(id) : text.noMatch;
  }
  if (fitting <= SHOWN_MODELS) return null;
  return looked.models.length >= MOST_MODELS ? text.atLeastMore : text.more(fitting - SHOWN_MODELS);
}

/** Context and price of a model, as far as its backend says. */
export function factsText(model: Pick<BackendModel, "context_tokens" | "price">): string {
  const facts: string[] = [];
  if (model.context_tokens !== null) {
    facts.push(text.context(formatTokens(model.context_tokens)));
  }
  const price = priceText(model.price);
  if (price !== null) facts.push(price);
  return facts.join(text.separator);
}

function priceText(price: Price | null): string | null {
  const read = price?.prompt_usd_per_million ?? null;
  const written = price?.completion_usd_per_million ?? null;
  if (read === null || written === null) return null;
  if (read === 0 && written === 0) return text.free;
  return text.price(formatPrice(read), formatPrice(written));
}

/**
 * What is typed, as a choice of its own where it names a model that no list has. While lists are
 * read it only says what it is: what is typed may be the beginning of a search.
 */
export function typedOption(
  typed: string,
  backends: readonly BackendInfo[],
  groups: readonly OptionGroup<Option>[],
  lock: Lock,
): Option | null {
  const name = typed.trim();
  const meant = remoteModel(name, idsOf(backends));
  if (meant === null) return null;
  const backend = backends.find((one) => one.id === meant.backend);
  const isListed = groups.some(({ options }) => options.some(({ value }) => value === name));
  if (isListed) return null;
  const reason = backend && isLockedOut(backend, lock) ? lockText(lock) : null;
  const isLooking = groups.some(({ busy }) => busy);
  const hint = reason ?? (isLooking ? text.useTypedLooking : text.useTypedHint);
  const label = isLooking ? name : text.useTyped(name);
  return { value: name, label, chosen: name, hint, disabled: reason !== null };
}
