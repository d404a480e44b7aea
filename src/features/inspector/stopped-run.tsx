import { component$, useContext } from "@builder.io/qwik";
import { FailureNotice, sentence, Words } from "~/errors";
import { isLimitReached, runKey } from "~/features/runs";
import type { Code, RunInfo } from "~/ipc";
import { formatCount } from "~/lib/format";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { Button, Notice } from "~/ui";
import { RaiseCap } from "./cap-fields";
import { resumableRun, rowsEnded } from "./figures";
import { ResumeButton } from "./live-run";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** The latest run, if it stopped before its end and can go on. */
export const Stopped = component$(() => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const run = state.runs === null ? null : resumableRun(state.runs);
  if (run === null) return null;
  const say =
    run.status === "paused"
      ? text.run.pausedAt
      : run.status === "interrupted"
        ? text.run.interruptedAt
        : text.run.failedAt;
  const code = runs.endCodes?.[runKey({ sheet: sheet.info.id, run: run.id })] ?? null;
  if (isLimitReached(run, code)) return <RaiseCap key={`${run.id} ${run.ended_at_ms}`} run={run} />;
  return (
    <>
      {run.error !== null && <StopReason run={run} code={code} />}
      <div class="flex items-center gap-2" data-testid="inspector-stopped-run">
        <p class="min-w-0 flex-1 text-sm text-warning tabular-nums">
          {say(formatCount(rowsEnded(run)), formatCount(run.rows_total))}
        </p>
        <ResumeButton run={run.id} testId="inspector-resume" />
      </div>
    </>
  );
});

/** Why a run stopped, for longer than its message is shown. Only this session knows the way out. */
const StopReason = component$<{ run: RunInfo; code: Code | null }>(({ run, code }) => {
  const sheet = useContext(SheetContext);
  const message = run.error ?? "";
  if (code === null) {
    return (
      <Notice kind="warning" testId="inspector-stop-reason">
        <Words text={sentence(message)} />
      </Notice>
    );
  }
  const isAboutModel = code === "model_missing" || code === "model_broken";
  return (
    <FailureNotice hideTitle failure={{ code, message, hint: null }} testId="inspector-stop-reason">
      {isAboutModel && sheet.inspectorTab !== "model" && (
        <Button
          size="s"
          class="mt-2"
          onClick$={() => {
            sheet.inspectorTab = "model";
          }}
        >
          {text.model.choose}
        </Button>
      )}
    </FailureNotice>
  );
});
