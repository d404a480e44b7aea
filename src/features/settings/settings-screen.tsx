import {
  component$,
  useContext,
  useContextProvider,
  useSignal,
  useStore,
  useVisibleTask$,
} from "@builder.io/qwik";
import { AppContext, leaveSettings } from "~/state/app";
import { Icon, IconButton, isLayerOpen, isTyping } from "~/ui";
import type { Marks } from "./apply";
import { MarksContext } from "./context";
import { sectionOf, sections } from "./sections";
import { text } from "./strings";

/** The settings: a list of parts and the page of one. Every change counts at once. */
export const SettingsScreen = component$(() => {
  const app = useContext(AppContext);
  const marks = useStore<Marks>({});
  useContextProvider(MarksContext, marks);
  const page = useSignal<HTMLElement>();
  const section = sectionOf(app.settingsSection);

  // biome-ignore lint/correctness/noQwikUseVisibleTask: Esc is heard wherever focus is
  useVisibleTask$(({ cleanup }) => {
    function hear(event: KeyboardEvent) {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (isLayerOpen() || isTyping(event.target)) return;
      leaveSettings(app);
    }
    document.addEventListener("keydown", hear);
    cleanup(() => document.removeEventListener("keydown", hear));
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: scrolling needs the element
  useVisibleTask$(({ track }) => {
    track(() => app.settingsSection);
    if (page.value) page.value.scrollTop = 0;
  });

  const { Page } = section;
  return (
    <section
      class="flex h-full min-h-0 min-w-0 flex-1 flex-col bg-app"
      aria-label={text.title}
      data-testid="settings-screen"
    >
      <header class="flex h-11 flex-none items-center gap-2 border-line border-b px-3">
        <IconButton
          icon="arrow-left"
          label={text.backHint}
          testId="settings-back"
          onClick$={() => leaveSettings(app)}
        />
        <h1 class="font-semibold text-lg text-strong">{text.title}</h1>
      </header>
      <div class="flex min-h-0 flex-1">
        <nav
          class="scroll-area w-48 flex-none border-line border-e bg-panel p-2"
          aria-label={text.sections}
        >
          <ul class="flex flex-col gap-0.5">
            {sections.map(({ id, label, icon }) => (
              <li key={id}>
                <button
                  type="button"
                  class={[
                    "flex h-8 w-full items-center gap-2 rounded-md px-2 text-start",
                    id === section.id
                      ? "bg-selected font-medium text-strong"
                      : "text-normal hover:bg-hover",
                  ]}
                  aria-current={id === section.id ? "page" : undefined}
                  data-testid={`settings-section-${id}`}
                  onClick$={() => {
                    app.settingsSection = id;
                  }}
                >
                  <Icon name={icon} size={16} class="flex-none text-muted" />
                  <span class="truncate">{label}</span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
        <div ref={page} class="scroll-area min-w-0 flex-1 px-6 py-5">
          <div class="mx-auto max-w-3xl" data-testid={`settings-page-${section.id}`}>
            <h2 class="mb-4 font-semibold text-strong text-xl">{section.label}</h2>
            <Page key={section.id} />
          </div>
        </div>
      </div>
    </section>
  );
});
