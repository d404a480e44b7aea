import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Button, Notice, SegmentedControl, TextField } from "~/ui";
import { setFields, setSchema } from "./draft";
import { problemText } from "./problem-text";
import { newField, readSchema, type SchemaField, schemaText } from "./schema";
import { SchemaFieldRow } from "./schema-field";
import { AiColumnContext, problemsOf } from "./state";
import { text } from "./strings";

/** The schema of a JSON column, as a list of fields or as the text of the schema. */
export const SchemaEditor = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { fields } = state.draft;
  const isReadable = "schema" in readSchema(state.draft.schema);
  const view = useSignal(fields === null ? "raw" : "fields");
  const isReadOnly = sheet.readOnly !== null;
  const problem = problemsOf(sheet, state).find((one) => one.field === "schema");

  const write = $((next: SchemaField[]) => setFields(state.draft, next));
  const change = $((index: number, field: SchemaField) =>
    write((state.draft.fields ?? []).map((one, at) => (at === index ? field : one))),
  );
  const remove = $((index: number) =>
    write((state.draft.fields ?? []).filter((_, at) => at !== index)),
  );
  const isRaw = view.value === "raw" || fields === null;
  return (
    <div class="flex flex-col gap-2" data-testid="inspector-schema">
      <SegmentedControl
        label={text.schema.view}
        hideLabel
        value={isRaw ? "raw" : "fields"}
        options={[
          { value: "fields", label: text.schema.fields, disabled: fields === null },
          { value: "raw", label: text.schema.raw },
        ]}
        onChange$={(value) => {
          view.value = value;
        }}
        testId="inspector-schema-view"
      />
      {isRaw && (
        <TextField
          label={text.schema.rawLabel}
          hideLabel
          multiline
          mono
          rows={12}
          value={state.draft.schema}
          disabled={isReadOnly}
          onInput$={(value) => setSchema(state.draft, value)}
          onChange$={(value) => {
            const read = readSchema(value);
            if ("schema" in read) setSchema(state.draft, schemaText(read.schema));
          }}
          error={problem === undefined ? undefined : problemText(problem, null)}
          hint={
            fields !== null ? undefined : isReadable ? text.schema.rawOnly : text.schema.rawBroken
          }
          testId="inspector-schema-raw"
        />
      )}
      {!isRaw && (
        <>
          <ol class="flex flex-col gap-2">
            {fields.map((field, index) => (
              // A field's name changes while it is typed; its place does not.
              <li key={index}>
                <SchemaFieldRow
                  field={field}
                  position={index + 1}
                  disabled={isReadOnly}
                  onChange$={(changed) => change(index, changed)}
                  onRemove$={() => remove(index)}
                />
              </li>
            ))}
          </ol>
          {problem !== undefined && <Notice kind="error">{problemText(problem, null)}</Notice>}
          <Button
            icon="plus"
            size="s"
            class="self-start"
            disabled={isReadOnly}
            onClick$={() => write([...(fields ?? []), newField(fields ?? [])])}
            testId="inspector-add-field"
          >
            {text.schema.addField}
          </Button>
        </>
      )}
    </div>
  );
});
