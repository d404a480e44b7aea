import { $, component$, type QRL, useSignal, useStore } from "@builder.io/qwik";
import type { CellState, Column, ColumnId } from "~/ipc";
import { Button, Checkbox, Combobox, SegmentedControl, Select, TextField } from "~/ui";
import {
  type Condition,
  type ConditionDraft,
  conditionOfDraft,
  type DraftProblem,
  draftOf,
  newDraft,
  type TestKind,
  testsFor,
} from "./conditions";
import { text } from "./strings";
import { columnOf, useSheetTools } from "./tools";
import { ValueList } from "./value-list";

const states: CellState[] = ["done", "edited", "validated", "failed", "stale", "empty"];

interface EditorProps {
  column: ColumnId;
  /** The condition to change; null for a new one. */
  condition: Condition | null;
  /** Its place in the filter, so that the values can be counted among the other conditions. */
  index: number | null;
  onApply$: QRL<(condition: Condition) => void>;
  onCancel$: QRL<() => void>;
}

/** Writes one condition: a column, a test, and what it is compared with. */
export const ConditionEditor = component$<EditorProps>((props) => {
  const tools = useSheetTools();
  const { sheet } = tools;
  const column = columnOf(tools, props.column);
  const draft = useStore<{ value: ConditionDraft | null }>(() => ({
    value: firstDraft(props, column),
  }));
  const problem = useSignal<DraftProblem | null>(null);
  const { onApply$, onCancel$ } = props;

  const change = $((part: Partial<ConditionDraft>) => {
    problem.value = null;
    if (draft.value) draft.value = { ...draft.value, ...part };
  });
  const chooseColumn = $((value: string) => {
    const chosen = columnOf(tools, Number(value));
    if (!chosen) return;
    problem.value = null;
    draft.value = { ...newDraft(chosen), negated: draft.value?.negated ?? false };
  });
  const apply = $(async () => {
    const written = draft.value;
    const of = written && columnOf(tools, written.column);
    if (!written || !of) return;
    const made = conditionOfDraft(written, of);
    if ("problem" in made) problem.value = made.problem;
    else await onApply$(made.condition);
  });

  const now = draft.value;
  const of = now && columnOf(tools, now.column);
  if (!now || !of) return null;
  return (
    <form class="flex w-80 flex-col gap-3" preventdefault:submit onSubmit$={apply}>
      <Combobox
        label={text.filter.column}
        value={String(now.column)}
        options={sheet.columns.map((other) => ({ value: String(other.id), label: other.name }))}
        onChange$={chooseColumn}
        testId="condition-column"
      />
      <Select
        label={text.filter.test}
        value={now.kind}
        options={testsFor(of).map((kind) => ({ value: kind, label: text.filter.tests[kind] }))}
        onChange$={(value: string) => change({ kind: value as TestKind })}
        testId="condition-test"
      />
      <Operand draft={now} column={of} index={props.index} onChange$={change} />
      <SegmentedControl
        label={text.filter.sense}
        hideLabel
        value={now.negated ? "not" : "holds"}
        options={[
          { value: "holds", label: text.filter.holds },
          { value: "not", label: text.filter.not },
        ]}
        onChange$={(value: string) => change({ negated: value === "not" })}
        testId="condition-sense"
      />
      {problem.value && (
        <p class="text-sm text-error" role="alert">
          {text.filter.problems[problem.value]}
        </p>
      )}
      <div class="flex justify-end gap-2">
        <Button onClick$={onCancel$}>{text.filter.cancel}</Button>
        <Button variant="primary" type="submit" testId="condition-apply">
          {text.filter.apply}
        </Button>
      </div>
    </form>
  );
});

function firstDraft(props: EditorProps, column: Column | null): ConditionDraft | null {
  if (!column) return null;
  return props.condition ? draftOf(props.condition, column) : newDraft(column);
}

interface OperandProps {
  draft: ConditionDraft;
  column: Column;
  index: number | null;
  onChange$: QRL<(part: Partial<ConditionDraft>) => void>;
}

/** What the cell is compared with; it depends on the test. */
const Operand = component$<OperandProps>(({ draft, column, index, onChange$ }) => {
  switch (draft.kind) {
    case "empty":
      return null;
    case "values":
      return (
        <ValueList
          key={column.id}
          column={column.id}
          index={index}
          chosen={draft.values}
          onChange$={(values) => onChange$({ values })}
        />
      );
    case "matches":
      return (
        <TextField
          label={text.filter.pattern}
          value={draft.text}
          mono
          autoFocus
          onInput$={(value: string) => onChange$({ text: value })}
          testId="condition-text"
        />
      );
    case "contains":
    case "starts":
    case "ends":
    case "is":
      return (
        <div class="flex flex-col gap-2">
          <TextField
            label={text.filter.text}
            value={draft.text}
            autoFocus
            onInput$={(value: string) => onChange$({ text: value })}
            testId="condition-text"
          />
          <Checkbox
            label={text.filter.matchCase}
            checked={draft.matchCase}
            onChange$={(checked: boolean) => onChange$({ matchCase: checked })}
          />
        </div>
      );
    case "between":
    case "confidence": {
      const isShare = draft.kind === "confidence";
      return (
        <div class="grid grid-cols-2 gap-2">
          <TextField
            label={isShare ? text.filter.leastPercent : text.filter.least}
            value={draft.least}
            onInput$={(value: string) => onChange$({ least: value })}
            testId="condition-least"
          />
          <TextField
            label={isShare ? text.filter.mostPercent : text.filter.most}
            value={draft.most}
            onInput$={(value: string) => onChange$({ most: value })}
            testId="condition-most"
          />
        </div>
      );
    }
    case "state":
      return (
        <fieldset class="flex flex-col gap-1.5">
          <legend class="mb-1 text-sm font-medium text-muted">{text.filter.states}</legend>
          {states.map((state) => (
            <Checkbox
              key={state}
              label={text.states[state]}
              checked={draft.states.includes(state)}
              onChange$={(checked: boolean) =>
                onChange$({
                  states: checked
                    ? [...draft.states, state]
                    : draft.states.filter((other) => other !== state),
                })
              }
            />
          ))}
        </fieldset>
      );
  }
});
