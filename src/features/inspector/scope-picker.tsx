import { component$, useContext } from "@builder.io/qwik";
import { formatCount } from "~/lib/format";
import { SheetContext, type SheetState } from "~/state/sheet";
import { Checkbox, NumberField, type Option, Select } from "~/ui";
import { NEW_SCOPES, SCOPES, type ScopeChoice } from "./run-scope";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** Which cells the next run fills, and whether earlier answers may be used. */
export const ScopePicker = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { scope } = state;
  const isNew = state.column === null;
  return (
    <>
      <Select
        label={text.run.scope}
        hideLabel
        value={scope.choice}
        options={isNew ? newOptions(sheet) : options(sheet)}
        onChange$={(value) => {
          const choice = SCOPES.find((one) => one === value);
          if (choice !== undefined) state.scope.choice = choice;
        }}
        testId="inspector-scope"
        class="min-w-36 flex-1"
      />
      {scope.choice === "first" && (
        <NumberField
          label={text.run.firstCount}
          hideLabel
          value={scope.firstCount}
          min={1}
          step={1}
          onChange$={(value) => {
            state.scope.firstCount = value ?? 1;
          }}
          testId="inspector-first-count"
          class="w-20"
        />
      )}
      {!isNew && text.run.scopeHints[scope.choice] !== "" && (
        <p class="order-last w-full text-sm text-muted">{text.run.scopeHints[scope.choice]}</p>
      )}
      {!isNew && (
        <Checkbox
          label={text.run.fresh}
          checked={scope.fresh}
          onChange$={(checked) => {
            state.scope.fresh = checked;
          }}
          testId="inspector-fresh"
          class="order-last w-full"
        />
      )}
    </>
  );
});

function options(sheet: SheetState): Option[] {
  return SCOPES.map((value) => option(sheet, value, text.run.scopes[value]));
}

function newOptions(sheet: SheetState): Option[] {
  return NEW_SCOPES.map((value) => option(sheet, value, text.run.newScopes[value]));
}

function option(sheet: SheetState, value: ScopeChoice, label: string): Option {
  const { rows, several } = sheet.selected;
  if (value === "selected") {
    const count = rows === null || several ? null : rows.last - rows.first + 1;
    const counted = count === null ? label : `${label} (${formatCount(count)})`;
    return { value, label: counted, disabled: rows === null };
  }
  return { value, label, disabled: value === "filtered" && sheet.filter === null };
}
