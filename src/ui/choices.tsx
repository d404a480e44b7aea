import { component$, type QRL, useId } from "@builder.io/qwik";
import { Icon } from "./icon";
import type { Option } from "./select";

export interface SwitchProps {
  label: string;
  checked: boolean;
  onChange$: QRL<(checked: boolean) => void>;
  hint?: string | undefined;
  disabled?: boolean | undefined;
  hideLabel?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** On or off, at once. */
export const Switch = component$<SwitchProps>((props) => {
  const id = useId();
  return (
    <div class={["flex items-start gap-2.5", props.class]}>
      <span class="relative mt-0.5 inline-flex shrink-0">
        <input
          id={id}
          type="checkbox"
          role="switch"
          checked={props.checked}
          aria-checked={props.checked ? "true" : "false"}
          disabled={props.disabled ?? false}
          aria-describedby={props.hint ? `${id}-hint` : undefined}
          data-testid={props.testId}
          class="peer h-4 w-7 appearance-none rounded-full border border-strongline bg-hover transition-colors checked:border-accent checked:bg-accent disabled:opacity-50"
          onChange$={(_, element) => props.onChange$(element.checked)}
        />
        <span class="pointer-events-none absolute top-[3px] left-[3px] size-2.5 rounded-full bg-strongline transition-transform peer-checked:translate-x-3 peer-checked:bg-onaccent" />
      </span>
      <Words id={id} label={props.label} hint={props.hint} hideLabel={props.hideLabel} />
    </div>
  );
});

export interface CheckboxProps extends SwitchProps {
  /** Some of what it stands for is chosen, not all. */
  mixed?: boolean | undefined;
}

/** Chosen or not. */
export const Checkbox = component$<CheckboxProps>((props) => {
  const id = useId();
  return (
    <div class={["flex items-start gap-2", props.class]}>
      <span class="relative mt-0.5 inline-flex shrink-0">
        <input
          id={id}
          type="checkbox"
          checked={props.checked}
          indeterminate={props.mixed ?? false}
          disabled={props.disabled ?? false}
          aria-describedby={props.hint ? `${id}-hint` : undefined}
          data-testid={props.testId}
          class="peer size-4 appearance-none rounded-sm border border-strongline bg-raised checked:border-accent checked:bg-accent indeterminate:border-accent indeterminate:bg-accent disabled:opacity-50"
          onChange$={(_, element) => props.onChange$(element.checked)}
        />
        <Icon
          name={props.mixed ? "minus" : "check"}
          size={12}
          class="pointer-events-none absolute top-0.5 left-0.5 text-onaccent opacity-0 peer-checked:opacity-100 peer-indeterminate:opacity-100"
        />
      </span>
      <Words id={id} label={props.label} hint={props.hint} hideLabel={props.hideLabel} />
    </div>
  );
});

const Words = component$<{
  id: string;
  label: string;
  hint?: string | undefined;
  hideLabel?: boolean | undefined;
}>((props) => (
  <span class="min-w-0">
    <label for={props.id} class={props.hideLabel ? "sr-only" : "block text-normal"}>
      {props.label}
    </label>
    {props.hint && (
      <span id={`${props.id}-hint`} class="block text-sm text-muted">
        {props.hint}
      </span>
    )}
  </span>
));

export interface ChoiceProps {
  label: string;
  value: string;
  options: readonly Option[];
  onChange$: QRL<(value: string) => void>;
  hideLabel?: boolean | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

export interface RadioMarkProps {
  /** What its label is `for`. */
  id: string;
  /** The same for all of a group. */
  name: string;
  value: string;
  checked: boolean;
  onChange$: QRL<() => void>;
  describedBy?: string | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
}

/** The mark of one choice of a group, for choices that are more than a label and a hint. */
export const RadioMark = component$<RadioMarkProps>((props) => (
  <span class="relative mt-0.5 inline-flex shrink-0">
    <input
      id={props.id}
      type="radio"
      name={props.name}
      value={props.value}
      checked={props.checked}
      disabled={props.disabled ?? false}
      aria-describedby={props.describedBy}
      data-testid={props.testId}
      class="peer size-4 appearance-none rounded-full border border-strongline bg-raised checked:border-accent checked:bg-accent disabled:opacity-50"
      onChange$={props.onChange$}
    />
    <span class="pointer-events-none absolute top-[5px] left-[5px] size-1.5 rounded-full bg-onaccent opacity-0 peer-checked:opacity-100" />
  </span>
));

/** One of a few choices, all in sight, each with room for an explanation. */
export const RadioGroup = component$<ChoiceProps>((props) => {
  const id = useId();
  return (
    <fieldset class={["flex flex-col gap-2", props.class]} data-testid={props.testId}>
      <legend class={props.hideLabel ? "sr-only" : "mb-1.5 text-sm font-medium text-normal"}>
        {props.label}
      </legend>
      {props.options.map((option) => (
        <div key={option.value} class="flex items-start gap-2">
          <RadioMark
            id={`${id}-${option.value}`}
            name={id}
            value={option.value}
            checked={option.value === props.value}
            disabled={(props.disabled || option.disabled) ?? false}
            describedBy={option.hint ? `${id}-${option.value}-hint` : undefined}
            onChange$={() => props.onChange$(option.value)}
          />
          <Words id={`${id}-${option.value}`} label={option.label} hint={option.hint} />
        </div>
      ))}
    </fieldset>
  );
});

/** One of two to five short choices side by side. */
export const SegmentedControl = component$<ChoiceProps>((props) => {
  const id = useId();
  return (
    <fieldset class={["flex min-w-0 flex-col gap-1", props.class]} data-testid={props.testId}>
      <legend class={props.hideLabel ? "sr-only" : "mb-1 text-sm font-medium text-normal"}>
        {props.label}
      </legend>
      <div class="inline-flex h-7 w-fit items-stretch gap-0.5 rounded-md bg-hover p-0.5">
        {props.options.map((option) => (
          <label
            key={option.value}
            title={option.hint ?? ""}
            class="relative inline-flex items-center rounded-sm px-2.5 whitespace-nowrap text-muted hover:text-strong has-checked:bg-raised has-checked:font-medium has-checked:text-strong has-checked:shadow-[0_0_0_1px_var(--color-strongline)] has-disabled:opacity-50 has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={id}
              value={option.value}
              checked={option.value === props.value}
              disabled={(props.disabled || option.disabled) ?? false}
              class="absolute inset-0 size-full appearance-none opacity-0"
              onChange$={() => props.onChange$(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
});
