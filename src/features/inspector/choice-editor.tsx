import { $, component$, type QRL, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { Icon, TextField } from "~/ui";
import { parseChoices } from "./labels";
import { listen } from "./listen";
import { text } from "./strings";

export interface ChoiceEditorProps {
  choices: readonly string[];
  disabled: boolean;
  error?: string | undefined;
  onChange$: QRL<(choices: string[]) => void>;
  testId: string;
}

/** The texts that a field may be. Letter case tells them apart, as it does in a schema. */
export const ChoiceEditor = component$<ChoiceEditorProps>((props) => {
  const typed = useSignal("");
  const entry = useSignal<HTMLElement>();
  const add = $((choices: readonly string[]) => {
    typed.value = "";
    const added = choices.filter((choice) => choice !== "");
    if (added.length > 0) return props.onChange$([...new Set([...props.choices, ...added])]);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a one-line field would join pasted lines
  useVisibleTask$(({ cleanup }) => {
    const element = entry.value;
    if (!element) return;
    cleanup(
      listen(element, "paste", (event) => {
        const pasted = parseChoices(event.clipboardData?.getData("text/plain") ?? "");
        if (pasted.length < 2) return;
        event.preventDefault();
        void add(pasted);
      }),
    );
  });

  return (
    <div class="flex flex-col gap-1.5">
      {props.choices.length > 0 && (
        <ul aria-label={text.schema.choices} class="flex flex-wrap gap-1">
          {props.choices.map((choice) => (
            <li
              key={choice}
              class="inline-flex max-w-full items-center gap-0.5 rounded-sm bg-hover ps-1.5 text-normal"
            >
              <span class="truncate [unicode-bidi:isolate]" title={choice}>
                {choice === "" ? "“”" : choice}
              </span>
              <button
                type="button"
                class="inline-flex size-5 shrink-0 items-center justify-center rounded-sm text-muted hover:text-strong disabled:opacity-50"
                aria-label={text.schema.removeChoice(choice)}
                disabled={props.disabled}
                onClick$={() => props.onChange$(props.choices.filter((one) => one !== choice))}
              >
                <Icon name="x" size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div ref={entry}>
        <TextField
          label={text.schema.newChoice}
          hideLabel
          placeholder={text.schema.newChoicePlaceholder}
          value={typed.value}
          disabled={props.disabled}
          error={props.error}
          onInput$={(value) => {
            typed.value = value;
          }}
          // Also when the field is left: what was typed there was meant.
          onChange$={(value) => add([value.trim()])}
          testId={props.testId}
        />
      </div>
    </div>
  );
});
