import { component$, useContext } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Select } from "~/ui";
import { OUTPUT_TYPES } from "./draft";
import { LabelEditor } from "./label-editor";
import { SchemaEditor } from "./schema-editor";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** What every cell of the column must be. */
export const OutputEditor = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { outputType } = state.draft;
  return (
    <div class="flex flex-col gap-3">
      <Select
        label={text.output.label}
        value={outputType}
        options={OUTPUT_TYPES.map((type) => ({ value: type, label: text.output.types[type] }))}
        hint={text.output.hints[outputType]}
        disabled={sheet.readOnly !== null}
        onChange$={(value) => {
          const type = OUTPUT_TYPES.find((one) => one === value);
          if (type !== undefined) state.draft.outputType = type;
        }}
        testId="inspector-output"
      />
      {outputType === "label" && <LabelEditor />}
      {outputType === "json" && <SchemaEditor />}
    </div>
  );
});
