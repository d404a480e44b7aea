import { $, component$ } from "@builder.io/qwik";
import { sentence } from "~/errors";
import type { CellState, CellView, Column } from "~/ipc";
import { valueText } from "~/lib/format";
import { labelsIn, labelsOfColumn } from "~/lib/label-colours";
import { Badge, type BadgeKind, Button, Notice, Select } from "~/ui";
import { CellEditor } from "./cell-editor";
import { type ViewKind, viewsFor, viewToShow } from "./content";
import { CopyButton } from "./copy-button";
import { notEditable } from "./edit-value";
import { latestAnswer } from "./history-items";
import { LabelBars } from "./label-bars";
import { LabelValue } from "./label-value";
import {
  approve,
  beginEdit,
  clear,
  generate,
  openColumn,
  openLoaded,
  type PanelTools,
} from "./panel";
import { StreamView } from "./stream-view";
import { text as words } from "./strings";
import { TextView } from "./text-view";
import { ValueView } from "./value-view";

export const stateBadges: Record<CellState, BadgeKind> = {
  empty: "neutral",
  queued: "ai",
  running: "ai",
  done: "neutral",
  failed: "error",
  edited: "info",
  validated: "success",
  stale: "warning",
};

/** The whole value, what is known about it, and what can be done with it. */
export const ValueTab = component$<{ tools: PanelTools }>(({ tools }) => {
  const { panel, sheet } = tools;
  const column = openColumn(sheet);
  const cell = panel.loaded?.cell;
  if (!column || !cell) return null;
  if (panel.edit) return <CellEditor tools={tools} column={column} />;
  const text = valueText(cell.value);
  const view = viewToShow(panel.views[column.id], cell.value, text);
  const isRunning = panel.isGenerating || panel.stream !== undefined || cell.state === "running";
  const answer = latestAnswer(panel.history ?? []);
  const reasoning = answer?.reasoning ?? "";
  // An empty cell has no answer that they would be about.
  const shares = cell.value === null ? [] : (answer?.labels ?? []);
  const labels = labelsOfColumn(column);
  const isLabels = labels !== null && labelsIn(cell.value, labels) !== null;
  return (
    <>
      <Facts
        cell={cell}
        text={text}
        view={view}
        isLabels={isLabels}
        column={column}
        tools={tools}
      />
      <div class="scroll-area flex min-h-0 flex-1 flex-col gap-3 px-3 pb-3" data-testid="cell-body">
        {cell.state === "failed" && cell.error && (
          <Notice kind="error" testId="cell-error">
            <p class="whitespace-pre-line">{sentence(cell.error)}</p>
          </Notice>
        )}
        {cell.state === "stale" && <Notice kind="warning">{words.stale}</Notice>}
        {isRunning ? (
          <StreamView stream={panel.stream} />
        ) : isLabels ? (
          <LabelValue cell={cell} column={column} />
        ) : (
          <ValueView
            // Another cell begins at its start, folded and unscrolled.
            key={`${panel.loaded?.row} ${panel.loaded?.column} ${view}`}
            cell={cell}
            text={text}
            view={view}
          />
        )}
        {shares.length > 0 && !isRunning && (
          <LabelBars shares={shares} cell={cell} column={column} />
        )}
        {reasoning && !isRunning && (
          <details class="rounded-md border border-line" data-testid="cell-thinking">
            <summary class="cursor-pointer px-3 py-1.5 text-muted hover:text-strong">
              {words.thinking}
            </summary>
            <div class="border-line border-t px-3 py-2 text-muted">
              <TextView text={reasoning} />
            </div>
          </details>
        )}
      </div>
      <Actions tools={tools} column={column} cell={cell} text={text} isRunning={isRunning} />
    </>
  );
});

interface FactsProps {
  cell: CellView;
  text: string;
  view: ViewKind;
  /** Labels have one look, and are not counted in characters. */
  isLabels: boolean;
  column: Column;
  tools: PanelTools;
}

