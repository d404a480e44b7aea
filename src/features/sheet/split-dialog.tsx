import { $, component$, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { type AppError, type Column, type DataType, errorOf, ipc } from "~/ipc";
import { Checkbox, EmptyState, Select, Spinner, TextField } from "~/ui";
import { AskDialog } from "./ask-dialog";
import { splitColumn } from "./column-actions";
import {
  firstChoices,
  type SplitChoice,
  shownProperty,
  splitProblem,
  splitRequest,
} from "./split-plan";
import { text } from "./strings";
import { useSheetTools } from "./tools";

const TYPES = Object.entries(text.types).map(([value, label]) => ({ value, label }));

/** Asks which properties of a JSON column become columns, and of which types. */
export const SplitDialog = component$<{ column: Column }>(({ column }) => {
  const tools = useSheetTools();
  const { sheet, ui } = tools;
  const { id } = column;
  const form = useStore<{ choices: SplitChoice[] | null; error: AppError | null }>(
    { choices: null, error: null },
    { deep: true },
  );
  const busy = useSignal(false);

  useTask$(() => {
    // Not awaited: nothing is painted while a task is waited for.
    ipc.jsonProperties(sheet.info.id, id).then(
      (properties) => {
        form.choices = firstChoices(properties, sheet.columns);
      },
      (thrown: unknown) => {
        form.error = errorOf(thrown);
      },
    );
  });

  const split = $(async () => {
    busy.value = true;
    form.error = null;
    try {
      await splitColumn(tools, id, splitRequest(form.choices ?? [], sheet.columns));
      ui.dialog = null;
    } catch (thrown) {
      form.error = errorOf(thrown);
    } finally {
      busy.value = false;
    }
  });
  const choices = form.choices;
  const wanted = splitRequest(choices ?? [], sheet.columns).length;
  return (
    <AskDialog
      width="m"
      title={text.split.title(column.name)}
      confirm={text.split.confirm(wanted)}
      busy={busy}
      disabled={wanted === 0}
      onConfirm$={split}
      testId="column-split-dialog"
      confirmTestId="column-split"
    >
      {form.error && <FailureNotice failure={form.error} class="mb-3" />}
      {choices === null && form.error === null && <Spinner label={text.split.looking} />}
      {choices?.length === 0 && (
        <EmptyState icon="braces" title={text.split.nothing} body={text.split.nothingBody} />
      )}
      {choices !== null && choices.length > 0 && (
        <>
          <p class="mb-3 text-muted">{text.split.body}</p>
          <ul class="flex flex-col gap-2">
            {choices.map((choice, at) => (
              <li key={choice.property} class="flex items-start gap-2">
                <Checkbox
                  label={shownProperty(choice)}
                  checked={choice.isChosen}
                  onChange$={(isChosen) => {
                    choice.isChosen = isChosen;
                  }}
                  class="w-36 min-w-0 flex-none pt-1 font-mono [overflow-wrap:anywhere]"
                  testId={`column-split-${at + 1}`}
                />
                <TextField
                  label={text.split.name(shownProperty(choice))}
                  hideLabel
                  value={choice.name}
                  disabled={!choice.isChosen}
                  error={problemText(splitProblem(choices, at, sheet.columns))}
                  onInput$={(name) => {
                    choice.name = name;
                  }}
                  class="flex-1"
                  testId={`column-split-name-${at + 1}`}
                />
                <Select
                  label={text.split.type(shownProperty(choice))}
                  hideLabel
                  value={choice.dataType}
                  options={TYPES}
                  disabled={!choice.isChosen}
                  onChange$={(type) => {
                    choice.dataType = type as DataType;
                  }}
                  class="w-36 flex-none"
                  testId={`column-split-type-${at + 1}`}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </AskDialog>
  );
});

function problemText(problem: "blank" | "taken" | null): string | undefined {
  if (problem === null) return undefined;
  return problem === "blank" ? text.column.noName : text.column.taken;
}
