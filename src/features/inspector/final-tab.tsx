import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { sentence, showFailure } from "~/errors";
import { type CellPrompt, type ColumnId, failureOf, ipc, type RowId, type SheetId } from "~/ipc";
import { SheetContext } from "~/state/sheet";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, EmptyState, IconButton, Notice, SegmentedControl, Select, Spinner } from "~/ui";
import { isOutdated, PREVIEW_ROWS, startPreview } from "./commands";
import { MessageList } from "./message-list";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** The prompt of the selected cell, or why there is none. */
type OfCell =
  | { kind: "none" }
  | { kind: "loading" }
  | { kind: "not_made" }
  | { kind: "failed"; message: string }
  | { kind: "made"; prompt: CellPrompt };

/** What the model is told, word for word: for a previewed row, or for a cell that was made. */
export const FinalTab = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const toasts = useContext(ToastContext);
  const source = useSignal<"preview" | "cell" | null>(null);
  const place = useSignal("0");
  const ofCell = useSignal<OfCell>({ kind: "none" });

  useTask$(({ track, cleanup }) => {
    const { row, column } = track(() => ({
      row: sheet.selected.row,
      column: sheet.selected.column,
    }));
    track(() => sheet.changed);
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    if (row === null || column === null || column !== state.column) {
      ofCell.value = { kind: "none" };
      return;
    }
    ofCell.value = { kind: "loading" };
    void promptOf(sheet.info.id, column, row).then((found) => {
      if (isCurrent) ofCell.value = found;
    });
  });

  const preview = state.preview?.rows ?? [];
  const hasPreview = preview.length > 0;
  const hasCell = ofCell.value.kind === "made";
  const shown = source.value ?? (hasPreview ? "preview" : "cell");
  const row = preview[Number(place.value)] ?? preview[0];
  const messages =
    shown === "preview"
      ? (row?.messages ?? [])
      : ofCell.value.kind === "made"
        ? ofCell.value.prompt.messages
        : [];

  const copy = $(async () => {
    const whole = messages.map((one) => `${text.final.roles[one.role]}:\n${one.content}`);
    try {
      await ipc.copyText(whole.join("\n\n"));
      showToast(toasts, { kind: "success", title: text.final.copied });
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });

  if (!hasPreview && !hasCell && ofCell.value.kind !== "failed") {
    return (
      <EmptyState
        icon="message"
        title={ofCell.value.kind === "not_made" ? text.final.notMade : text.final.none}
        body={text.final.noneHint}
        testId="inspector-final-empty"
      >
        <Button
          icon="eye"
          busy={state.previewTask !== null}
          onClick$={() => startPreview(sheet, state)}
        >
          {text.preview.start(PREVIEW_ROWS)}
        </Button>
      </EmptyState>
    );
  }
  return (
    <div class="flex flex-col gap-3">
      <div class="flex flex-wrap items-end justify-between gap-2">
        <SegmentedControl
          label={text.final.source}
          value={shown}
          options={[
            { value: "preview", label: text.final.sourcePreview, disabled: !hasPreview },
            { value: "cell", label: text.final.sourceCell, disabled: state.column === null },
          ]}
          onChange$={(value) => {
            source.value = value === "cell" ? "cell" : "preview";
          }}
        />
        {shown === "preview" && preview.length > 1 && (
          <Select
            label={text.final.row}
            value={place.value}
            options={preview.map((_, index) => ({
              value: String(index),
              label: text.preview.row(index + 1),
            }))}
            onChange$={(value) => {
              place.value = value;
            }}
            class="min-w-24 flex-1"
          />
        )}
        <IconButton
          icon="copy"
          label={text.final.copy}
          disabled={messages.length === 0}
          onClick$={copy}
        />
      </div>
      <p class="text-sm text-muted">{text.final.body}</p>
      {shown === "preview" && isOutdated(state) && (
        <Notice kind="warning">{text.preview.outdated}</Notice>
      )}
      {shown === "cell" && <CellRemark ofCell={ofCell.value} />}
      {messages.length > 0 && <MessageList messages={messages} />}
    </div>
  );
});

const CellRemark = component$<{ ofCell: OfCell }>(({ ofCell }) => {
  switch (ofCell.kind) {
    case "loading":
      return <Spinner label={text.tabs.final} />;
    case "none":
      return <p class="text-muted">{text.final.noCell}</p>;
    case "not_made":
      return <p class="text-muted">{text.final.notMade}</p>;
    case "failed":
      return (
        <Notice kind="error" title={text.final.failed}>
          {sentence(ofCell.message)}
        </Notice>
      );
    case "made":
      return ofCell.prompt.is_partial ? <Notice kind="info">{text.final.partial}</Notice> : null;
  }
});

/** The prompt of the latest attempt of the model at a cell. */
async function promptOf(sheet: SheetId, column: ColumnId, row: RowId): Promise<OfCell> {
  try {
    const history = await ipc.cellHistory(sheet, column, row);
    const made = history
      .filter((entry) => entry.run !== null && entry.recipe_version !== null && !entry.undone)
      .reduce((last, entry) => Math.max(last, entry.seq), -1);
    if (made === -1) return { kind: "not_made" };
    return { kind: "made", prompt: await ipc.cellPrompt(sheet, column, row, made) };
  } catch (thrown) {
    return { kind: "failed", message: failureOf(thrown).message };
  }
}
