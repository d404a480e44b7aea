import { expect } from "vitest";
import type { FakeBackend } from "../../src/ipc/fake";
import { resize, type Size, startBrowser } from "../browser";
import { type Hands, handsOf } from "../hands";
import type { Started } from "../started";
import { serveFolder } from "../static-server";

const FOLDER = process.env.BRAINCELLS_PAGE ?? "dist-page";

/** The built page in a browser, with what the specs need to look at it and to work in it. */
export interface Page extends Hands, Started {
  /** Every request that reached the server since the page was opened. */
  requests: string[];
  /** Opens a scene afresh, with nothing remembered, and waits until it is shown. */
  open(scene: string, parameters?: Record<string, string>): Promise<void>;
  resize(size: Size): Promise<void>;
  /** Asks the fake backend something. */
  backend<T>(ask: (backend: FakeBackend, ...args: string[]) => T, ...args: string[]): Promise<T>;
  /** Fails when the page had an uncaught error, refused content or opened a dialog. */
  expectNoTroubles(): Promise<void>;
}

/** Starts a server and a browser for the page; closing it ends both. */
export async function startPage(size: Size = { width: 1400, height: 900 }): Promise<Page> {
  const server = await serveFolder(FOLDER);
  const { browser, close } = await startBrowser(size);
  const page: Page = {
    ...handsOf(browser),
    requests: server.requests,
    async open(scene, parameters = {}) {
      // Another page of the same origin, where what is remembered can be forgotten.
      await browser.url(`${server.origin}/forget`);
      await browser.execute(() => {
        localStorage.clear();
        sessionStorage.clear();
      });
      server.requests.length = 0;
      await browser.url(`${server.origin}/?${new URLSearchParams({ scene, ...parameters })}`);
      await browser.$("html[data-ready]").waitForExist();
      await page.settle();
    },
    async resize(wanted) {
      await resize(browser, wanted);
      await page.settle();
    },
    backend: (ask, ...args) =>
      browser.execute(
        `return (${ask.toString()})(window.fakeBackend, ...arguments)`,
        ...args,
      ) as Promise<never>,
    async expectNoTroubles() {
      expect(await page.backend((backend) => backend.troubles())).toEqual([]);
    },
    async close() {
      await close();
      await server.close();
    },
  };
  return page;
}
