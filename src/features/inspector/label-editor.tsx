import { $, component$, useContext, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { labelColours } from "~/lib/label-colours";
import { SheetContext } from "~/state/sheet";
import { Button, IconButton, Switch, TextField } from "~/ui";
import { parseLabels, withLabels, withMoved } from "./labels";
import { listen } from "./listen";
import { problemText } from "./problem-text";
import { AiColumnContext, problemsOf } from "./state";
import { text } from "./strings";

/** The labels of a label column, in the order in which the model gets them. */
export const LabelEditor = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const typed = useSignal("");
  const entry = useSignal<HTMLElement>();
  const { labels, outputType } = state.draft;
  // As it is saved: the colour must not change when the space behind a label goes.
  const colours = labelColours(labels.map((label) => label.trim()));
  const isReadOnly = sheet.readOnly !== null;
  const problem = problemsOf(sheet, state).find((one) => one.field === "labels");
  // A list that is only just begun is not yet wrong.
  const isShown = problem !== undefined && (state.attempted || problem.label.kind !== "too_few");

  const add = $((value: string) => {
    state.draft.labels = withLabels(state.draft.labels, parseLabels(value));
    typed.value = "";
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a one-line field would join pasted lines
  useVisibleTask$(({ cleanup }) => {
    const element = entry.value;
    if (!element) return;
    cleanup(
      listen(element, "paste", (event) => {
        const pasted = event.clipboardData?.getData("text/plain") ?? "";
        if (parseLabels(pasted).length < 2) return;
        event.preventDefault();
        void add(pasted);
      }),
    );
  });

  return (
    <fieldset class="flex min-w-0 flex-col gap-1.5" data-testid="inspector-labels">
      {/* A legend in sight takes room twice in WebKit. */}
      <legend class="sr-only">{text.output.labels}</legend>
      <p aria-hidden="true" class="text-sm font-medium text-normal">
        {labels.length > 12 ? text.output.manyLabels(labels.length) : text.output.labels}
      </p>
      <ul class="scroll-area flex max-h-64 flex-col gap-1 empty:hidden">
        {labels.map((label, index) => (
          // Labels have no name but their place, and two may be alike while one is typed.
          <li key={index} class="flex items-center gap-1">
            <span
              aria-hidden="true"
              class={[
                "size-3 shrink-0 rounded-sm border border-(--label-ink) bg-(--label-ground)",
                `label-${colours.get(label.trim()) ?? "blue"}`,
              ]}
            />
            <TextField
              label={text.output.labelNumber(index + 1)}
              hideLabel
              value={label}
              disabled={isReadOnly}
              onInput$={(value) => {
                state.draft.labels = state.draft.labels.map((one, at) =>
                  at === index ? value : one,
                );
              }}
              class="flex-1"
            />
            <IconButton
              icon="arrow-up"
              size="s"
              label={text.output.labelUp(label)}
              disabled={isReadOnly || index === 0}
              onClick$={() => {
                state.draft.labels = withMoved(state.draft.labels, index, index - 1);
              }}
            />
            <IconButton
              icon="arrow-down"
              size="s"
              label={text.output.labelDown(label)}
              disabled={isReadOnly || index === labels.length - 1}
              onClick$={() => {
                state.draft.labels = withMoved(state.draft.labels, index, index + 1);
              }}
            />
            <IconButton
              icon="x"
              size="s"
              label={text.output.labelRemove(label)}
              disabled={isReadOnly}
              onClick$={() => {
                state.draft.labels = state.draft.labels.filter((_, at) => at !== index);
              }}
            />
          </li>
        ))}
      </ul>
      <div ref={entry} class="flex items-start gap-1">
        <TextField
          label={text.output.newLabel}
          hideLabel
          placeholder={text.output.newLabelPlaceholder}
          hint={text.output.pasteHint}
          value={typed.value}
          disabled={isReadOnly}
          onInput$={(value) => {
            typed.value = value;
          }}
          // Also when the field is left: what was typed there was meant.
          onChange$={add}
          error={isShown ? problemText(problem, null) : undefined}
          testId="inspector-new-label"
          class="flex-1"
        />
        <Button
          icon="plus"
          disabled={isReadOnly || typed.value.trim() === ""}
          onClick$={() => add(typed.value)}
          testId="inspector-add-label"
        >
          {text.output.addLabel}
        </Button>
        {labels.length > 0 && (
          <IconButton
            icon="trash"
            label={text.output.clearLabels}
            disabled={isReadOnly}
            onClick$={() => {
              state.draft.labels = [];
            }}
          />
        )}
      </div>
      <Switch
        label={text.output.multi}
        hint={text.output.multiHint}
        checked={outputType === "labels"}
        disabled={isReadOnly}
        onChange$={(isMulti) => {
          state.draft.outputType = isMulti ? "labels" : "label";
        }}
        testId="inspector-multi-label"
        class="mt-1"
      />
    </fieldset>
  );
});
