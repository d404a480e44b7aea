import { component$, Slot } from "@builder.io/qwik";

export interface FieldProps {
  id: string;
  label: string;
  hideLabel?: boolean | undefined;
  hint?: string | undefined;
  error?: string | undefined;
  class?: string | undefined;
}

/** The look of every one-line control. */
export const controlClass =
  "w-full min-w-0 rounded-md border bg-raised px-2 text-base text-strong " +
  "disabled:opacity-50 focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-accent";

/** What `aria-describedby` says for a field: its hint, its error, both or nothing. */
export function describedBy(id: string, hint?: string, error?: string): string | undefined {
  const parts = [error ? `${id}-error` : "", hint ? `${id}-hint` : ""].filter(Boolean);
  return parts.length > 0 ? parts.join(" ") : undefined;
}

/** A control with its label above, and its hint and error below. */
export const Field = component$<FieldProps>((props) => (
  <div class={["flex min-w-0 flex-col gap-1", props.class]}>
    <label for={props.id} class={props.hideLabel ? "sr-only" : "text-sm font-medium text-normal"}>
      {props.label}
    </label>
    <Slot />
    {props.error && (
      <p id={`${props.id}-error`} role="alert" class="text-sm text-error select-text">
        {props.error}
      </p>
    )}
    {props.hint && (
      <p id={`${props.id}-hint`} class="text-sm text-muted">
        {props.hint}
      </p>
    )}
  </div>
));
