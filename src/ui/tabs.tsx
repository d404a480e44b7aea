import { component$, type QRL, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { nextInMenu } from "./menu-keys";

export interface Tab {
  id: string;
  label: string;
  /** A short addition, such as a count. */
  badge?: string | number | undefined;
}

export interface TabsProps {
  tabs: readonly Tab[];
  value: string;
  onChange$: QRL<(id: string) => void>;
  /** What the tabs divide; read aloud. */
  label: string;
  /** Begins the test ids, which are `<testId>-<tab>`; "tab" by default. */
  testId?: string | undefined;
  class?: string | undefined;
}

/** A row of tabs; the panel (with `role="tabpanel"`) belongs to the caller. */
export const Tabs = component$<TabsProps>((props) => {
  const list = useSignal<HTMLElement>();
  const id = useId();
  const { onChange$ } = props;

  // biome-ignore lint/correctness/noQwikUseVisibleTask: arrow keys must not scroll the page
  useVisibleTask$(({ track, cleanup }) => {
    const found = track(list);
    if (!found) return;
    const element = found;
    function key(event: KeyboardEvent) {
      const all = [...element.querySelectorAll<HTMLElement>("[role=tab]")];
      const asMenu = { ArrowRight: "ArrowDown", ArrowLeft: "ArrowUp" }[event.key] ?? event.key;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") return;
      const current = all.indexOf(document.activeElement as HTMLElement);
      const next = nextInMenu(
        asMenu,
        current,
        all.map((tab) => tab.dataset.tab ?? ""),
      );
      const chosen = next === null ? undefined : all[next];
      if (!chosen) return;
      event.preventDefault();
      chosen.focus();
      void onChange$(chosen.dataset.tab ?? "");
    }
    element.addEventListener("keydown", key);
    cleanup(() => element.removeEventListener("keydown", key));
  });

  return (
    <div
      ref={list}
      role="tablist"
      aria-label={props.label}
      class={["flex shrink-0 items-end gap-1 overflow-x-auto border-b border-line", props.class]}
    >
      {props.tabs.map((tab) => (
        <button
          key={tab.id}
          id={`${id}-${tab.id}`}
          type="button"
          role="tab"
          data-tab={tab.id}
          data-testid={`${props.testId ?? "tab"}-${tab.id}`}
          aria-selected={tab.id === props.value ? "true" : "false"}
          tabIndex={tab.id === props.value ? 0 : -1}
          class="-mb-px inline-flex h-8 items-center gap-1.5 rounded-t-md border-b-2 border-transparent px-2.5 whitespace-nowrap text-muted hover:text-strong focus-visible:-outline-offset-2 aria-selected:border-accent aria-selected:font-medium aria-selected:text-strong"
          onClick$={() => onChange$(tab.id)}
        >
          {tab.label}
          {tab.badge !== undefined && (
            <span class="rounded-full bg-hover px-1.5 text-xs text-muted tabular-nums">
              {tab.badge}
            </span>
          )}
        </button>
      ))}
    </div>
  );
});
