import { component$, useContext, useSignal } from "@builder.io/qwik";
import { FailureNotice, sentence, Words } from "~/errors";
import { fileName, shownText } from "~/features/import";
import type { OutlinedColumn } from "~/ipc";
import type { SheetState } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, EmptyState, Icon, Notice, Select, Spinner, TextField } from "~/ui";
import { modelText, outputText, takenNames, wrongNames } from "./recipe-fit";
import { pickRecipe, type RecipeUse } from "./recipe-use-state";
import { recipeText as text } from "./strings";

/** Prompts with more lines or characters are shown short at first. */
const SHORT_PROMPT = { lines: 4, characters: 320 };

/** A recipe file before it is used: what it would do, and what has to be said first. */
export const RecipeUseBody = component$<{ use: RecipeUse; sheet: SheetState }>((props) => {
  const { use, sheet } = props;
  const toasts = useContext(ToastContext);
  if (use.path === null) {
    return (
      <EmptyState icon="file" title={text.chooseTitle} body={text.chooseBody}>
        {sheet.readOnly ? (
          <Notice kind="info">{text.readOnly}</Notice>
        ) : (
          <Button variant="primary" onClick$={() => pickRecipe(use, toasts)} testId="recipe-choose">
            {text.choose}
          </Button>
        )}
      </EmptyState>
    );
  }
  return (
    <div class="flex flex-col gap-4">
      <div class="flex h-7 items-center gap-2">
        <Icon name="file" class="text-muted" />
        <span class="min-w-0 truncate font-medium text-strong" title={use.path}>
          {fileName(use.path)}
        </span>
        {use.isChecking && <Spinner label={text.checking} />}
        <Button
          class="ml-auto"
          size="s"
          onClick$={() => pickRecipe(use, toasts)}
          testId="recipe-choose-other"
        >
          {text.chooseOther}
        </Button>
      </div>
      {use.failure && <FailureNotice failure={use.failure} testId="recipe-use-failure" />}
      <Fitting use={use} sheet={sheet} />
      {use.plan?.warnings.map((warning) => (
        <Notice key={warning} kind="warning" testId="recipe-warning">
          <Words text={sentence(warning)} />
        </Notice>
      ))}
      {use.plan && (
        <section class="flex flex-col gap-2" aria-label={text.does(use.plan.columns.length)}>
          <h3 class="font-medium text-strong">
            {use.plan.columns.length === 0 ? text.nothing : text.does(use.plan.columns.length)}
          </h3>
          <ol class="flex flex-col gap-2">
            {use.plan.columns.map((column) => (
              <Planned key={column.name} column={column} />
            ))}
          </ol>
        </section>
      )}
    </div>
  );
});

/** What is asked: columns for names that the sheet lacks, names for those that are taken, a model. */
const Fitting = component$<{ use: RecipeUse; sheet: SheetState }>(({ use, sheet }) => {
  const original = use.original;
  const taken = original ? takenNames(original, sheet.columns) : [];
  const wrong = original ? wrongNames(original, sheet.columns, use.mapping) : [];
  const columns = sheet.columns.map((column) => ({ value: column.name, label: column.name }));
  return (
    <>
      {original && original.missing.length > 0 && (
        <fieldset class="flex min-w-0 flex-col gap-2" data-testid="recipe-missing">
          <legend class="font-medium text-strong">{text.missing}</legend>
          <p class="text-muted">{text.missingHint}</p>
          <div class="grid grid-cols-2 gap-3">
            {original.missing.map((name) => (
              <Select
                key={name}
                label={text.missingLabel(name)}
                value={use.mapping[name] ?? ""}
                options={[{ value: "", label: text.missingChoose }, ...columns]}
                onChange$={(value: string) => {
                  use.mapping = { ...use.mapping, [name]: value };
                }}
                testId="recipe-map"
              />
            ))}
          </div>
        </fieldset>
      )}
      {taken.length > 0 && (
        <fieldset class="flex min-w-0 flex-col gap-2" data-testid="recipe-taken">
          <legend class="mb-1 font-medium text-strong">{text.taken}</legend>
          <div class="grid grid-cols-2 gap-3">
            {taken.map((name) => (
              <TextField
                key={name}
                label={text.takenLabel(name)}
                value={use.mapping[name] ?? ""}
                {...(wrong.includes(name) ? { error: text.takenError } : {})}
                onInput$={(value: string) => {
                  use.mapping = { ...use.mapping, [name]: value };
                }}
                testId="recipe-rename"
              />
            ))}
          </div>
        </fieldset>
      )}
      <Select
        class="max-w-80"
        label={text.model}
        value={use.model ?? ""}
        options={[
          { value: "", label: text.modelRecipe },
          ...use.models.map((model) => ({ value: model, label: model })),
        ]}
        onChange$={(value: string) => {
          use.model = value === "" ? null : value;
        }}
        testId="recipe-model"
      />
    </>
  );
});

const Planned = component$<{ column: OutlinedColumn }>(({ column }) => {
  const isWhole = useSignal(false);
  const isLong =
    column.prompt.length > SHORT_PROMPT.characters ||
    column.prompt.split("\n").length > SHORT_PROMPT.lines;
  return (
    <li
      class="flex flex-col gap-1.5 rounded-md border border-line p-3"
      data-testid="recipe-planned"
    >
      <div class="flex flex-wrap items-center gap-2">
        <Icon name="sparkle" size={14} class="text-ai" />
        <span class="min-w-0 truncate font-medium text-strong">
          <bdi>{shownText(column.name)}</bdi>
        </span>
        <Badge kind="ai" class="max-w-72 truncate">
          {shownText(outputText(column.output), 80)}
        </Badge>
        <Badge class="max-w-72 truncate">{shownText(modelText(column), 80)}</Badge>
      </div>
      <p
        class={[
          "font-mono text-sm break-words whitespace-pre-wrap text-normal select-text",
          isLong && !isWhole.value ? "line-clamp-4" : "max-h-80 overflow-y-auto",
        ]}
        dir="auto"
      >
        {column.prompt}
      </p>
      <div class="flex items-center gap-2 text-sm text-muted">
        {column.inputs.length > 0 && (
          <span class="min-w-0 truncate">
            {text.reads(column.inputs.map((name) => shownText(name, 60)).join(", "))}
          </span>
        )}
        {isLong && (
          <Button
            class="ml-auto"
            size="s"
            variant="ghost"
            onClick$={() => {
              isWhole.value = !isWhole.value;
            }}
          >
            {isWhole.value ? text.hidePrompt : text.showPrompt}
          </Button>
        )}
      </div>
    </li>
  );
});
