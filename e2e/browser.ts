import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remote } from "webdriverio";
import { type Started, startDisplay, startDriver, within } from "./started";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/** Short enough that a second browser can be started before the hooks of a spec time out. */
const OPENING_MS = 40_000;

/** How long a script may run in a page: axe-core takes long where the machine is busy. */
export const SCRIPT_TIMEOUT_MS = 110_000;

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
  let session: ({ browser: Browser } & Started) | null = null;
  const close = async (): Promise<void> => {
    await session?.close();
    await display.close();
    // The last processes of the web view may still write there.
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    // A browser that hangs while it starts is rare, and a second one does not.
    session = await openSession(environment).catch(() => openSession(environment));
    await resize(session.browser, size);
    return { browser: session.browser, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Lets the driver behind a port start a program with a web view. */
export function drive(
  port: number,
  binary: string,
  args: string[],
  browserName?: string,
): Promise<Browser> {
  return remote({
    hostname: "127.0.0.1",
    port,
    logLevel: "error",
    connectionRetryTimeout: 120_000,
    waitforTimeout: 20_000,
    capabilities: {
      ...(browserName === undefined ? {} : { browserName }),
      "wdio:enforceWebDriverClassic": true,
      "webkitgtk:browserOptions": { binary, args },
    } as WebdriverIO.Capabilities,
  });
}

/** Starts a driver and a browser that it drives; closing it ends both. */
async function openSession(
  environment: NodeJS.ProcessEnv,
): Promise<{ browser: Browser } & Started> {
  const driver = await startDriver(environment);
  try {
    const opening = drive(driver.port, MINI_BROWSER, ["--automation"], "MiniBrowser");
    const browser = await within("MiniBrowser", opening, OPENING_MS);
    await browser.setTimeout({ script: SCRIPT_TIMEOUT_MS });
    return {
      browser,
      async close() {
        await browser.deleteSession().catch(() => {});
        await driver.close();
      },
    };
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** Makes the page itself as large as wanted: the browser's own bars come on top. */
export async function resize(browser: Browser, size: Size): Promise<void> {
  const inner = async (): Promise<Size> =>
    browser.execute(() => ({ width: innerWidth, height: innerHeight }));
  const isRight = ({ width, height }: Size) => width === size.width && height === size.height;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const now = await inner();
    if (isRight(now)) return;
    const outer = await browser.getWindowRect();
    const width = outer.width + size.width - now.width;
    const height = outer.height + size.height - now.height;
    await browser.setWindowRect(0, 0, width, height);
    // A size on the way there is nothing to correct.
    await browser
      .waitUntil(async () => isRight(await inner()), { timeout: 10_000, interval: 100 })
      .catch(() => {});
  }
  const now = await inner();
  throw new Error(`the page is ${now.width}x${now.height}, not ${size.width}x${size.height}`);
}
