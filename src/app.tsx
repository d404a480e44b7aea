import {
  component$,
  Slot,
  useContextProvider,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { Home } from "~/features/home";
import { ImportDialog } from "~/features/import";
import { ModelsScreen, useModels } from "~/features/models";
import { CloseDialog, ResumeOffer, RunStrip, useRuns } from "~/features/runs";
import { SettingsScreen } from "~/features/settings";
import { SheetScreen } from "~/features/sheet";
import { Frame } from "~/features/shell";
import { type Startup, subscribe } from "~/ipc";
import { AppContext, type AppState } from "~/state/app";
import { ToastContext, type ToastState } from "~/state/toasts";
import { showFailure } from "./errors";

/** The window, once the Rust side has said what it was started with. */
export const App = component$<{ startup: Startup }>(({ startup }) => {
  const app = useStore<AppState>({
    screen: startup.sheet === null ? "home" : "sheet",
    settingsSection: "general",
    modelsTab: null,
    sheet: startup.sheet,
    startup,
    settings: startup.settings,
    sheetsChanged: 0,
    filesToImport: startup.files,
    textToImport: null,
    columnToShow: null,
  });
  const toasts = useStore<ToastState>({ items: [], lastId: 0 });
  useContextProvider(AppContext, app);
  useContextProvider(ToastContext, toasts);

  useTask$(() => {
    if (startup.problem !== null) showFailure(toasts, startup.problem);
    // Not awaited: the first screen does not need events.
    subscribe().catch((thrown: unknown) => showFailure(toasts, thrown));
  });

  return (
    <WithWork>
      <Frame>
        {app.screen === "home" && <Home />}
        {app.screen === "sheet" && app.sheet !== null && (
          <SheetScreen key={app.sheet} sheet={app.sheet} />
        )}
        {app.screen === "models" && <ModelsScreen />}
        {app.screen === "settings" && <SettingsScreen />}
        <RunStrip q:slot="bottom" />
      </Frame>
      <ImportDialog />
      <ResumeOffer />
      <CloseDialog />
    </WithWork>
  );
});

/** Keeps runs and downloads for everything inside; apart from `App` because it needs its contexts. */
const WithWork = component$(() => {
  useRuns();
  useModels();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: says that the first screen is painted
  useVisibleTask$(() => {
    document.documentElement.dataset.ready = "";
  });

  return <Slot />;
});
