import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remote } from "webdriverio";
import { freePort, type Started, startDisplay, startProgram, until } from "./started";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/** A WebdriverIO session. */
export type Browser = Awaited<ReturnType<typeof remote>>;

/** The size of what a page sees of itself, without the frame of the browser. */
export interface Size {
  width: number;
  height: number;
}

/** Starts MiniBrowser, which has the engine that the app has on Linux, on a display of its own. */
export async function startBrowser(size: Size): Promise<{ browser: Browser } & Started> {
  const home = await mkdtemp(join(tmpdir(), "braincells-e2e-"));
  const display = await startDisplay();
  const port = await freePort();
  const environment = {
    ...process.env,
    DISPLAY: display.name,
    GDK_BACKEND: "x11",
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    LIBGL_ALWAYS_SOFTWARE: "1",
    NO_AT_BRIDGE: "1",
    GTK_USE_PORTAL: "0",
  };
  const driver = startProgram("WebKitWebDriver", [`--port=${port}`], environment);
  const closeStarted = async (): Promise<void> => {
    await driver.close();
    await display.close();
    await rm(home, { recursive: true, force: true });
  };
  try {
    const browser = await openSession(port);
    await resize(browser, size);
    return {
      browser,
      async close() {
        await browser.deleteSession().catch(() => {});
        await closeStarted();
      },
    };
  } catch (error) {
    await closeStarted();
    throw error;
  }
}

async function openSession(port: number): Promise<Browser> {
  await until("WebKitWebDriver", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => null);
    return answer?.ok ?? false;
  });
  return remote({
    hostname: "127.0.0.1",
    port,
    logLevel: "error",
    connectionRetryTimeout: 120_000,
    waitforTimeout: 20_000,
    capabilities: {
      browserName: "MiniBrowser",
      "wdio:enforceWebDriverClassic": true,
      "webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] },
    } as WebdriverIO.Capabilities,
  });
}

/** Makes the page itself as large as wanted: the browser's own bars come on top. */
export async function resize(browser: Browser, size: Size): Promise<void> {
  const inner = async (): Promise<Size> =>
    browser.execute(() => ({ width: innerWidth, height: innerHeight }));
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const now = await inner();
    if (now.width === size.width && now.height === size.height) return;
    const outer = await browser.getWindowRect();
    const width = outer.width + size.width - now.width;
    const height = outer.height + size.height - now.height;
    await browser.setWindowRect(0, 0, width, height);
    await browser
      .waitUntil(async () => (await inner()).height !== now.height, { timeout: 2000 })
      .catch(() => {});
  }
  const now = await inner();
  throw new Error(`the page is ${now.width}x${now.height}, not ${size.width}x${size.height}`);
}
