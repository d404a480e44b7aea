import { component$, useContext } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { NumberField, Switch } from "~/ui";
import { problemText } from "./problem-text";
import { AiColumnContext, problemsOf } from "./state";
import { text } from "./strings";

/** Which numbers a number column takes. */
export const NumberFields = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { integer, min, max } = state.draft.limits;
  const isReadOnly = sheet.readOnly !== null;
  const problem = problemsOf(sheet, state).find((one) => one.field === "number");
  // A least of 0.5 is right where any number is; a step of 1 would round it.
  const step = integer ? 1 : 0.5;
  return (
    <div class="flex flex-col gap-3" data-testid="inspector-number">
      <Switch
        label={text.number.integer}
        checked={integer}
        disabled={isReadOnly}
        onChange$={(isWhole) => {
          state.draft.limits.integer = isWhole;
        }}
        testId="inspector-number-integer"
      />
      <div class="grid grid-cols-2 gap-3">
        <NumberField
          label={text.number.min}
          value={min}
          step={step}
          placeholder={text.number.any}
          disabled={isReadOnly}
          onChange$={(value) => {
            state.draft.limits.min = value;
          }}
          testId="inspector-number-min"
        />
        <NumberField
          label={text.number.max}
          value={max}
          step={step}
          placeholder={text.number.any}
          disabled={isReadOnly}
          error={problem === undefined ? undefined : problemText(problem, null)}
          onChange$={(value) => {
            state.draft.limits.max = value;
          }}
          testId="inspector-number-max"
        />
      </div>
    </div>
  );
});
