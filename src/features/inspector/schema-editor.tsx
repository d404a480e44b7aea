import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Button, SegmentedControl, TextField } from "~/ui";
import { setFields, setSchema } from "./draft";
import { problemText, rawReasonText } from "./problem-text";
import { fieldsOf, type SchemaField } from "./schema";
import { SchemaFieldList } from "./schema-fields";
import { readSchema, schemaText } from "./schema-text";
import { AiColumnContext, problemsOf } from "./state";
import { text } from "./strings";

/** The schema of a JSON column, as a list of fields or as the text of the schema. */
export const SchemaEditor = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { fields } = state.draft;
  const view = useSignal(fields === null ? "raw" : "fields");
  const problem = problemsOf(sheet, state).find((one) => one.field === "schema");
  // Two fields of one name are one property in the text, and one of them would be lost there.
  const kind = problem?.field === "schema" && problem.why === "fields" ? problem.fields.kind : null;
  const isAmbiguous = kind === "nameless" || kind === "repeated";
  const isRaw = view.value === "raw" || fields === null;
  const write = $((next: SchemaField[]) => setFields(state.draft, next));
  return (
    <div class="flex flex-col gap-2" data-testid="inspector-schema">
      <SegmentedControl
        label={text.schema.view}
        hideLabel
        value={isRaw ? "raw" : "fields"}
        options={[
          { value: "fields", label: text.schema.fields, disabled: fields === null },
          { value: "raw", label: text.schema.raw, disabled: !isRaw && isAmbiguous },
        ]}
        onChange$={(value) => {
          view.value = value;
        }}
        testId="inspector-schema-view"
      />
      {isRaw || fields === null ? (
        <RawSchema />
      ) : (
        <SchemaFieldList
          fields={fields}
          path={[]}
          of=""
          disabled={sheet.readOnly !== null}
          problem={problem?.field === "schema" && problem.why === "fields" ? problem.fields : null}
          onChange$={write}
        />
      )}
    </div>
  );
});

/** The text of the schema, with the place of what is wrong with it. */
const RawSchema = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const box = useSignal<HTMLElement>();
  const problem = problemsOf(sheet, state).find((one) => one.field === "schema");
  const syntax =
    problem?.field === "schema" && problem.why === "text" && problem.text.why === "syntax"
      ? problem.text.syntax
      : null;
  return (
    <div ref={box} class="flex flex-col gap-2">
      <TextField
        label={text.schema.rawLabel}
        hideLabel
        multiline
        mono
        rows={12}
        value={state.draft.schema}
        disabled={sheet.readOnly !== null}
        onInput$={(value) => setSchema(state.draft, value)}
        onChange$={(value) => {
          const read = readSchema(value);
          if ("schema" in read) setSchema(state.draft, schemaText(read.schema));
        }}
        error={problem === undefined ? undefined : problemText(problem, null)}
        hint={hintOf(state.draft.schema)}
        testId="inspector-schema-raw"
      />
      {syntax !== null && (
        <Button
          size="s"
          icon="search"
          class="self-start"
          onClick$={() => {
            const area = box.value?.querySelector("textarea");
            if (!area) return;
            area.focus();
            area.setSelectionRange(syntax.offset, syntax.offset + 1);
            // Focus scrolls to the caret in some engines only.
            const lines = area.value.split("\n").length;
            area.scrollTop = ((syntax.line - 3) * area.scrollHeight) / lines;
          }}
          testId="inspector-schema-go-to"
        >
          {text.schema.goTo}
        </Button>
      )}
    </div>
  );
});

/** Why there is no list of fields; nothing where there is one. */
function hintOf(schema: string): string | undefined {
  const read = readSchema(schema);
  if ("problem" in read) return text.schema.rawBroken;
  const found = fieldsOf(read.schema);
  return "reason" in found ? `${text.schema.rawOnly}. ${rawReasonText(found.reason)}` : undefined;
}
