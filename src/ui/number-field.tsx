import { $, component$, type QRL, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { controlClass, describedBy, Field } from "./field";
import { numberOfText, stepped } from "./number-text";

export interface NumberFieldProps {
  label: string;
  value: number | null;
  /** A settled number within the limits; null when the field was emptied. */
  onChange$: QRL<(value: number | null) => void>;
  min?: number | undefined;
  max?: number | undefined;
  /** Whole steps take whole numbers only. 1 by default. */
  step?: number | undefined;
  placeholder?: string | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean | undefined;
  hideLabel?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A number; arrow up and down step it. What is not a number goes back to the last value. */
export const NumberField = component$<NumberFieldProps>((props) => {
  const id = useId();
  const control = useSignal<HTMLInputElement>();

  const settle = $((element: HTMLInputElement, value: number | null | undefined) => {
    const kept = value === undefined ? props.value : value;
    element.value = kept === null ? "" : String(kept);
    if (value !== undefined && value !== props.value) return props.onChange$(value);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a step must beat the caret's own move
  useVisibleTask$(({ track, cleanup }) => {
    const found = track(control);
    if (!found) return;
    const element = found;
    function key(event: KeyboardEvent) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      const limits = { min: props.min, max: props.max, step: props.step ?? 1 };
      const now = numberOfText(element.value, limits) ?? null;
      void settle(element, stepped(now, event.key === "ArrowUp" ? 1 : -1, limits));
    }
    element.addEventListener("keydown", key);
    cleanup(() => element.removeEventListener("keydown", key));
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
      <input
        id={id}
        ref={control}
        type="text"
        inputMode="decimal"
        role="spinbutton"
        aria-valuenow={props.value ?? undefined}
        aria-valuemin={props.min}
        aria-valuemax={props.max}
        value={props.value === null ? "" : String(props.value)}
        placeholder={props.placeholder ?? ""}
        disabled={props.disabled ?? false}
        autocomplete="off"
        aria-invalid={props.error ? "true" : undefined}
        aria-describedby={describedBy(id, props.hint, props.error)}
        data-testid={props.testId}
        class={[
          controlClass,
          "h-7 tabular-nums",
          props.error ? "border-error" : "border-strongline",
        ]}
        onChange$={(_, element) =>
          settle(
            element,
            numberOfText(element.value, {
              min: props.min,
              max: props.max,
              step: props.step ?? 1,
            }),
          )
        }
      />
    </Field>
  );
});
