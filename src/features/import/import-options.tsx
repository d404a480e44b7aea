import { component$, type QRL, useSignal } from "@builder.io/qwik";
import { NumberField, SegmentedControl, Select, Switch, TextField } from "~/ui";
import { fieldsOf, formatOf, isUsableCharacter, type RowsWord, withoutTypes } from "./choices";
import type { ImportState } from "./import-state";
import {
  AUTOMATIC,
  delimiterOptions,
  encodingOfOption,
  encodingOptions,
  formatOfOption,
  formatOptions,
  headerOptions,
  OTHER,
  quoteOptions,
  tableOptions,
  textKindOptions,
} from "./option-lists";
import type { Entry } from "./queue";
import { text } from "./strings";

/** How the present entry is read: the options that its format has. */
export const ImportOptionsForm = component$<{
  state: ImportState;
  entry: Entry;
  /** Enter in the name: all is chosen. */
  onEnter$: QRL<() => void>;
}>((props) => {
  const { state, entry, onEnter$ } = props;
  const choices = state.choices;
  const preview = state.preview;
  const source = entry.source;
  const fields = fieldsOf(source, formatOf(source, choices));
  return (
    <fieldset class="flex min-w-0 flex-col gap-3" disabled={state.importing !== null}>
      <legend class="sr-only">{text.options}</legend>
      <TextField
        label={text.name}
        value={choices.name}
        onInput$={(value: string) => {
          state.choices.name = value;
        }}
        onEnter$={onEnter$}
        autoFocus
        testId="import-name"
      />
      {fields.textKind && (
        <Select
          label={text.textKind}
          value={choices.textKind}
          options={textKindOptions(source)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.textKind =
              value === "html" || value === "tsv" || value === "csv" ? value : "detect";
          }}
          testId="import-text-kind"
        />
      )}
      {source.kind === "file" && (
        <Select
          label={text.format}
          value={choices.format ?? AUTOMATIC}
          options={formatOptions(source.path)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.table = null;
            state.tables = [];
            state.choices.format = formatOfOption(value);
          }}
          testId="import-format"
        />
      )}
      {fields.table && state.tables.length > 0 && (
        <Select
          label={text.table}
          value={choices.table === null ? AUTOMATIC : String(state.tables.indexOf(choices.table))}
          options={tableOptions(choices, state.tables, preview)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.table =
              value === AUTOMATIC ? null : (state.tables[Number(value)] ?? null);
          }}
          testId="import-table"
        />
      )}
      {fields.header && (
        <Select
          label={text.header}
          value={choices.header === null ? AUTOMATIC : choices.header ? "names" : "values"}
          options={headerOptions(choices, preview)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.header = value === AUTOMATIC ? null : value === "names";
          }}
          testId="import-header"
        />
      )}
      {fields.delimiter && <Delimiter state={state} />}
      {fields.quote && (
        <Select
          label={text.quote}
          value={choices.quote ?? AUTOMATIC}
          options={quoteOptions(choices, preview)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.quote = value === AUTOMATIC ? null : value;
          }}
          testId="import-quote"
        />
      )}
      {fields.encoding && (
        <Select
          label={text.encoding}
          value={choices.encoding ?? AUTOMATIC}
          options={encodingOptions(choices, preview)}
          onChange$={(value: string) => {
            withoutTypes(state.choices);
            state.choices.encoding = encodingOfOption(value);
          }}
          testId="import-encoding"
        />
      )}
      <Rows state={state} />
      {fields.keepApostrophes && (
        <Switch
          label={text.keepApostrophes}
          hint={text.keepApostrophesHint}
          checked={choices.keepApostrophes}
          onChange$={(value: boolean) => {
            state.choices.keepApostrophes = value;
          }}
          testId="import-keep-apostrophes"
        />
      )}
    </fieldset>
  );
});

const Delimiter = component$<{ state: ImportState }>(({ state }) => {
  const value = state.choices.delimiter ?? AUTOMATIC;
  const isRare = value !== AUTOMATIC && !(value in text.delimiters);
  const isTyped = useSignal(isRare);
  const typed = useSignal(isRare ? value : "");
  const isWrong = typed.value !== "" && !isUsableCharacter(typed.value);
  return (
    <>
      <Select
        label={text.delimiter}
        value={isTyped.value ? OTHER : value}
        options={delimiterOptions(state.choices, state.preview)}
        onChange$={(chosen: string) => {
          isTyped.value = chosen === OTHER;
          typed.value = "";
          withoutTypes(state.choices);
          state.choices.delimiter = chosen === AUTOMATIC || chosen === OTHER ? null : chosen;
        }}
        testId="import-delimiter"
      />
      {isTyped.value && (
        <TextField
          label={text.otherCharacter}
          value={typed.value}
          {...(isWrong ? { error: text.otherCharacterError } : {})}
          onInput$={(character: string) => {
            typed.value = character;
            withoutTypes(state.choices);
            state.choices.delimiter = isUsableCharacter(character) ? character : null;
          }}
          autoFocus
          testId="import-delimiter-character"
        />
      )}
    </>
  );
});

const Rows = component$<{ state: ImportState }>(({ state }) => {
  const choices = state.choices;
  return (
    <div class="flex flex-col gap-3">
      <SegmentedControl
        label={text.rows}
        value={choices.rows}
        options={[
          { value: "all", label: text.rowsAll },
          { value: "first", label: text.rowsFirst },
          { value: "random", label: text.rowsRandom },
        ]}
        onChange$={(value: string) => {
          const words: RowsWord[] = ["all", "first", "random"];
          state.choices.rows = words.find((word) => word === value) ?? "all";
        }}
      />
      {choices.rows !== "all" && (
        <NumberField
          label={text.rowCount}
          value={choices.rowCount}
          min={1}
          step={1}
          onChange$={(value: number | null) => {
            if (value !== null && value >= 1) state.choices.rowCount = Math.floor(value);
          }}
          testId="import-row-count"
        />
      )}
      {choices.rows === "random" && (
        <NumberField
          label={text.seed}
          hint={text.seedHint}
          value={choices.seed}
          min={0}
          step={1}
          onChange$={(value: number | null) => {
            if (value !== null && value >= 0) state.choices.seed = Math.floor(value);
          }}
          testId="import-seed"
        />
      )}
    </div>
  );
});
