import { component$, useContext, useSignal } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import { endFiguresOf, isLimitReached, runKey } from "~/features/runs";
import type { RunInfo } from "~/ipc";
import { formatCount, formatDateTime, formatDuration, formatRelativeTime } from "~/lib/format";
import { formatUsd } from "~/lib/money";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { Badge, type BadgeKind, Button, EmptyState, Notice, Progress } from "~/ui";
import { focusRaiseCap } from "./cap-fields";
import { fractionOf, paceText, resumableRun, runRate } from "./figures";
import { LiveRunFigures, ResumeButton } from "./live-run";
import { AiColumnContext, liveRunOf } from "./state";
import { text } from "./strings";

/** Runs shown before a person asks for more. */
const SHOWN_RUNS = 20;

const kinds: Record<RunInfo["status"], BadgeKind> = {
  queued: "neutral",
  running: "info",
  paused: "warning",
  interrupted: "warning",
  cancelled: "neutral",
  done: "success",
  failed: "error",
};

/** The runs of the column, the one that is alive on top. */
export const RunsTab = component$(() => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const isWhole = useSignal(false);
  const live = liveRunOf(runs, sheet, state.column);
  if (state.column === null) {
    return <EmptyState icon="history" title={text.runs.none} body={text.runs.newBody} />;
  }
  if (state.runsFailure !== null) {
    return (
      <Notice kind="error" title={text.runs.failed}>
        {sentence(state.runsFailure)}
      </Notice>
    );
  }
  if (state.runs === null) return <div class="h-24" />;
  const past = state.runs.filter((run) => run.id !== live?.progress.run);
  const resumable = live === undefined ? resumableRun(state.runs) : null;
  const shown = isWhole.value ? past : past.slice(0, SHOWN_RUNS);
  if (past.length === 0 && live === undefined) {
    return <EmptyState icon="history" title={text.runs.none} testId="inspector-no-runs" />;
  }
  return (
    <div class="flex flex-col gap-2">
      {live !== undefined && (
        <div class="flex flex-col gap-1.5 rounded-md border border-line bg-raised p-2">
          <Badge kind={kinds[live.status]} class="self-start">
            {text.runs.status[live.status]}
          </Badge>
          <LiveRunFigures live={live} />
        </div>
      )}
      <ol class="flex flex-col gap-2" data-testid="inspector-runs">
        {shown.map((run) => (
          <RunItem key={run.id} run={run} canResume={run.id === resumable?.id} />
        ))}
      </ol>
      {past.length > shown.length && (
        <Button
          size="s"
          variant="ghost"
          class="self-start"
          onClick$={() => {
            isWhole.value = true;
          }}
        >
          {text.runs.more(past.length - shown.length)}
        </Button>
      )}
    </div>
  );
});

const RunItem = component$<{ run: RunInfo; canResume: boolean }>(({ run, canResume }) => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const key = runKey({ sheet: sheet.info.id, run: run.id });
  const cost = endFiguresOf(key)?.cost_usd ?? null;
  const isAtLimit = isLimitReached(run, runs.endCodes?.[key] ?? null);
  const facts = [
    text.runs.scope[run.request.rows],
    ...(run.request.only ? [text.runs.filtered] : []),
    ...(run.request.fresh === true ? [text.runs.fresh] : []),
    text.runs.version(run.recipe_version),
  ];
  const took = run.ended_at_ms === null ? null : run.ended_at_ms - run.started_at_ms;
  const times = [
    text.runs.started(formatRelativeTime(run.started_at_ms, Date.now())),
    ...(took === null ? [] : [text.runs.took(formatDuration(took))]),
    ...[paceText(runRate(run))].filter(Boolean),
    ...(cost === null ? [] : [text.runs.cost(formatUsd(cost))]),
  ];
  return (
    <li class="flex flex-col gap-1 rounded-md border border-line bg-raised p-2">
      <p class="flex items-center gap-2">
        <Badge kind={kinds[run.status]}>{text.runs.status[run.status]}</Badge>
        <span class="min-w-0 flex-1 truncate text-normal tabular-nums">
          {text.runs.rows(formatCount(run.rows_done), formatCount(run.rows_total), run.rows_failed)}
        </span>
        {canResume && isAtLimit && (
          <Button
            size="s"
            icon="sliders"
            disabled={sheet.readOnly !== null}
            onClick$={() => focusRaiseCap()}
            testId="inspector-runs-raise"
          >
            {text.cap.raiseLimit}
          </Button>
        )}
        {canResume && !isAtLimit && <ResumeButton run={run.id} testId="inspector-runs-resume" />}
      </p>
      {run.status !== "done" && <Progress value={fractionOf(run) ?? 0} label={text.run.progress} />}
      <p class="text-sm text-muted">{facts.join(text.separator)}</p>
      <p class="text-sm text-muted tabular-nums" title={formatDateTime(run.started_at_ms)}>
        {times.join(text.separator)}
      </p>
      {run.error !== null && (
        <p class="text-sm break-words text-error select-text">
          <Words text={sentence(run.error)} />
        </p>
      )}
    </li>
  );
});
