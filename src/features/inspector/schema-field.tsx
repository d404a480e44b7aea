import { component$, type QRL, useSignal, useTask$ } from "@builder.io/qwik";
import { Checkbox, IconButton, Select, TextField } from "~/ui";
import { ChoiceEditor } from "./choice-editor";
import { fieldProblemText } from "./problem-text";
import { FIELD_KINDS, type FieldProblem, type SchemaField, withKind } from "./schema";
import { SchemaFieldList } from "./schema-fields";
import { text } from "./strings";

export interface SchemaFieldRowProps {
  field: SchemaField;
  /** Its place in the list, behind those of the objects that it is inside of; all from 0. */
  path: number[];
  isLast: boolean;
  disabled: boolean;
  /** The first problem of the whole builder. */
  problem: FieldProblem | null;
  onChange$: QRL<(field: SchemaField) => void>;
  onMove$: QRL<(by: -1 | 1) => void>;
  onRemove$: QRL<() => void>;
}

/** One field of an object, with its own fields where it is an object itself. */
export const SchemaFieldRow = component$<SchemaFieldRowProps>((props) => {
  const { field, path, problem } = props;
  const name = useSignal(field.name);
  useTask$(({ track }) => {
    name.value = track(() => props.field.name);
  });
  const place = path.map((at) => at + 1).join("-");
  const isHere = problem !== null && problem.path.join() === path.join();
  const error = isHere ? fieldProblemText(problem) : undefined;
  const isAboutName = problem?.kind === "nameless" || problem?.kind === "repeated";
  return (
    <fieldset
      class={[
        "flex min-w-0 flex-col gap-2 border-line",
        path.length === 1 ? "rounded-md border bg-raised p-2" : "border-s-2 ps-2",
      ]}
    >
      <legend class="sr-only">{text.schema.fieldNumber(place.replaceAll("-", "."))}</legend>
      <div class="flex items-start gap-1.5">
        <TextField
          label={text.schema.fieldName}
          hideLabel
          value={name.value}
          disabled={props.disabled}
          mono
          error={isAboutName ? error : undefined}
          onInput$={(value) => {
            name.value = value;
          }}
          onChange$={(value) => props.onChange$({ ...props.field, name: value })}
          class="flex-1"
          testId={`inspector-field-name-${place}`}
        />
        <Select
          label={text.schema.fieldKind}
          hideLabel
          value={field.kind}
          options={FIELD_KINDS.map((kind) => ({
            value: kind,
            label: text.schema.fieldKinds[kind],
          }))}
          disabled={props.disabled}
          onChange$={(value) => {
            const kind = FIELD_KINDS.find((one) => one === value);
            if (kind !== undefined) return props.onChange$(withKind(props.field, kind));
          }}
          class="w-28 shrink-0"
          testId={`inspector-field-kind-${place}`}
        />
        <IconButton
          icon="trash"
          label={text.schema.removeField(field.name)}
          disabled={props.disabled}
          onClick$={props.onRemove$}
        />
      </div>
      <div class="flex items-center gap-3">
        <Checkbox
          label={text.schema.required}
          checked={field.required}
          disabled={props.disabled}
          onChange$={(required) => props.onChange$({ ...props.field, required })}
        />
        <span title={text.schema.isListHint}>
          <Checkbox
            label={text.schema.isList}
            checked={field.isList}
            disabled={props.disabled}
            onChange$={(isList) => props.onChange$({ ...props.field, isList })}
            testId={`inspector-field-list-${place}`}
          />
        </span>
        <span class="flex-1" />
        <IconButton
          icon="arrow-up"
          size="s"
          label={text.schema.fieldUp(field.name)}
          disabled={props.disabled || path.at(-1) === 0}
          onClick$={() => props.onMove$(-1)}
        />
        <IconButton
          icon="arrow-down"
          size="s"
          label={text.schema.fieldDown(field.name)}
          disabled={props.disabled || props.isLast}
          onClick$={() => props.onMove$(1)}
        />
      </div>
      <TextField
        label={text.schema.description}
        hideLabel
        placeholder={text.schema.descriptionPlaceholder}
        value={field.description}
        disabled={props.disabled}
        onChange$={(value) => props.onChange$({ ...props.field, description: value })}
      />
      {field.kind === "choice" && (
        <ChoiceEditor
          choices={field.choices}
          disabled={props.disabled}
          error={problem?.kind === "choiceless" ? error : undefined}
          onChange$={(choices) => props.onChange$({ ...props.field, choices })}
          testId={`inspector-field-choices-${place}`}
        />
      )}
      {field.kind === "object" && (
        <SchemaFieldList
          fields={field.fields}
          path={path}
          of={field.name}
          disabled={props.disabled}
          problem={problem}
          onChange$={(fields) => props.onChange$({ ...props.field, fields })}
        />
      )}
    </fieldset>
  );
});
