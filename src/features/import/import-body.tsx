import { component$, type QRL, useComputed$, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { FailureNotice, sentence, Words } from "~/errors";
import { formatBytes } from "~/lib/format";
import { Badge, Notice, Progress, Spinner } from "~/ui";
import { formatOf, type Source } from "./choices";
import { allFormats, fileName, formatLabel, isRecipePath } from "./formats";
import { ImportOptionsForm } from "./import-options";
import type { ImportState } from "./import-state";
import { paintPreview } from "./preview-table";
import { currentEntry, type Entry } from "./queue";
import { looksLike, PREVIEW_ROWS, textBytes } from "./source";
import { text } from "./strings";

/** How many names of files that are left out are said. */
const NAMES_SHOWN = 5;

/** What the dialog shows above its buttons: options at the left, the preview at the right. */
export const ImportBody = component$<{ state: ImportState; onEnter$: QRL<() => void> }>((props) => {
  const { state, onEnter$ } = props;
  const entry = currentEntry(state.queue);
  return (
    <div class="flex flex-col gap-3">
      {state.queue.leftOut.length > 0 && <LeftOut paths={state.queue.leftOut} />}
      {entry && (
        <div class="grid h-[min(60vh,36rem)] grid-cols-[14rem_minmax(0,1fr)] gap-4">
          <div class="-m-1 min-h-0 overflow-y-auto p-1">
            <ImportOptionsForm key={entry.id} state={state} entry={entry} onEnter$={onEnter$} />
          </div>
          <PreviewPane state={state} entry={entry} />
        </div>
      )}
    </div>
  );
});

const LeftOut = component$<{ paths: string[] }>(({ paths }) => {
  const names = paths.slice(0, NAMES_SHOWN).map(fileName).join(", ");
  return (
    <Notice kind="warning" title={text.leftOutTitle(paths.length)}>
      {text.leftOut(names, paths.length - Math.min(paths.length, NAMES_SHOWN))}.{" "}
      {text.reads(allFormats())}
    </Notice>
  );
});

const PreviewPane = component$<{ state: ImportState; entry: Entry }>(({ state, entry }) => {
  const source = entry.source;
  const isUnknown = source.kind === "file" && formatOf(source, state.choices) === null;
  return (
    <section class="flex min-h-0 min-w-0 flex-col gap-2" aria-label={text.preview}>
      <Facts state={state} source={source} />
      {state.importing && (
        <div class="flex flex-col gap-1" data-testid="import-progress">
          <Progress value={null} label={text.importing(state.importing.name)} />
          <div class="flex justify-between text-muted tabular-nums">
            <span class="truncate">{text.importing(state.importing.name)}</span>
            <span>
              {state.importing.bytes_written > 0
                ? text.written(formatBytes(state.importing.bytes_written))
                : text.preparing}
            </span>
          </div>
        </div>
      )}
      {state.preview?.warnings.map((warning) => (
        <p key={warning} class="text-muted" data-testid="import-warning">
          <Words text={sentence(warning)} />
        </p>
      ))}
      {state.refusal && <FailureNotice failure={state.refusal} testId="import-refusal" />}
      {isUnknown && <Unknown path={source.path} />}
      {!isUnknown && (state.preview || !state.refusal) && <PreviewTable state={state} />}
    </section>
  );
});

const Facts = component$<{ state: ImportState; source: Source }>((props) => {
  const { state, source } = props;
  // A pasted text may have megabytes, which are looked at once.
  const pasted = useComputed$(() => {
    if (props.source.kind === "file") return null;
    const { text: whole } = props.source;
    return { kind: text.pastedKinds[looksLike(whole)], size_bytes: textBytes(whole) };
  });
  const preview = state.preview;
  const format = formatOf(source, state.choices);
  const kind = pasted.value?.kind;
  const size = pasted.value?.size_bytes ?? preview?.size_bytes;
  const isWhole = preview !== undefined && preview.rows.length < PREVIEW_ROWS;
  const shape = isWhole ? text.previewWhole : text.previewSize;
  return (
    <div class="flex h-6 items-center gap-2 text-muted" data-testid="import-facts">
      {(kind || format) && <Badge kind="info">{kind ?? (format && formatLabel(format))}</Badge>}
      {size !== undefined && <span class="tabular-nums">{formatBytes(size)}</span>}
      {preview && (
        <span class="tabular-nums">{shape(preview.rows.length, preview.columns.length)}</span>
      )}
      <span class="ml-auto flex items-center gap-1" aria-live="polite">
        {state.isPreviewing && (
          <>
            <Spinner label={text.previewing} />
            <span aria-hidden="true">{text.previewing}</span>
          </>
        )}
      </span>
    </div>
  );
});

const Unknown = component$<{ path: string }>(({ path }) => {
  const isRecipe = isRecipePath(path);
  return (
    <Notice kind="warning" title={isRecipe ? text.recipeTitle : text.unknownTitle}>
      {isRecipe ? text.recipeBody : `${text.reads(allFormats())}. ${text.unknownChoose}`}
    </Notice>
  );
});

const PreviewTable = component$<{ state: ImportState }>(({ state }) => {
  const host = useSignal<HTMLElement>();
  // biome-ignore lint/correctness/noQwikUseVisibleTask: the table is plain DOM in this element
  useVisibleTask$(({ track }) => {
    const preview = track(() => state.preview);
    const isDisabled = track(() => state.importing !== null);
    const chosen = { ...state.choices.types };
    if (!host.value) return;
    if (!preview) {
      host.value.replaceChildren();
      return;
    }
    host.value.setAttribute(
      "aria-label",
      text.previewLabel(preview.rows.length, preview.columns.length),
    );
    paintPreview(host.value, preview, {
      chosen,
      isDisabled,
      onType: (column, type) => {
        const types = { ...state.choices.types };
        if (type) types[column] = type;
        else delete types[column];
        state.choices.types = types;
      },
    });
  });
  const isEmpty = state.preview !== undefined && state.preview.rows.length === 0;
  return (
    <div class="relative min-h-0 flex-1 rounded-md border border-line bg-app">
      <section
        ref={host}
        aria-label={text.preview}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area is reached by keys
        tabIndex={0}
        class="absolute inset-0 overflow-auto rounded-md"
        data-testid="import-preview"
      />
      {isEmpty && (
        <p class="absolute inset-x-0 bottom-6 text-center text-muted">{text.previewNoRows}</p>
      )}
    </div>
  );
});
