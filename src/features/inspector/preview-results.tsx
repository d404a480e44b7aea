import { $, component$, useContext } from "@builder.io/qwik";
import { FailureNotice, sentence } from "~/errors";
import { type AppError, failureOf, type PreviewRow, type Value } from "~/ipc";
import { formatDuration, formatPercent, valueText } from "~/lib/format";
import { labelColours, labelsIn } from "~/lib/label-colours";
import { SheetContext } from "~/state/sheet";
import { Badge, Button, IconButton, LabelChip, Progress } from "~/ui";
import { isOutdated, stopPreview } from "./commands";
import { offeredType } from "./draft";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** An input is shown this long; a value this long. */
const INPUT_CHARACTERS = 120;
const VALUE_CHARACTERS = 600;

/** What the draft makes of the first rows. */
export const PreviewResults = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const isRunning = state.previewTask !== null;
  const close = $(() => {
    stopPreview(state);
    state.isPreviewOpen = false;
    state.previewFailure = null;
  });
  // The other tabs are not about what is being written, and need the room.
  const isNear = sheet.inspectorTab === "prompt" || sheet.inspectorTab === "model";
  if (!state.isPreviewOpen || !isNear) return null;
  const rows = state.preview?.rows ?? [];
  return (
    <section
      aria-label={text.preview.title}
      aria-busy={isRunning ? "true" : undefined}
      data-testid="inspector-preview"
      class="flex max-h-[45%] min-h-0 shrink-0 flex-col border-t border-line bg-app"
    >
      <header class="flex shrink-0 items-center gap-2 py-1 pr-2 pl-3">
        <h3 class="font-medium text-strong">{text.preview.title}</h3>
        <p class="min-w-0 flex-1 truncate text-sm text-muted">{text.preview.note}</p>
        {state.preview !== undefined && (
          <Button
            size="s"
            variant="ghost"
            onClick$={() => {
              sheet.inspectorTab = "final";
            }}
          >
            {text.preview.finalPrompt}
          </Button>
        )}
        <IconButton
          icon="x"
          size="s"
          label={text.preview.close}
          onClick$={close}
          testId="inspector-preview-close"
        />
      </header>
      <section
        class="scroll-area flex min-h-0 flex-col gap-2 px-3 pb-2"
        aria-label={text.preview.title}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
        tabIndex={0}
      >
        {isRunning && (
          <div class="flex flex-col gap-1.5 py-1">
            <p class="text-sm text-muted" role="status">
              {text.preview.running}
            </p>
            <Progress value={null} label={text.preview.running} />
          </div>
        )}
        {state.previewFailure !== null && (
          <FailureNotice failure={state.previewFailure} testId="inspector-preview-failure" />
        )}
        {!isRunning && isOutdated(state) && (
          <p class="text-sm text-warning">{text.preview.outdated}</p>
        )}
        {state.preview !== undefined && rows.length === 0 && (
          <p class="text-muted">{text.preview.nothing}</p>
        )}
        <ol class={["flex flex-col gap-1.5", isRunning && "opacity-60"]}>
          {rows.map((row, index) => (
            <PreviewItem
              key={row.row}
              row={row}
              position={index + 1}
              inputs={state.preview?.inputs.get(row.row) ?? []}
            />
          ))}
        </ol>
      </section>
    </section>
  );
});

interface PreviewItemProps {
  row: PreviewRow;
  /** From 1, in sheet order. */
  position: number;
  inputs: readonly Value[];
}

const PreviewItem = component$<PreviewItemProps>(({ row, position, inputs }) => {
  const { figures, error } = row;
  const input = inputs.map(valueText).filter(Boolean).join(text.separator);
  const facts = [
    ...(figures.confidence === null
      ? []
      : [text.preview.confidence(formatPercent(figures.confidence))]),
    ...(figures.prompt_tokens + figures.completion_tokens > 0
      ? [text.preview.tokens(figures.prompt_tokens + figures.completion_tokens)]
      : []),
    ...(figures.cached === true
      ? [text.preview.kept]
      : figures.duration_ms > 0
        ? [formatDuration(figures.duration_ms)]
        : []),
  ];
  return (
    <li
      class="flex flex-col gap-0.5 rounded-md border border-line bg-raised px-2 py-1.5"
      data-testid="inspector-preview-row"
    >
      <p class="flex items-baseline gap-2 text-sm text-muted">
        <span class="shrink-0 tabular-nums">{text.preview.row(position)}</span>
        <span class="min-w-0 flex-1 truncate [unicode-bidi:isolate]">
          {inputs.length === 0 ? text.preview.noInput : cut(input, INPUT_CHARACTERS)}
        </span>
      </p>
      {error === null ? (
        <PreviewValue row={row} />
      ) : (
        <p class="break-words text-error select-text">{failureLine(error)}</p>
      )}
      <p class="flex items-center gap-2 text-sm text-muted tabular-nums empty:hidden">
        {facts.length > 0 && <span>{facts.join(text.separator)}</span>}
        {figures.cut_off && <Badge kind="warning">{text.preview.cutOff}</Badge>}
      </p>
      {row.reasoning !== null && (
        <details class="text-sm text-muted">
          <summary class="cursor-default">{text.preview.thinking}</summary>
          <p class="break-words whitespace-pre-wrap select-text">{row.reasoning}</p>
        </details>
      )}
    </li>
  );
});

const PreviewValue = component$<{ row: PreviewRow }>(({ row }) => {
  const { draft } = useContext(AiColumnContext);
  const labels = draft.labels.map((label) => label.trim());
  const chosen = offeredType(draft.outputType) === "label" ? labelsIn(row.value, labels) : null;
  if (chosen === null || chosen.length === 0) {
    return (
      <p class="line-clamp-4 break-words whitespace-pre-wrap text-strong select-text [unicode-bidi:isolate]">
        {chosen === null ? cut(valueText(row.value), VALUE_CHARACTERS) : text.preview.noLabels}
      </p>
    );
  }
  const colours = labelColours(labels);
  return (
    <p class="flex flex-wrap gap-1 select-text">
      {chosen.map((label) => (
        <LabelChip key={label} label={label} colour={colours.get(label) ?? null} />
      ))}
    </p>
  );
});

function failureLine(error: AppError): string {
  const { message, hint } = failureOf(error);
  return [message, hint ?? ""].filter(Boolean).map(sentence).join(text.separator);
}

function cut(whole: string, characters: number): string {
  if (whole.trim() === "") return text.preview.empty;
  return whole.length > characters ? `${whole.slice(0, characters)}…` : whole;
}
