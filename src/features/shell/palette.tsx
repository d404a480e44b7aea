import { $, component$, type QRL, useContext, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ToastContext } from "~/state/toasts";
import { Icon, Kbd } from "~/ui";
import { findCommands, type ListedCommand, listedCommands, runCommand } from "./commands";
import { text } from "./strings";

/** Finds and does anything by typing its name. Made anew each time it opens. */
export const Palette = component$<{ onClose$: QRL<() => void> }>(({ onClose$ }) => {
  const toasts = useContext(ToastContext);
  const dialog = useSignal<HTMLDialogElement>();
  const list = useSignal<HTMLElement>();
  const typed = useSignal("");
  const active = useSignal(0);
  const all = useSignal<ListedCommand[]>(() => listedCommands());
  const shown = findCommands(all.value, typed.value);

  const choose = $(async (id: string | undefined) => {
    if (id === undefined) return;
    await onClose$();
    try {
      await runCommand(id);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: showModal and keys need the element
  useVisibleTask$(({ cleanup }) => {
    if (!dialog.value) return;
    const element = dialog.value;
    const before = document.activeElement;
    element.showModal?.();
    function cancel(event: Event) {
      event.preventDefault();
      void onClose$();
    }
    function press(event: MouseEvent) {
      if (event.target === element) void onClose$();
    }
    function key(event: KeyboardEvent) {
      if (event.isComposing) return;
      const found = findCommands(all.value, typed.value);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined && found.length > 0) {
        active.value = (active.value + step + found.length) % found.length;
      } else if (event.key === "Enter") {
        void choose(found[active.value]?.id);
      } else {
        return;
      }
      event.preventDefault();
    }
    element.addEventListener("cancel", cancel);
    element.addEventListener("mousedown", press);
    element.addEventListener("keydown", key);
    cleanup(() => {
      element.removeEventListener("cancel", cancel);
      element.removeEventListener("mousedown", press);
      element.removeEventListener("keydown", key);
      if (element.open) element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: scrolls the active line into sight
  useVisibleTask$(({ track }) => {
    const place = track(active);
    list.value?.querySelectorAll("[role=option]")[place]?.scrollIntoView({ block: "nearest" });
  });

  return (
    <dialog
      ref={dialog}
      aria-label={text.palette}
      data-testid="shell-palette-dialog"
      class="mx-auto mt-[12vh] mb-auto w-[min(560px,calc(100vw-32px))] overflow-hidden rounded-lg bg-raised text-normal shadow-dialog ui-appear"
    >
      <div class="flex items-center gap-2 border-b border-line px-3">
        <Icon name="search" class="text-muted" />
        <input
          type="text"
          role="combobox"
          aria-label={text.palette}
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={shown.length > 0 ? `palette-${active.value}` : undefined}
          autofocus
          autocomplete="off"
          spellcheck={false}
          placeholder={text.palettePlaceholder}
          data-testid="shell-palette-input"
          class="h-11 min-w-0 flex-1 bg-transparent text-lg text-strong outline-none"
          value={typed.value}
          onInput$={(_, element) => {
            typed.value = element.value;
            active.value = 0;
          }}
        />
        <Kbd keys="Esc" />
      </div>
      <div
        ref={list}
        id="palette-list"
        role="listbox"
        aria-label={text.palette}
        class="scroll-area max-h-[min(400px,55vh)] py-1.5"
      >
        {shown.length === 0 && <p class="px-4 py-3 text-muted">{text.paletteEmpty}</p>}
        {shown.map((command, place) => (
          // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the text field
          <div
            key={command.id}
            id={`palette-${place}`}
            role="option"
            aria-selected={place === active.value ? "true" : "false"}
            class="mx-1.5 flex h-8 items-center gap-2.5 rounded-md px-2.5 aria-selected:bg-hover aria-selected:text-strong"
            onMouseMove$={() => {
              active.value = place;
            }}
            onClick$={() => choose(command.id)}
          >
            <Icon name={command.icon ?? "chevron-right"} class="text-muted" />
            <span class="min-w-0 flex-1 truncate">{command.title}</span>
            {command.shortcut ? (
              <Kbd keys={command.shortcut} />
            ) : (
              <span class="text-sm text-faint">{command.group}</span>
            )}
          </div>
        ))}
      </div>
    </dialog>
  );
});
