import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { firstFlowOf, runKey } from "~/features/runs";
import { ipc, type LiveRun } from "~/ipc";
import { AppContext } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { Button, Progress } from "~/ui";
import { resumeRun } from "./commands";
import { recipeOfColumn } from "./draft";
import { flowText, fractionOf, progressText, spentText, tokensText } from "./figures";
import { allowedRequests } from "./models";
import { AiColumnContext, columnOf } from "./state";
import { text } from "./strings";

/** How far a run of the column is, and how fast. */
export const LiveRunFigures = component$<{ live: LiveRun }>((props) => {
  const app = useContext(AppContext);
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const { progress, status } = props.live;
  const isQueued = status === "queued";
  const state = useContext(AiColumnContext);
  const pace = runs.paces?.[runKey(progress)] ?? null;
  const cap = state.runs?.find((run) => run.id === progress.run)?.request.cap ?? null;
  const spent = spentText(progress, cap);
  const model = recipeOfColumn(columnOf(sheet, state))?.model || app.settings.model;
  const basis = {
    first: firstFlowOf(runKey(progress)),
    allowed: allowedRequests(model, app.settings),
  };
  const isRemote = (progress.flow ?? null) !== null || spent !== "";
  return (
    <>
      <p class="min-h-5 text-sm text-normal tabular-nums">
        {isQueued ? text.run.queued : progressText(progress, pace)}
      </p>
      {!isQueued && (
        <p
          class="min-h-4 text-sm text-muted tabular-nums"
          title={text.run.tokensHint}
          data-testid="inspector-run-tokens"
        >
          {tokensText(progress, pace)}
        </p>
      )}
      {!isQueued && isRemote && (
        <>
          {spent !== "" && (
            <p class="min-h-4 text-sm text-muted tabular-nums" data-testid="inspector-run-spent">
              {spent}
            </p>
          )}
          {/* Room for it always: nothing below must move each time the backend is slow. */}
          <p class="min-h-4 text-sm text-muted tabular-nums" data-testid="inspector-run-flow">
            {flowText(progress.flow, basis)}
          </p>
        </>
      )}
      <Progress value={isQueued ? 0 : fractionOf(progress)} label={text.run.progress} />
    </>
  );
});

/** A run of the column that is alive, with what ends it. */
export const LiveRunCard = component$<{ live: LiveRun }>((props) => {
  const toasts = useContext(ToastContext);
  const isStopping = useSignal<"pause" | "stop" | null>(null);
  const end = $(async (how: "pause" | "stop") => {
    const { sheet, run } = props.live.progress;
    isStopping.value = how;
    try {
      if (how === "pause") await ipc.pauseRun(sheet, run);
      else await ipc.cancelRun(sheet, run);
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      isStopping.value = null;
    }
  });
  return (
    <div class="flex flex-col gap-1.5" data-testid="inspector-live-run">
      <LiveRunFigures live={props.live} />
      <div class="mt-1 flex justify-end gap-2">
        <Button
          size="s"
          icon="pause"
          busy={isStopping.value === "pause"}
          disabled={isStopping.value !== null}
          onClick$={() => end("pause")}
          testId="inspector-pause"
        >
          {text.run.pause}
        </Button>
        <Button
          size="s"
          icon="stop"
          busy={isStopping.value === "stop"}
          disabled={isStopping.value !== null}
          onClick$={() => end("stop")}
          testId="inspector-stop"
        >
          {text.run.stop}
        </Button>
      </div>
    </div>
  );
});

/** Goes on with a run that stopped before its end. */
export const ResumeButton = component$<{ run: number; testId: string }>(({ run, testId }) => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  return (
    <Button
      size="s"
      icon="play"
      busy={state.busy === "run"}
      disabled={sheet.readOnly !== null}
      onClick$={() => resumeRun(sheet, state, run)}
      testId={testId}
    >
      {text.run.resume}
    </Button>
  );
});
