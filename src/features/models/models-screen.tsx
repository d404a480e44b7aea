import {
  $,
  component$,
  useContext,
  useSignal,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { ipc, type ModelFile, newReading, read } from "~/ipc";
import { AppContext, goToSettings, leaveModels, type ModelsTab } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { Button, IconButton, isLayerOpen, isTyping, Spinner, Tabs } from "~/ui";
import { DownloadList } from "./download-list";
import { closeRepository } from "./focus";
import { GetTab } from "./get-tab";
import { InstalledList } from "./installed-list";
import { OtherApps } from "./other-apps";
import { words } from "./screen-strings";
import { Storage } from "./storage";

/** The models of this computer, those on their way, and where more are to be had. */
export const ModelsScreen = component$(() => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const installed = useStore(() => newReading<ModelFile[]>());
  const page = useSignal<HTMLElement>();

  useTask$(({ track }) => {
    track(() => [models.changed, models.used]);
    void read(installed, () => ipc.listLocalModels());
  });

  // Without a model the way to one is what is wanted; decided once, so that nothing jumps.
  useTask$(({ track }) => {
    const list = track(() => installed.value);
    const tab = track(() => app.modelsTab);
    if (list && !tab) app.modelsTab = list.length === 0 ? "get" : "here";
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: Esc is heard wherever focus is
  useVisibleTask$(({ cleanup }) => {
    function hear(event: KeyboardEvent) {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (isLayerOpen() || isTyping(event.target)) return;
      if (app.modelsTab === "get" && models.hubOpen !== null) closeRepository(models);
      else leaveModels(app);
    }
    document.addEventListener("keydown", hear);
    cleanup(() => document.removeEventListener("keydown", hear));
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: scrolling needs the element
  useVisibleTask$(({ track }) => {
    track(() => app.modelsTab);
    if (page.value) page.value.scrollTop = 0;
  });

  const tab = app.modelsTab ?? null;
  // The lines of those models have their downloads.
  const isMlxShown = tab === "get" && models.hubOpen === null && models.hubTyped.trim() === "";
  const count = installed.value?.length;
  const tabs = [
    { id: "here", label: words.here, ...(count ? { badge: count } : {}) },
    { id: "get", label: words.get },
  ];
  return (
    <section
      class="flex h-full min-h-0 min-w-0 flex-1 flex-col bg-app"
      aria-label={words.title}
      data-testid="models-screen"
    >
      <header class="flex h-11 flex-none items-center gap-2 px-3">
        <IconButton
          icon="arrow-left"
          label={words.back}
          testId="models-back"
          onClick$={() => leaveModels(app)}
        />
        <h1 class="mr-auto font-semibold text-lg text-strong">{words.title}</h1>
        <Button
          variant="ghost"
          icon="sliders"
          testId="models-settings"
          onClick$={() => goToSettings(app, "models")}
        >
          {words.openSettings}
        </Button>
      </header>
      <Tabs
        class="px-3"
        label={words.tabs}
        tabs={tabs}
        value={tab ?? "here"}
        testId="models-tab"
        onChange$={$((id: string) => {
          app.modelsTab = id as ModelsTab;
        })}
      />
      <div
        ref={page}
        role="tabpanel"
        aria-label={tab === "get" ? words.get : words.here}
        class="scroll-area min-h-0 flex-1 px-6 py-5"
      >
        <div class="mx-auto max-w-4xl">
          <DownloadList except={isMlxShown ? models.mlx.map(({ id }) => id) : []} />
          {installed.failure && <FailureNotice failure={installed.failure} class="mb-4" />}
          {tab === null && !installed.failure && (
            <div class="flex h-24 items-center justify-center text-muted">
              <Spinner label={words.loading} />
            </div>
          )}
          {tab === "here" && installed.value && (
            <>
              <InstalledList models={installed.value} />
              <OtherApps />
              <Storage />
            </>
          )}
          {tab === "get" && <GetTab />}
        </div>
      </div>
    </section>
  );
});
