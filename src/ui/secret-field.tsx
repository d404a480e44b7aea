import { $, component$, type QRL, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { Button } from "./button";
import { controlClass, describedBy, Field } from "./field";

export interface SecretFieldProps {
  label: string;
  /** What sends it. */
  send: string;
  /** Takes the secret; the field is emptied before this begins, whatever comes of it. */
  onSend$: QRL<(secret: string) => void | Promise<void>>;
  placeholder?: string | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  busy?: boolean | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/**
 * A secret that is entered and never shown. It is nowhere but in the field itself, no signal and no
 * attribute holds it, and the element is thrown away with its undo list when it is sent.
 */
export const SecretField = component$<SecretFieldProps>((props) => {
  const id = useId();
  const control = useSignal<HTMLInputElement>();
  const isFilled = useSignal(false);
  /** Counts the elements: each holds one secret at most. */
  const turn = useSignal(0);

  const send = $(async () => {
    const element = control.value;
    const secret = element?.value.trim() ?? "";
    if (!element || secret === "" || props.busy || props.disabled) return;
    element.value = "";
    isFilled.value = false;
    turn.value += 1;
    await props.onSend$(secret);
  });

  // Its element had the focus, or the button that is off now: keys must not fall through to the page.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(({ track }) => {
    const element = track(control);
    if (turn.value > 0) element?.focus({ preventScroll: true });
  });
  return (
    <Field id={id} label={props.label} hint={props.hint} error={props.error} class={props.class}>
      <span class="flex items-center gap-2">
        <input
          key={turn.value}
          id={id}
          ref={control}
          type="password"
          placeholder={props.placeholder ?? ""}
          disabled={props.disabled ?? false}
          spellcheck={false}
          autocomplete="new-password"
          autocapitalize="off"
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy(id, props.hint, props.error)}
          data-testid={props.testId}
          class={[
            controlClass,
            "h-7 flex-1 font-mono text-sm",
            props.error ? "border-error" : "border-strongline",
          ]}
          onInput$={(_, element) => {
            isFilled.value = element.value.trim() !== "";
          }}
          onKeyDown$={(event) => {
            if (event.key === "Enter" && !event.isComposing) return send();
          }}
        />
        <Button
          busy={props.busy}
          disabled={props.disabled || !isFilled.value}
          onClick$={send}
          testId={props.testId && `${props.testId}-send`}
        >
          {props.send}
        </Button>
      </span>
    </Field>
  );
});
