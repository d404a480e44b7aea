import { $, component$, type QRL, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { controlClass, describedBy, Field } from "./field";
import { openFloating } from "./floating";
import { Icon } from "./icon";
import { nextInMenu } from "./menu-keys";
import { matchingOptions } from "./option-search";
import type { Option } from "./select";
import { text } from "./strings";

export interface ComboboxProps {
  label: string;
  value: string;
  options: readonly Option[];
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
  const active = useSignal(0);

  const chosen = props.options.find((option) => option.value === props.value);
  const shown = matchingOptions(props.options, typed.value ?? "");

  const close = $(() => {
    isOpen.value = false;
    typed.value = null;
    if (control.value) control.value.value = chosen?.label ?? props.value;
  });
  const choose = $((option: Option | undefined) => {
    if (!option || option.disabled) return;
    isOpen.value = false;
    typed.value = null;
    if (control.value) control.value.value = option.label;
    if (option.value !== props.value) return props.onChange$(option.value);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: arrow keys must not move the caret
  useVisibleTask$(({ track, cleanup }) => {
    const element = track(control);
    if (!element) return;
    function key(event: KeyboardEvent) {
      if (event.isComposing) return;
      const list = matchingOptions(props.options, typed.value ?? "");
      const isArrow = event.key === "ArrowDown" || event.key === "ArrowUp";
      if (isArrow && !isOpen.value) {
        event.preventDefault();
        active.value = Math.max(
          0,
          list.findIndex((option) => option.value === props.value),
        );
        isOpen.value = true;
      } else if (isArrow) {
        event.preventDefault();
        const labels = list.map((option) => option.label);
        active.value = nextInMenu(event.key, active.value, labels) ?? 0;
      } else if (event.key === "Enter" && isOpen.value) {
        event.preventDefault();
        event.stopPropagation();
        void choose(list[active.value]);
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
    const place = track(active);
    track(isOpen);
    panel.value?.querySelectorAll("[role=option]")[place]?.scrollIntoView({ block: "nearest" });
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
          aria-activedescendant={isOpen.value && shown.length ? `${id}-${active.value}` : undefined}
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy(id, props.hint, props.error)}
          autocomplete="off"
          spellcheck={false}
          disabled={props.disabled ?? false}
          placeholder={props.placeholder ?? ""}
          value={typed.value ?? chosen?.label ?? props.value}
          data-testid={props.testId}
          class={[controlClass, "h-7 pr-7", props.error ? "border-error" : "border-strongline"]}
          onFocus$={(_, element) => element.select()}
          onClick$={(_, element) => {
            if (isOpen.value) return;
            element.select();
            active.value = Math.max(
              0,
              shown.findIndex((option) => option.value === props.value),
            );
            isOpen.value = true;
          }}
          onInput$={(_, element) => {
            typed.value = element.value;
            active.value = 0;
            isOpen.value = true;
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
        {isOpen.value && (
          <div
            ref={panel}
            id={`${id}-list`}
            popover="manual"
            role="listbox"
            aria-label={props.label}
            class="overflow-hidden rounded-md bg-raised text-normal shadow-popover"
          >
            <div class="scroll-area max-h-72 py-1">
              {shown.length === 0 && <p class="px-3 py-1 text-muted">{text.noMatch}</p>}
              {shown.map((option, place) => (
                // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the text field
                <div
                  key={option.value}
                  id={`${id}-${place}`}
                  role="option"
                  aria-selected={option.value === props.value ? "true" : "false"}
                  aria-disabled={option.disabled ? "true" : undefined}
                  preventdefault:mousedown
                  class={[
                    "flex min-h-7 items-center gap-2 px-3 py-1 aria-disabled:opacity-50",
                    place === active.value ? "bg-hover text-strong" : "",
                  ]}
                  onMouseMove$={() => {
                    active.value = place;
                  }}
                  onClick$={() => choose(option)}
                >
                  <span class="min-w-0 flex-1">
                    <span class="block truncate">{option.label}</span>
                    {option.hint && (
                      <span class="block truncate text-sm text-muted">{option.hint}</span>
                    )}
                  </span>
                  {option.value === props.value && <Icon name="check" size={14} />}
                </div>
              ))}
            </div>
          </div>
        )}
      </span>
    </Field>
  );
});
