import {
  $,
  component$,
  type QRL,
  useId,
  useSignal,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { activeValue, type Listed, listedOptions } from "./combobox-active";
import { OptionLine } from "./combobox-option";
import { controlClass, describedBy, Field } from "./field";
import { openFloating } from "./floating";
import { Icon } from "./icon";
import { nextInMenu } from "./menu-keys";
import { type OptionGroup, shownGroups } from "./option-search";
import type { Option } from "./select";
import { Spinner } from "./spinner";
import { text } from "./strings";

export interface ComboboxProps {
  label: string;
  value: string;
  options: readonly Option[];
  /** More options, each under a heading. */
  groups?: readonly OptionGroup<Option>[] | undefined;
  /** Listed last, whatever is typed; Enter takes it by itself only where nothing else is found. */
  lastResort?: Option | undefined;
  /** Listed below everything: it is no choice, but leads elsewhere. Never taken by Enter alone. */
  aside?: Option | undefined;
  onAside$?: QRL<() => void> | undefined;
  /** What is typed, "" when the list opens and null when it closes: for groups that are looked up. */
  onSearch$?: QRL<(typed: string | null) => void> | undefined;
  onChange$: QRL<(value: string) => void>;
  placeholder?: string | undefined;
  hideLabel?: boolean | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** One of many choices, found by typing. */
export const Combobox = component$<ComboboxProps>((props) => {
  const id = useId();
  const control = useSignal<HTMLInputElement>();
  const panel = useSignal<HTMLElement>();
  const isOpen = useSignal(false);
  /** What is typed; null shows the label of the chosen value. */
  const typed = useSignal<string | null>(null);
  /** The value of the active option: its place changes when a list comes late. */
  const active = useSignal<string | null>(null);

  const chosen = listedOptions({ groups: groupsOf(props), lastResort: props.lastResort }).find(
    (option) => option.value === props.value,
  );
  const listed = listedOf(props, typed.value);
  const shown = listed.groups;
  const options = listedOptions(listed);
  const now = activeValue(listed, active.value);
  const place = options.findIndex((option) => option.value === now);
  const lastPlace = options.length - (props.aside ? 2 : 1);

  // What is shown as active stays it, also when something else is first a moment later.
  useTask$(({ track }) => {
    const listedNow = track(() => listedOf(props, typed.value));
    if (track(isOpen)) active.value = activeValue(listedNow, track(active));
  });

  const close = $(() => {
    isOpen.value = false;
    typed.value = null;
    if (control.value) control.value.value = chosen?.chosen ?? chosen?.label ?? props.value;
    return props.onSearch$?.(null);
  });
  const choose = $(async (option: Option | undefined) => {
    if (!option || option.disabled) return;
    if (option.value === props.aside?.value) {
      await close();
      return props.onAside$?.();
    }
    isOpen.value = false;
    typed.value = null;
    if (control.value) control.value.value = option.chosen ?? option.label;
    void props.onSearch$?.(null);
    if (option.value !== props.value) return props.onChange$(option.value);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: arrow keys must not move the caret
  useVisibleTask$(({ track, cleanup }) => {
    const element = track(control);
    if (!element) return;
    function key(event: KeyboardEvent) {
      if (event.isComposing) return;
      const listedNow = listedOf(props, typed.value);
      const list = listedOptions(listedNow);
      const value = activeValue(listedNow, active.value);
      const at = list.findIndex((option) => option.value === value);
      const isArrow = event.key === "ArrowDown" || event.key === "ArrowUp";
      if (isArrow && !isOpen.value) {
        event.preventDefault();
        active.value = props.value;
        isOpen.value = true;
        void props.onSearch$?.("");
      } else if (isArrow) {
        event.preventDefault();
        const labels = list.map((option) => option.label);
        active.value = list[nextInMenu(event.key, at, labels) ?? 0]?.value ?? null;
      } else if (event.key === "Enter" && isOpen.value) {
        event.preventDefault();
        event.stopPropagation();
        void choose(list[at]);
      } else if (event.key === "Tab" && isOpen.value) {
        void close();
      }
    }
    element.addEventListener("keydown", key);
    cleanup(() => element.removeEventListener("keydown", key));
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: placing needs the element
  useVisibleTask$(({ track, cleanup }) => {
    const list = track(panel);
    const element = control.value;
    if (!track(isOpen) || !list || !element) return;
    const stop = openFloating(list, {
      anchor: () => element.getBoundingClientRect(),
      align: "start",
      gapPx: 4,
      asWide: true,
      inside: () => element.parentElement,
      onDismiss: () => void close(),
    });
    cleanup(stop);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: scrolls the active option into sight
  useVisibleTask$(({ track }) => {
    track(active);
    track(isOpen);
    // The option is marked with the same rendering.
    requestAnimationFrame(() =>
      panel.value?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" }),
    );
  });

  return (
    <Field
      id={id}
      label={props.label}
      hideLabel={props.hideLabel}
      hint={props.hint}
      error={props.error}
      class={props.class}
    >
      <span class="relative flex">
        <input
          id={id}
          ref={control}
          type="text"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={isOpen.value ? "true" : "false"}
          aria-controls={`${id}-list`}
          aria-activedescendant={isOpen.value && place >= 0 ? `${id}-${place}` : undefined}
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy(id, props.hint, props.error)}
          autocomplete="off"
          spellcheck={false}
          disabled={props.disabled ?? false}
          placeholder={props.placeholder ?? ""}
          value={typed.value ?? chosen?.chosen ?? chosen?.label ?? props.value}
          data-testid={props.testId}
          class={[controlClass, "h-7 pr-7", props.error ? "border-error" : "border-strongline"]}
          onFocus$={(_, element) => element.select()}
          onClick$={(_, element) => {
            if (isOpen.value) return;
            element.select();
            active.value = props.value;
            isOpen.value = true;
            return props.onSearch$?.("");
          }}
          onInput$={(_, element) => {
            typed.value = element.value;
            active.value = null;
            isOpen.value = true;
            return props.onSearch$?.(element.value);
          }}
          onBlur$={() => {
            if (!isOpen.value) typed.value = null;
          }}
        />
        <Icon
          name="chevron-down"
          size={14}
          class="pointer-events-none absolute top-[7px] right-2 text-muted"
        />
        {/* There before it says anything, so that it is read out when it does. */}
        <span role="status" class="sr-only">
          {isOpen.value ? newsOf(shown, options.length === (props.aside ? 1 : 0)) : ""}
        </span>
        {isOpen.value && (
          <div
            ref={panel}
            popover="manual"
            class="overflow-hidden rounded-md bg-raised text-normal shadow-popover"
          >
            <div
              id={`${id}-list`}
              role="listbox"
              aria-label={props.label}
              class="scroll-area max-h-72 py-1"
            >
              {options.length === (props.aside ? 1 : 0) && shown.length === 0 && (
                <p class="px-3 py-1 text-muted">{text.noMatch}</p>
              )}
              {shown.map((group, at) => {
                const before = listedOptions({ groups: shown.slice(0, at) }).length;
                const lines = group.options.map((option, index) => (
                  <OptionLine
                    key={option.value}
                    id={`${id}-${before + index}`}
                    option={option}
                    isChosen={option.value === props.value}
                    isActive={before + index === place}
                    onPoint$={() => {
                      active.value = option.value;
                    }}
                    onChoose$={() => choose(option)}
                  />
                ));
                return group.label === "" ? (
                  <div key={group.id}>{lines}</div>
                ) : (
                  // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a listbox
                  <div
                    key={group.id}
                    role="group"
                    aria-label={group.note ? `${group.label}: ${group.note}` : group.label}
                    data-group={group.id}
                    class="border-line border-t pt-1 pb-1 first:border-t-0"
                  >
                    <div class="flex items-center gap-2 px-3 py-0.5 font-medium text-muted text-sm">
                      <span class="min-w-0 flex-1 truncate">{group.label}</span>
                      {group.busy && <Spinner label="" size={14} />}
                    </div>
                    {lines}
                    {group.note && <div class="px-3 py-0.5 text-muted text-sm">{group.note}</div>}
                  </div>
                );
              })}
              {props.lastResort && (
                <div class="border-line border-t pt-1 first:border-t-0 first:pt-0">
                  <OptionLine
                    key={props.lastResort.value}
                    id={`${id}-${lastPlace}`}
                    option={props.lastResort}
                    isChosen={props.lastResort.value === props.value}
                    isActive={place === lastPlace}
                    onPoint$={() => {
                      active.value = props.lastResort?.value ?? null;
                    }}
                    onChoose$={() => choose(props.lastResort)}
                  />
                </div>
              )}
              {props.aside && (
                <div class="sticky -bottom-1 -mb-1 border-line border-t bg-raised py-1 first:border-t-0">
                  <OptionLine
                    key={props.aside.value}
                    id={`${id}-${options.length - 1}`}
                    option={props.aside}
                    isChosen={false}
                    isActive={place === options.length - 1}
                    onPoint$={() => {
                      active.value = props.aside?.value ?? null;
                    }}
                    onChoose$={() => choose(props.aside)}
                  />
                </div>
              )}
            </div>
          </div>
        )}
      </span>
    </Field>
  );
});

/** All that may be listed: the options without a heading come first. */
function groupsOf(props: ComboboxProps): OptionGroup<Option>[] {
  return [{ id: "", label: "", options: props.options }, ...(props.groups ?? [])];
}

/** What is listed for what is typed. */
function listedOf(props: ComboboxProps, typed: string | null): Listed {
  const { lastResort, aside } = props;
  return { groups: shownGroups(groupsOf(props), typed ?? ""), lastResort, aside };
}

/** What a search came to where that is no option that can be walked to. */
function newsOf(groups: readonly OptionGroup<Option>[], isEmpty: boolean): string {
  const notes = groups.flatMap(({ label, note }) => (note ? `${label}: ${note}` : []));
  return isEmpty && groups.length === 0 ? text.noMatch : notes.join(". ");
}
