import {
  component$,
  type QRL,
  useComputed$,
  useId,
  useSignal,
  useVisibleTask$,
} from "@builder.io/qwik";
import { controlClass, describedBy, Field } from "./field";
import { Icon, type IconName } from "./icon";

export interface TextFieldProps {
  label: string;
  value: string;
  /** Every change of the text. */
  onInput$?: QRL<(value: string) => void> | undefined;
  /** The text is settled: focus left it, or Enter was pressed in one line. */
  onChange$?: QRL<(value: string) => void> | undefined;
  /** Enter in a one-line field. */
  onEnter$?: QRL<(value: string) => void> | undefined;
  placeholder?: string | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  type?: "text" | "search" | "password" | "url" | "email" | undefined;
  icon?: IconName | undefined;
  autoFocus?: boolean | undefined;
  multiline?: boolean | undefined;
  rows?: number | undefined;
  mono?: boolean | undefined;
  disabled?: boolean | undefined;
  maxLength?: number | undefined;
  testId?: string | undefined;
  hideLabel?: boolean | undefined;
  class?: string | undefined;
}

/** One line of text, or several. */
export const TextField = component$<TextFieldProps>((props) => {
  const id = useId();
  const control = useSignal<HTMLInputElement | HTMLTextAreaElement>();
  const look = useComputed$(() => [
    controlClass,
    props.error ? "border-error" : "border-strongline",
    props.mono ? "font-mono text-sm" : "",
  ]);

  // The attribute alone works only in a dialog that opens, not in what appears later.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(() => {
    if (!props.autoFocus) return;
    control.value?.focus({ preventScroll: true });
    if (control.value instanceof HTMLInputElement) control.value.select();
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
      {props.multiline ? (
        <textarea
          id={id}
          ref={control}
          value={props.value}
          rows={props.rows ?? 3}
          placeholder={props.placeholder ?? ""}
          autofocus={props.autoFocus ?? false}
          disabled={props.disabled ?? false}
          {...(props.maxLength === undefined ? {} : { maxLength: props.maxLength })}
          spellcheck={false}
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy(id, props.hint, props.error)}
          data-testid={props.testId}
          class={[...look.value, "resize-y py-1"]}
          onInput$={(_, element) => props.onInput$?.(element.value)}
          onChange$={(_, element) => props.onChange$?.(element.value)}
        />
      ) : (
        <span class="relative flex">
          {props.icon && (
            <Icon
              name={props.icon}
              size={14}
              class="pointer-events-none absolute top-[7px] left-2 text-faint"
            />
          )}
          <input
            id={id}
            ref={control}
            type={props.type ?? "text"}
            value={props.value}
            placeholder={props.placeholder ?? ""}
            autofocus={props.autoFocus ?? false}
            disabled={props.disabled ?? false}
            {...(props.maxLength === undefined ? {} : { maxLength: props.maxLength })}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            aria-invalid={props.error ? "true" : undefined}
            aria-describedby={describedBy(id, props.hint, props.error)}
            data-testid={props.testId}
            class={[...look.value, "h-7", props.icon ? "pl-7" : ""]}
            onInput$={(_, element) => props.onInput$?.(element.value)}
            onChange$={(_, element) => props.onChange$?.(element.value)}
            onKeyDown$={(event, element) => {
              if (event.key === "Enter" && !event.isComposing)
                return props.onEnter$?.(element.value);
            }}
          />
        </span>
      )}
    </Field>
  );
});
