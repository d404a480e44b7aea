import { component$, type QRL, useSignal, useTask$ } from "@builder.io/qwik";
import { Checkbox, IconButton, Select, TextField } from "~/ui";
import { parseLabels } from "./labels";
import type { FieldKind, SchemaField } from "./schema";
import { text } from "./strings";

const KINDS: readonly FieldKind[] = [
  "text",
  "number",
  "integer",
  "boolean",
  "date",
  "choice",
  "list",
];

export interface SchemaFieldRowProps {
  field: SchemaField;
  /** Its place in the list, from 1. */
  position: number;
  disabled: boolean;
  onChange$: QRL<(field: SchemaField) => void>;
  onRemove$: QRL<() => void>;
}

/** One field of a JSON column. */
export const SchemaFieldRow = component$<SchemaFieldRowProps>((props) => {
  const { onChange$ } = props;
  const name = useSignal(props.field.name);
  const choices = useSignal(props.field.choices.join(", "));
  useTask$(({ track }) => {
    name.value = track(() => props.field.name);
  });
  useTask$(({ track }) => {
    choices.value = track(() => props.field.choices).join(", ");
  });
  return (
    <fieldset class="flex flex-col gap-2 rounded-md border border-line bg-raised p-2">
      <legend class="sr-only">{text.schema.fieldNumber(props.position)}</legend>
      <div class="flex items-end gap-2">
        <TextField
          label={text.schema.fieldName}
          value={name.value}
          disabled={props.disabled}
          mono
          onInput$={(value) => {
            name.value = value;
          }}
          onChange$={(value) => onChange$({ ...props.field, name: value })}
          class="flex-1"
          testId={`inspector-field-name-${props.position}`}
        />
        <Select
          label={text.schema.fieldKind}
          value={props.field.kind}
          options={KINDS.map((kind) => ({ value: kind, label: text.schema.fieldKinds[kind] }))}
          disabled={props.disabled}
          onChange$={(value) => {
            const kind = KINDS.find((one) => one === value);
            if (kind !== undefined) return onChange$({ ...props.field, kind });
          }}
          class="w-32"
        />
        <IconButton
          icon="trash"
          label={text.schema.removeField(props.field.name)}
          disabled={props.disabled}
          onClick$={props.onRemove$}
        />
      </div>
      {props.field.kind === "choice" && (
        <TextField
          label={text.schema.choices}
          value={choices.value}
          disabled={props.disabled}
          onInput$={(value) => {
            choices.value = value;
          }}
          onChange$={(value) => onChange$({ ...props.field, choices: parseLabels(value) })}
        />
      )}
      <TextField
        label={text.schema.description}
        value={props.field.description}
        disabled={props.disabled}
        onChange$={(value) => onChange$({ ...props.field, description: value })}
      />
      <Checkbox
        label={text.schema.required}
        checked={props.field.required}
        disabled={props.disabled}
        onChange$={(required) => onChange$({ ...props.field, required })}
      />
    </fieldset>
  );
});
