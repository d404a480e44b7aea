import { test } from "vitest";
import { makeHome } from "./app";
import { openWindow } from "./window";
test("debug", { timeout: 60_000 }, async () => {
  const home = await makeHome();
  const window = await openWindow(home);
  const t = performance.now();
  const log = (...a: unknown[]) => console.log(Math.round(performance.now() - t), ...a);
  log("ready", window.readyAfterMs);
  log("vis", await window.browser.execute(() => [document.visibilityState, document.hidden, document.hasFocus()]));
  await window.byId("home-welcome"); log("welcome");
  log("mem", await window.memoryBytes());
  const raf = await Promise.race([window.frame().then(() => "raf"), new Promise((r) => setTimeout(() => r("no raf in 5 s"), 5000))]);
  log(raf);
  await Promise.race([window.picture("dbg"), new Promise((r) => setTimeout(() => r("x"), 10000))]); log("picture");
  await window.close(); log("closed");
  await home.close();
});
