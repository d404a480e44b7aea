import { component$, useContext, useSignal } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Select } from "~/ui";
import { CalibrationFields } from "./calibration-fields";
import { canCalibrate, OUTPUT_TYPES, offeredType } from "./draft";
import { LabelEditor } from "./label-editor";
import { NumberFields } from "./number-fields";
import { SchemaEditor } from "./schema-editor";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** What every cell of the column must be. */
export const OutputEditor = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { outputType } = state.draft;
  const offered = offeredType(outputType);
  // One or several, for when the person comes back to labels from another type.
  const labelType = useSignal<"label" | "labels">("label");
  return (
    <div class="flex flex-col gap-3">
      <Select
        label={text.output.label}
        value={offered}
        options={OUTPUT_TYPES.map((type) => ({ value: type, label: text.output.types[type] }))}
        hint={text.output.hints[outputType]}
        disabled={sheet.readOnly !== null}
        onChange$={(value) => {
          const type = OUTPUT_TYPES.find((one) => one === value);
          if (type === undefined) return;
          const before = state.draft.outputType;
          if (before === "label" || before === "labels") labelType.value = before;
          state.draft.outputType = type === "label" ? labelType.value : type;
        }}
        testId="inspector-output"
      />
      {offered === "label" && <LabelEditor />}
      {canCalibrate({ type: outputType }) && <CalibrationFields />}
      {offered === "number" && <NumberFields />}
      {offered === "json" && <SchemaEditor />}
    </div>
  );
});