const Facts = component$<FactsProps>(({ cell, text, view, isLabels, column, tools }) => {
  const { panel } = tools;
  const views = isLabels ? [] : viewsFor(cell.value, text);
  const figures = latestAnswer(panel.history ?? [])?.figures;
  const isMade = cell.state === "done" || cell.state === "stale" || cell.state === "validated";
  return (
    <div class="flex min-h-11 flex-none flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
      {cell.state && (
        <Badge kind={stateBadges[cell.state]} testId="cell-state">
          {words.state(cell.state)}
        </Badge>
      )}
      {cell.confidence !== null && (
        <span
          class="text-muted text-sm tabular-nums"
          title={words.confidenceHint}
          data-testid="cell-confidence"
        >
          {words.confidence(cell.confidence)}
        </span>
      )}
      {isMade && figures?.cut_off && <span class="text-sm text-warning">{words.cutOff}</span>}
      <span class="flex-1" />
      {typeof cell.value === "string" && text.length > 0 && !isLabels && (
        <span class="text-faint text-sm tabular-nums">{words.characters(text.length)}</span>
      )}
      {views.length > 1 && (
        <Select
          // The list of a native select does not choose anew when its options change.
          key={views.join(" ")}
          label={words.view}
          hideLabel
          class="w-28"
          value={view}
          options={views.map((kind) => ({ value: kind, label: words.views(kind) }))}
          testId="cell-view"
          onChange$={$((kind: string) => {
            panel.views[column.id] = kind as ViewKind;
          })}
        />
      )}
    </div>
  );
});

interface ActionsProps {
  tools: PanelTools;
  column: Column;
  cell: CellView;
  text: string;
  isRunning: boolean;
}

const Actions = component$<ActionsProps>(({ tools, column, cell, text, isRunning }) => {
  const { panel, sheet } = tools;
  const isAi = column.kind.kind === "ai";
  const isIdle = openLoaded(panel, sheet) !== undefined && !panel.isSaving;
  const canWrite = isIdle && sheet.readOnly === null;
  const whyNot = notEditable(cell.value, column);
  const isKept = cell.state === "edited" || cell.state === "validated";
  return (
    <footer class="flex flex-none flex-wrap items-center gap-1.5 border-line border-t bg-panel px-3 py-2">
      {isAi && (
        <Button
          size="s"
          variant={cell.value === null ? "primary" : "secondary"}
          icon="sparkle"
          busy={isRunning}
          disabled={!canWrite || isKept}
          title={isKept ? words.generateKept : words.generateHint}
          testId="cell-generate"
          onClick$={() => generate(tools)}
        >
          {cell.value === null && cell.state !== "failed" ? words.generate : words.generateAgain}
        </Button>
      )}
      {isAi && (
        <Button
          size="s"
          icon="thumbs-up"
          disabled={!canWrite || isRunning || cell.value === null || cell.state === "validated"}
          title={words.approveHint}
          testId="cell-approve"
          onClick$={() => approve(tools)}
        >
          {cell.state === "validated" ? words.approved : words.approve}
        </Button>
      )}
      {whyNot !== "binary" && (
        <Button
          size="s"
          icon="pencil"
          disabled={!canWrite || isRunning || whyNot !== null}
          title={whyNot === "long" ? words.tooLongToEdit : words.editHint}
          testId="cell-edit"
          onClick$={() => beginEdit(tools)}
        >
          {words.edit}
        </Button>
      )}
      <Button
        size="s"
        icon="x"
        disabled={!canWrite || isRunning || cell.value === null}
        testId="cell-clear"
        onClick$={() => clear(tools)}
      >
        {words.clear}
      </Button>
      <span class="flex-1" />
      {cell.value !== null && (
        <CopyButton text={text} label={words.copy} iconOnly testId="cell-copy" />
      )}
    </footer>
  );
});
