import { component$ } from "@builder.io/qwik";

export interface SpinnerProps {
  /** What is being waited for; read aloud, not shown. Empty when something beside it says so. */
  label: string;
  size?: number | undefined;
  class?: string | undefined;
}

/** A turning ring: work of unknown length. */
export const Spinner = component$<SpinnerProps>(({ label, size = 16, class: extra }) => (
  <span
    class={["inline-flex shrink-0", extra]}
    {...(label ? { role: "status", "aria-label": label } : { "aria-hidden": "true" })}
  >
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" class="ui-spinner">
      <title>{label}</title>
      <circle cx="12" cy="12" r="9" stroke="currentColor" stroke-width="2.5" opacity="0.25" />
      <path
        d="M12 3a9 9 0 0 1 9 9"
        stroke="currentColor"
        stroke-width="2.5"
        stroke-linecap="round"
      />
    </svg>
  </span>
));
