import { $, component$, type QRL } from "@builder.io/qwik";
import { Button, Notice } from "~/ui";
import { withMoved } from "./labels";
import { fieldProblemText } from "./problem-text";
import { type FieldProblem, newField, type SchemaField } from "./schema";
import { SchemaFieldRow } from "./schema-field";
import { text } from "./strings";

export interface SchemaFieldListProps {
  fields: readonly SchemaField[];
  /** The places of the objects that this list is inside of, from the outermost. */
  path: readonly number[];
  /** The name of the object that has the fields, "" for the whole. */
  of: string;
  disabled: boolean;
  /** The first problem of the whole builder. */
  problem: FieldProblem | null;
  onChange$: QRL<(fields: SchemaField[]) => void>;
}

/** The fields of an object, in the order in which the model writes them. */
export const SchemaFieldList = component$<SchemaFieldListProps>((props) => {
  const { fields, path, problem } = props;
  const change = $((index: number, field: SchemaField) =>
    props.onChange$(props.fields.map((one, at) => (at === index ? field : one))),
  );
  const move = $((index: number, to: number) =>
    props.onChange$(withMoved(props.fields, index, to)),
  );
  const remove = $((index: number) =>
    props.onChange$(props.fields.filter((_, at) => at !== index)),
  );
  const isNone = problem?.kind === "none" && problem.path.join() === path.join();
  return (
    <div class="flex flex-col gap-2">
      <ol class="flex flex-col gap-2 empty:hidden">
        {fields.map((field, index) => (
          // A field's name changes while it is typed; its place does not.
          <li key={index}>
            <SchemaFieldRow
              field={field}
              path={[...path, index]}
              isLast={index === fields.length - 1}
              disabled={props.disabled}
              problem={problem}
              onChange$={(changed) => change(index, changed)}
              onMove$={(by) => move(index, index + by)}
              onRemove$={() => remove(index)}
            />
          </li>
        ))}
      </ol>
      {problem !== null && isNone && <Notice kind="error">{fieldProblemText(problem)}</Notice>}
      <Button
        icon="plus"
        size="s"
        class="self-start"
        disabled={props.disabled}
        ariaLabel={props.of === "" ? undefined : text.schema.addFieldTo(props.of)}
        onClick$={() => props.onChange$([...props.fields, newField(props.fields)])}
        testId={["inspector-add-field", ...path.map((at) => at + 1)].join("-")}
      >
        {text.schema.addField}
      </Button>
    </div>
  );
});
