import "@builder.io/qwik/qwikloader.js";
import "./styles.css";
import { $, render } from "@builder.io/qwik";
import { applyTheme, rememberedTheme, StartFailed } from "~/features/shell";
import { errorOf, ipc, type Startup } from "~/ipc";
import { App } from "./app";

/** Asks the Rust side what it was started with and shows the window, or why there is none. */
async function start(root: HTMLElement): Promise<void> {
  let startup: Startup;
  try {
    startup = await ipc.startup();
  } catch (thrown) {
    // The whole page again: whatever is broken in it must not live on.
    const retry = $(() => location.reload());
    await render(root, <StartFailed failure={errorOf(thrown)} onRetry$={retry} />);
    document.documentElement.dataset.ready = "failed";
    return;
  }
  await render(root, <App startup={startup} />);
}

applyTheme(rememberedTheme())();
if (import.meta.env.VITE_FAKE_BACKEND) {
  const { installFake } = await import("./ipc/fake");
  await installFake();
}
const root = document.getElementById("app");
if (root) await start(root);
