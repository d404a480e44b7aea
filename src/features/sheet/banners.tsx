import {
  $,
  component$,
  type QRL,
  useComputed$,
  useSignal,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { mayCost } from "~/features/models";
import { type Estimate, ipc, type Notice as SheetNotice } from "~/ipc";
import { formatCount, formatDuration } from "~/lib/format";
import { formatUsd } from "~/lib/money";
import { Button, Icon, IconButton, Notice } from "~/ui";
import { perform } from "./actions";
import { text } from "./strings";
import { newTask, useSheetTools } from "./tools";

/** What a person should know before working on the sheet. */
export const Banners = component$<{ notices: SheetNotice[]; onReopen$: QRL<() => void> }>(
  ({ notices, onReopen$ }) => {
    const { sheet, ui } = useSheetTools();
    const dismissed = useSignal<number[]>([]);
    return (
      <>
        {sheet.readOnly !== null && (
          <Notice
            kind="warning"
            icon="lock"
            title={text.screen.readOnlyTitle}
            class="shrink-0 rounded-none border-b border-line"
            testId="sheet-read-only"
          >
            <div class="flex flex-wrap items-center gap-2">
              <p>{text.screen.readOnly(sheet.readOnly.holder?.pid ?? null)}</p>
              <Button size="s" icon="retry" onClick$={onReopen$}>
                {text.screen.reopen}
              </Button>
            </div>
          </Notice>
        )}
        {notices.map((notice, index) =>
          dismissed.value.includes(index) ? null : (
            <Notice
              key={notice.text}
              kind="warning"
              title={text.screen.noticeTitle}
              class="shrink-0 rounded-none border-b border-line"
              testId="sheet-notice"
            >
              <div class="flex items-start gap-2">
                <div class="min-w-0 flex-1">
                  <p>{notice.text}</p>
                  {notice.kept_in.length > 0 && (
                    <p class="text-muted">{text.screen.keptIn(notice.kept_in.join(", "))}</p>
                  )}
                </div>
                <IconButton
                  icon="x"
                  size="s"
                  label={text.screen.dismiss}
                  onClick$={() => {
                    dismissed.value = [...dismissed.value, index];
                    ui.view?.focus();
                  }}
                />
              </div>
            </Notice>
          ),
        )}
        <FillHint />
      </>
    );
  },
);

/** On a sheet whose AI columns were never filled: how many there are, and what filling takes. */
const FillHint = component$(() => {
  const tools = useSheetTools();
  const { app, sheet, runs } = tools;
  const dismissed = useSignal(false);
  const untouched = useSignal(false);
  const estimate = useStore<{ line: string }>({ line: "" });
  const aiColumns = sheet.columns.filter((column) => column.kind.kind === "ai");
  // The figures of live runs change several times a second, this only when one begins or ends.
  const isLive = useComputed$(() =>
    runs.live.some(({ progress }) => progress.sheet === sheet.info.id),
  );

  useTask$(({ track, cleanup }) => {
    track(() => [sheet.columns, runs.ended, isLive.value]);
    const ai = sheet.columns.filter((column) => column.kind.kind === "ai");
    const task = newTask("estimate");
    let left = false;
    cleanup(() => {
      left = true;
      void ipc.cancelTask(task).catch(() => {
        // It had ended.
      });
    });
    async function look(): Promise<void> {
      try {
        const runsSoFar = ai.length === 0 ? [] : await ipc.runs(sheet.info.id);
        if (left) return;
        untouched.value = ai.length > 0 && runsSoFar.length === 0;
        if (!untouched.value || sheet.info.row_count === 0) return;
        const estimates: Estimate[] = [];
        for (const column of ai) {
          const how = { sample_rows: 20, asked_rows: 0 };
          const request = { rows: "pending" as const };
          estimates.push(await ipc.estimate(sheet.info.id, column.id, request, how, task));
          if (left) return;
        }
        const havePrices = ai.map(({ kind }) => {
          const model = kind.kind === "ai" ? kind.recipe.model : "";
          return mayCost(model || app.settings.model, app.settings);
        });
        estimate.line = estimateLine(estimates, havePrices);
      } catch {
        // Without an estimate the offer is still a good one; filling says what is wrong.
        if (!left) estimate.line = "";
      }
    }
    // Not awaited: nothing is painted while a task is waited for.
    void look();
  });

  const fill = $(async () => {
    dismissed.value = true;
    // The button goes away with the banner, and keys must not go nowhere.
    tools.ui.view?.focus();
    await perform(tools, { do: "run-all" });
  });
  const show =
    untouched.value &&
    !dismissed.value &&
    !isLive.value &&
    sheet.readOnly === null &&
    aiColumns.length > 0 &&
    sheet.info.row_count > 0;
  if (!show) return null;
  return (
    <div
      class="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-ai-soft py-1.5 pr-2 pl-4"
      data-testid="sheet-fill-hint"
    >
      <Icon name="sparkle" size={16} class="text-ai" />
      <p class="min-w-0 flex-1">
        <span class="font-medium text-strong">{text.screen.hint(aiColumns.length)}</span>
        {estimate.line !== "" && <span class="ml-2 text-muted">{estimate.line}</span>}
      </p>
      <Button size="s" variant="primary" icon="play" onClick$={fill} testId="sheet-fill">
        {text.screen.fill(aiColumns.length)}
      </Button>
      <IconButton
        icon="x"
        size="s"
        label={text.screen.dismiss}
        onClick$={() => {
          dismissed.value = true;
          tools.ui.view?.focus();
        }}
      />
    </div>
  );
});

/**
 * What filling several columns takes together; `havePrices` says of each whether it may cost money.
 * Time is known only if it is for each of them, and a cost that nobody knows is not 0.
 */
export function estimateLine(
  estimates: readonly Estimate[],
  havePrices: readonly boolean[],
): string {
  function sum(of: (estimate: Estimate) => number): number {
    return estimates.reduce((total, estimate) => total + of(estimate), 0);
  }
  // Cells that wait for another column are filled in the same go.
  const cells = sum((estimate) => estimate.rows + estimate.rows_waiting);
  const tokens = sum((estimate) => estimate.prompt_tokens);
  const seconds = estimates.every((estimate) => estimate.seconds !== null)
    ? sum((estimate) => estimate.seconds ?? 0)
    : null;
  const costs = estimates.flatMap((estimate) => estimate.cost_usd ?? []);
  const cost = costs.reduce((total, usd) => total + usd, 0);
  const isUnknown = estimates.some(({ cost_usd }, at) => cost_usd === null && havePrices[at]);
  const line = text.screen.estimate(
    text.cells(cells),
    formatCount(tokens),
    costs.length === 0 ? null : formatUsd(cost),
    seconds === null ? null : formatDuration(seconds * 1000),
  );
  if (!isUnknown) return line;
  return `${line}. ${costs.length === 0 ? text.screen.costUnknown : text.screen.costPartlyUnknown}`;
}
