/** Where an address leads, as far as it can be seen. */
import { endpointIds, remoteModel } from "~/lib/model-names";

/** The host of an address, with its port where it has one; the address itself where it is none. */
export function hostOf(baseUrl: string): string {
  return urlOf(baseUrl)?.host ?? baseUrl;
}

function isThisComputer(baseUrl: string): boolean {
  const host = urlOf(baseUrl)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether a key that goes there can be read on the way. */
export function isInTheClear(baseUrl: string): boolean {
  return urlOf(baseUrl)?.protocol === "http:" && !isThisComputer(baseUrl);
}

/** What is to be known of the endpoints that a person added. */
interface Addresses {
  backends: { endpoints?: readonly { id?: string; base_url?: string }[] };
}

/** Whether asking this model may cost money: a backend makes it, and not one of this computer. */
export function mayCost(model: string, settings: Addresses): boolean {
  const remote = remoteModel(model, endpointIds(settings));
  if (remote === null) return false;
  const own = settings.backends.endpoints?.find(({ id }) => id === remote.backend);
  return !isThisComputer(own?.base_url ?? "");
}

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
