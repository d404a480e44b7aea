import { component$, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import type { Column } from "~/ipc";
import { harmless } from "~/lib/harmless";
import { labelColours, labelsOfColumn } from "~/lib/label-colours";
import { LabelChip } from "~/ui";
import { chosenLabels, typedLabels } from "./edit-value";
import type { PanelTools } from "./panel";
import { text as words } from "./strings";

/** The labels of a column to choose from, one or several, in place of a text to type. */
export const LabelPicker = component$<{ tools: PanelTools; column: Column }>(
  ({ tools, column }) => {
    const { panel } = tools;
    const group = useId();
    const list = useSignal<HTMLElement>();
    const isMulti = column.value_type === "nested";
    const labels = labelsOfColumn(column) ?? [];
    const before = useSignal(chosenLabels(panel.edit?.before ?? "", column));
    const chosen = useSignal(before.value);
    const colours = labelColours(labels);
    // A text that somebody typed once stays a choice, so that looking at it does not lose it.
    const offered = [...labels, ...before.value.filter((label) => !labels.includes(label))];

    // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
    useVisibleTask$(() => {
      const first =
        list.value?.querySelector<HTMLInputElement>("input:checked") ??
        list.value?.querySelector<HTMLInputElement>("input");
      first?.focus();
    });

    return (
      <fieldset
        ref={list}
        class="scroll-area flex min-h-0 flex-1 flex-col gap-0.5 p-3"
        data-testid="cell-label-picker"
      >
        <legend class="sr-only">{words.editing(column.name)}</legend>
        {offered.map((label) => (
          <label
            key={label}
            class="flex min-h-7 items-center gap-2 rounded-md px-1.5 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type={isMulti ? "checkbox" : "radio"}
              name={group}
              checked={chosen.value.includes(label)}
              class="size-4 flex-none accent-accent"
              onChange$={(_, element) => {
                chosen.value = isMulti
                  ? offered.filter((one) =>
                      one === label ? element.checked : chosen.value.includes(one),
                    )
                  : [label];
                if (panel.edit) panel.edit.typed = typedLabels(chosen.value, column);
              }}
            />
            <LabelChip label={harmless(label)} colour={colours.get(label) ?? null} />
          </label>
        ))}
      </fieldset>
    );
  },
);
