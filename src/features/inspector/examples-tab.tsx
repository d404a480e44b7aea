import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  useContext,
  useSignal,
  useTask$,
} from "@builder.io/qwik";
import { sentence, showFailure } from "~/errors";
import { type Examples, type ExampleView, failureOf, ipc, type RowId } from "~/ipc";
import { valueText } from "~/lib/format";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { Badge, EmptyState, IconButton, Notice, NumberField } from "~/ui";
import { DEFAULT_EXAMPLES, recipeOfColumn } from "./draft";
import { type PassedOver, passedOver } from "./figures";
import { AiColumnContext, columnOf, isUnsaved } from "./state";
import { text } from "./strings";
import { referencesOf } from "./template";

/** Inputs are shown this long; the whole is in the cells. */
const SNIPPET_CHARACTERS = 160;

/** Which approved and edited cells the model is shown, and how many may be. */
export const ExamplesTab = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { examples } = state.draft;
  const isReadOnly = sheet.readOnly !== null;
  return (
    <div class="flex flex-col gap-4">
      <div>
        <h3 class="font-medium text-strong">{text.examples.title}</h3>
        <p class="mt-1 text-muted">
          {state.column === null ? text.examples.newBody : text.examples.body}
        </p>
      </div>
      {state.column !== null && <ExampleList />}
      <fieldset class="grid grid-cols-2 gap-3 border-t border-line pt-3">
        <legend class="sr-only">{text.examples.limits}</legend>
        <NumberField
          label={text.examples.maxCount}
          value={examples.max_count}
          min={0}
          step={1}
          disabled={isReadOnly}
          hint={text.examples.maxCountHint}
          onChange$={(value) => {
            state.draft.examples.max_count = value ?? DEFAULT_EXAMPLES.max_count;
          }}
          testId="inspector-examples-count"
        />
        <NumberField
          label={text.examples.maxTokens}
          value={examples.max_tokens}
          min={0}
          step={1}
          disabled={isReadOnly}
          hint={text.examples.maxTokensHint}
          onChange$={(value) => {
            state.draft.examples.max_tokens = value ?? DEFAULT_EXAMPLES.max_tokens;
          }}
          testId="inspector-examples-tokens"
        />
      </fieldset>
    </div>
  );
});

const ExampleList = component$(() => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const found = useSignal<NoSerialize<Examples>>();
  const failure = useSignal<string | null>(null);

  useTask$(({ track, cleanup }) => {
    track(() => [sheet.changed, runs.ended]);
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    if (state.column === null) return;
    ipc.examples(sheet.info.id, state.column).then(
      (examples) => {
        if (!isCurrent) return;
        found.value = noSerialize(examples);
        failure.value = null;
      },
      (thrown: unknown) => {
        if (isCurrent) failure.value = failureOf(thrown).message;
      },
    );
  });

  const recipe = recipeOfColumn(columnOf(sheet, state));
  if (failure.value !== null) {
    return (
      <Notice kind="error" title={text.examples.failed}>
        {sentence(failure.value)}
      </Notice>
    );
  }
  const examples = found.value;
  if (examples === undefined || recipe === null) return <div class="h-24" />;
  const references = referencesOf(recipe.prompt);
  const reasons = passedOver(examples.examples, recipe.examples ?? DEFAULT_EXAMPLES);
  const used = examples.examples.filter((example) => example.used).length;
  return (
    <div class="flex flex-col gap-2">
      {isUnsaved(sheet, state) && <Notice kind="info">{text.examples.saveFirst}</Notice>}
      {references.length === 0 && <Notice kind="info">{text.examples.newItems}</Notice>}
      {examples.examples.length === 0 && references.length > 0 && (
        <EmptyState
          icon="thumbs-up"
          title={text.examples.none}
          body={text.examples.noneHint}
          testId="inspector-no-examples"
        />
      )}
      {examples.examples.length > 0 && (
        <>
          <p class="text-sm text-muted">
            {text.examples.used(used, examples.examples.length)}
            {!examples.counted_by_model && `${text.separator}${text.examples.guessed}`}
          </p>
          <ol class="flex flex-col gap-2" data-testid="inspector-examples">
            {examples.examples.map((example, index) => (
              <ExampleItem
                key={example.row === null ? `recipe ${index}` : `row ${example.row}`}
                example={example}
                reason={reasons[index] ?? null}
                references={references}
                isExact={examples.counted_by_model}
              />
            ))}
          </ol>
        </>
      )}
    </div>
  );
});

interface ExampleItemProps {
  example: ExampleView;
  reason: PassedOver | null;
  references: readonly string[];
  isExact: boolean;
}

const ExampleItem = component$<ExampleItemProps>((props) => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const toasts = useContext(ToastContext);
  const { example, reason, references } = props;
  const goTo = $(async (row: RowId) => {
    try {
      const view = sheet.view?.id ?? null;
      const position = await ipc.positionOf(sheet.info.id, view, row);
      if (position !== null && state.column !== null) sheet.grid?.goTo(position, state.column);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const { row } = example;
  return (
    <li class="flex flex-col gap-1 rounded-md border border-line bg-raised p-2">
      <dl class="flex flex-col gap-0.5 text-sm">
        {references.map((name, index) => (
          <div key={name} class="flex gap-2">
            <dt class="max-w-28 shrink-0 truncate text-muted">{name}</dt>
            <dd class="line-clamp-2 min-w-0 flex-1 break-words [unicode-bidi:isolate]">
              {snippet(valueText(example.inputs[index] ?? null))}
            </dd>
          </div>
        ))}
      </dl>
      <p class="line-clamp-3 font-medium break-words text-strong select-text [unicode-bidi:isolate]">
        {snippet(valueText(example.value))}
      </p>
      <p class="flex flex-wrap items-center gap-2 text-sm text-muted">
        <Badge kind={example.used ? "success" : "neutral"}>
          {reason === null ? text.examples.isUsed : text.examples.passedOver[reason]}
        </Badge>
        {row === null && <Badge>{text.examples.ofRecipe}</Badge>}
        <span class="tabular-nums">{text.examples.tokens(example.tokens, props.isExact)}</span>
        {row !== null && (
          <IconButton
            icon="arrow-right"
            size="s"
            class="ml-auto"
            label={text.examples.goTo}
            onClick$={() => goTo(row)}
          />
        )}
      </p>
    </li>
  );
});

function snippet(whole: string): string {
  if (whole.trim() === "") return text.examples.empty;
  return whole.length > SNIPPET_CHARACTERS ? `${whole.slice(0, SNIPPET_CHARACTERS)}…` : whole;
}
