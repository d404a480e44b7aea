import { component$, type QRL, useId } from "@builder.io/qwik";
import { controlClass, describedBy, Field } from "./field";
import { Icon } from "./icon";

/** One choice of a select, a radio group, a segmented control or a combobox. */
export interface Option {
  value: string;
  label: string;
  /** A second line that explains it, where there is room. */
  hint?: string | undefined;
  disabled?: boolean | undefined;
  /** What a combobox says once it is chosen, where that is not the label. */
  chosen?: string | undefined;
}

export interface SelectProps {
  label: string;
  value: string;
  options: readonly Option[];
  onChange$: QRL<(value: string) => void>;
  hideLabel?: boolean | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** One of a few choices, as the system's own drop-down. */
export const Select = component$<SelectProps>((props) => {
  const id = useId();
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
        <select
          id={id}
          disabled={props.disabled ?? false}
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy(id, props.hint, props.error)}
          data-testid={props.testId}
          class={[
            controlClass,
            "h-7 appearance-none truncate pr-7",
            props.error ? "border-error" : "border-strongline",
          ]}
          onChange$={(_, element) => props.onChange$(element.value)}
        >
          {props.options.map((option) => (
            <option
              key={option.value}
              value={option.value}
              selected={option.value === props.value}
              disabled={option.disabled ?? false}
            >
              {option.hint ? `${option.label} · ${option.hint}` : option.label}
            </option>
          ))}
        </select>
        <Icon
          name="chevron-down"
          size={14}
          class="pointer-events-none absolute top-[7px] right-2 text-muted"
        />
      </span>
    </Field>
  );
});
