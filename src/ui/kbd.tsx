import { component$ } from "@builder.io/qwik";
import { keyNames } from "./key-names";

export interface KbdProps {
  /** Keys joined by "+", such as "Ctrl+Shift+K"; "Ctrl" is ⌘ on a Mac, "Control" is ⌃. */
  keys: string;
  class?: string | undefined;
}

/** Keys to press. */
export const Kbd = component$<KbdProps>(({ keys, class: extra }) => (
  <span class={["inline-flex items-center gap-0.5", extra]}>
    {keyNames(keys).map((name, place) => (
      <kbd
        key={`${place}-${name}`}
        class="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line bg-panel px-1 font-sans text-xs text-muted"
      >
        {name}
      </kbd>
    ))}
  </span>
));
