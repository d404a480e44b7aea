/** Where an address leads, as far as it can be seen. */

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

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
