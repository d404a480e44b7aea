import { component$ } from "@builder.io/qwik";

/** The mark of the product: a table whose one cell has a spark. */
export const Mark = component$<{ size?: number }>(({ size = 22 }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    aria-hidden="true"
    class="shrink-0"
  >
    <rect x="2" y="2" width="20" height="20" rx="5.5" class="fill-accent" />
    <path d="M2 9.2h20M9.2 2v20" class="stroke-onaccent" stroke-width="1.4" stroke-opacity="0.5" />
    <path
      d="M15.6 10.9l1.15 3.55 3.55 1.15-3.55 1.15-1.15 3.55-1.15-3.55-3.55-1.15 3.55-1.15z"
      class="fill-onaccent"
    />
  </svg>
));
