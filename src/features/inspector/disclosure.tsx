import { component$, type Signal, Slot, useId } from "@builder.io/qwik";
import { Icon } from "~/ui";

/** A section that opens and closes; the slot "aside" stands beside its title. */
export const Disclosure = component$<{
  title: string;
  open: Signal<boolean>;
  testId?: string | undefined;
}>((props) => {
  const id = useId();
  const { open } = props;
  return (
    <section class="flex flex-col gap-2 border-t border-line pt-2">
      <div class="flex items-center gap-2">
        <button
          type="button"
          aria-expanded={open.value ? "true" : "false"}
          aria-controls={open.value ? id : undefined}
          data-testid={props.testId}
          class="flex h-7 min-w-0 flex-1 items-center gap-1 rounded-md text-left text-sm font-medium text-normal hover:text-strong focus-visible:ring-2 focus-visible:ring-accent"
          onClick$={() => {
            open.value = !open.value;
          }}
        >
          <Icon name={open.value ? "chevron-down" : "chevron-right"} size={14} />
          {props.title}
        </button>
        <Slot name="aside" />
      </div>
      {open.value && (
        <div id={id} class="flex flex-col gap-3">
          <Slot />
        </div>
      )}
    </section>
  );
});
