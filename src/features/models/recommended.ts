/** The recommended models as they are shown: pure functions. */
import type { Model, RecommendedModel, Variant, Verdict } from "~/ipc";
import { words } from "./screen-strings";

/** Where the sizes of models part, as the catalogue has it. */
const SMALL_UNDER = 5_000_000_000;
const MEDIUM_UNDER = 20_000_000_000;

export type GroupId = keyof typeof words.recommended.groups;

/** Recommended models under a heading. */
export interface RecommendedGroup {
  id: GroupId;
  title: string;
  models: RecommendedModel[];
}

function groupOf({ role, parameters }: Model): GroupId {
  if (role === "starter" || role === "recommended") return "begin";
  if (parameters < SMALL_UNDER) return "small";
  return parameters < MEDIUM_UNDER ? "medium" : "large";
}

/**
 * By what they ask for, in the catalogue's order; what nothing here can run is left out, and so is
 * what the models for MLX list by themselves.
 */
export function groupsOf(models: readonly RecommendedModel[]): RecommendedGroup[] {
  const ids: GroupId[] = ["begin", "small", "medium", "large"];
  const usable = models.filter(({ available, model }) => available && model.runtime === "gguf");
  return ids
    .map((id) => ({
      id,
      title: words.recommended.groups[id],
      models: usable.filter(({ model }) => groupOf(model) === id),
    }))
    .filter((group) => group.models.length > 0);
}

/** One quantisation of a recommended model. */
export interface Offer {
  model: Model;
  variant: Variant;
  verdict: Verdict;
}

/** The first variant that is here; null where none is. */
export function installedPlace({ installed }: RecommendedModel): number | null {
  const place = installed.findIndex((name) => name !== null);
  return place < 0 ? null : place;
}

/**
 * One quantisation of a model; without a wish the one that is here, else the suggested one, which
 * there is unless there is none at all.
 */
export function offerOf(recommended: RecommendedModel, at?: number): Offer | null {
  const { model, fits, suggested } = recommended;
  const place = at ?? installedPlace(recommended) ?? suggested;
  if (place === null) return null;
  const variant = model.variants[place];
  return variant ? { model, variant, verdict: fits[place] ?? "fits" } : null;
}

/** What a new user is offered: one model to get, and one that is there in seconds. */
export interface FirstOffers {
  main: Offer | null;
  quick: Offer | null;
}

/**
 * The first recommended model that fits with room to spare, in a quantisation that is not larger
 * than it must be for good answers; where none fits, the starter. The starter besides, where it is
 * not the same.
 */
export function firstOffers(models: readonly RecommendedModel[]): FirstOffers {
  const usable = models.filter(({ available }) => available);
  const starter = usable.find(({ model }) => model.role === "starter");
  const quick = starter ? offerOf(starter) : null;
  const good = usable
    .filter(({ model }) => model.role === "recommended")
    .flatMap((one) => firstOffer(one) ?? [])
    .find(({ verdict }) => verdict === "fits");
  return good ? { main: good, quick } : { main: quick, quick: null };
}

/** What most people take: four bits in the usual mixture. */
const USUAL = "Q4_K_M";

function firstOffer(recommended: RecommendedModel): Offer | null {
  const usual = recommended.model.variants.findIndex(({ label }) => label === USUAL);
  const isFine = usual >= 0 && recommended.fits[usual] === "fits";
  return offerOf(recommended, isFine ? usual : undefined);
}
