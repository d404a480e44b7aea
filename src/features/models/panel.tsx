import { component$, Slot } from "@builder.io/qwik";

interface PanelProps {
  title: string;
  hint?: string | undefined;
  testId?: string | undefined;
}

/**
 * One part of the models screen: a heading, what can be done about all of it (the slot "actions"),
 * and a frame around its lines.
 */
export const Panel = component$<PanelProps>(({ title, hint, testId }) => (
  <section class="mb-6" aria-label={title} data-testid={testId}>
    <div class="mb-1 flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
      {/* Takes the focus when the line that had it is gone. */}
      <h2 tabIndex={-1} data-heading class="font-semibold text-muted text-sm outline-none">
        {title}
      </h2>
      {hint !== undefined && <p class="min-w-0 text-faint text-sm">{hint}</p>}
      <span class="ml-auto flex items-center gap-2">
        <Slot name="actions" />
      </span>
    </div>
    <div class="rounded-md border border-line bg-raised px-4">
      <Slot />
    </div>
  </section>
));
