import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import type { LiveRun, UnfinishedRun } from "~/ipc";
import { AppContext, goToColumn } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { ToastContext } from "~/state/toasts";
import { Button, IconButton, Progress } from "~/ui";
import { act, type RunAction, type RunName } from "./actions";
import { fractionDone, fractionOf, isLimitReached, rowsEnded, runKey } from "./live";
import { text } from "./strings";

interface RunButtonsProps {
  name: RunName;
  actions: RunAction[];
  /** What the run is called, for the names of the buttons. */
  place: string;
}

const BUTTONS = {
  pause: { icon: "pause", label: text.pause, hint: text.pauseHint },
  resume: { icon: "play", label: text.resume, hint: text.resume },
  stop: { icon: "stop", label: text.stop, hint: text.stopHint },
} as const;

/** Pause, Resume and Stop of one run. */
export const RunButtons = component$<RunButtonsProps>(({ name, actions, place }) => {
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const isActing = useSignal(false);
  return (
    <span class="flex flex-none items-center gap-0.5">
      {actions.map((action) => (
        <span key={action} title={BUTTONS[action].hint}>
          <IconButton
            icon={BUTTONS[action].icon}
            label={`${BUTTONS[action].label}: ${place}`}
            size="s"
            disabled={isActing.value}
            testId={`run-${action}`}
            onClick$={async () => {
              isActing.value = true;
              await act(action, name, runs, toasts);
              isActing.value = false;
            }}
          />
        </span>
      ))}
    </span>
  );
});

interface PlaceProps {
  name: RunName;
  column: number;
  sheetName: string;
  columnName: string;
  /** Called after the click, to close what the link is in. */
  onGo$?: () => void;
}

/** A run's sheet and column; a click goes there. */
export const RunPlace = component$<PlaceProps>(({ name, column, sheetName, columnName, onGo$ }) => {
  const app = useContext(AppContext);
  return (
    <button
      type="button"
      class="min-w-0 truncate rounded-sm text-left text-normal hover:text-strong hover:underline"
      title={text.goTo(sheetName, columnName)}
      data-testid="run-go-to"
      onClick$={async () => {
        goToColumn(app, { sheet: name.sheet, column, onlyFailed: false });
        await onGo$?.();
      }}
    >
      {text.place(sheetName, columnName)}
    </button>
  );
});

/** One live run of the list: name, state, progress, Pause and Stop. */
export const AliveRun = component$<{ run: LiveRun; place: number; onGo$?: () => void }>(
  ({ run, place, onGo$ }) => {
    const { progress, sheet_name, column_name } = run;
    const name = { sheet: progress.sheet, run: progress.run };
    const status =
      run.status === "queued"
        ? text.statusQueued(place)
        : text.of(rowsEnded(progress), progress.rows_total);
    const title = text.place(sheet_name, column_name);
    return (
      <li class="flex items-center gap-3 py-1.5" data-testid="run-item" data-status={run.status}>
        <div class="flex min-w-0 flex-1 flex-col gap-0.5">
          <RunPlace
            name={name}
            column={progress.column}
            sheetName={sheet_name}
            columnName={column_name}
            {...(onGo$ ? { onGo$ } : {})}
          />
          <span class="text-muted text-xs tabular-nums">
            {status}
            {progress.rows_failed > 0 && (
              <span class="text-error"> · {text.failed(progress.rows_failed)}</span>
            )}
          </span>
          {run.status !== "queued" && (
            <Progress
              value={fractionDone(progress)}
              label={text.progress(sheet_name, column_name)}
            />
          )}
        </div>
        <RunButtons name={name} actions={["pause", "stop"]} place={title} />
      </li>
    );
  },
);

interface RestingRunProps {
  item: UnfinishedRun;
  /** Writes Resume and End in words, where there is room. */
  words?: boolean;
  onGo$?: () => void;
}

/** Goes where a run that stopped at its limit goes on with a higher one. */
const RaiseLimit = component$<{
  item: UnfinishedRun;
  place: string;
  words?: boolean | undefined;
  onGo$?: (() => void) | undefined;
}>(({ item, place, words, onGo$ }) => {
  const app = useContext(AppContext);
  const go = $(async () => {
    const { sheet, run } = item;
    goToColumn(app, { sheet: sheet.id, column: run.column, onlyFailed: false, inspect: true });
    await onGo$?.();
  });
  const label = `${text.raiseLimit}: ${place}`;
  return words ? (
    <Button
      size="s"
      icon="sliders"
      ariaLabel={label}
      title={text.raiseLimitHint}
      testId="run-raise-limit"
      onClick$={go}
    >
      {text.raiseLimit}
    </Button>
  ) : (
    <span class="flex-none" title={text.raiseLimitHint}>
      <IconButton icon="sliders" label={label} size="s" testId="run-raise-limit" onClick$={go} />
    </span>
  );
});

/** One paused or interrupted run: name, how far it came, Resume or a higher limit, and End. */
export const RestingRun = component$<RestingRunProps>(({ item, words, onGo$ }) => {
  const { sheet, run, column_name } = item;
  const runs = useContext(RunsContext);
  const name = { sheet: sheet.id, run: run.id };
  const isAtLimit = isLimitReached(run, runs.endCodes?.[runKey(name)] ?? null);
  const status = isAtLimit
    ? text.statusAtLimit
    : run.status === "paused"
      ? text.statusPaused
      : text.statusInterrupted;
  const title = text.place(sheet.name, column_name);
  return (
    <li class="flex items-center gap-3 py-1.5" data-testid="run-item" data-status={run.status}>
      <div class="flex min-w-0 flex-1 flex-col gap-0.5">
        <RunPlace
          name={name}
          column={run.column}
          sheetName={sheet.name}
          columnName={column_name}
          {...(onGo$ ? { onGo$ } : {})}
        />
        <span class="text-muted text-xs tabular-nums">
          {status} · {text.of(run.rows_done + run.rows_failed, run.rows_total)}
          {run.rows_failed > 0 && <span class="text-error"> · {text.failed(run.rows_failed)}</span>}
        </span>
        <Progress value={fractionOf(run) ?? 0} label={text.progress(sheet.name, column_name)} />
      </div>
      {isAtLimit && <RaiseLimit item={item} place={title} words={words} onGo$={onGo$} />}
      {words ? (
        <RunWords name={name} place={title} canResume={!isAtLimit} />
      ) : (
        <RunButtons name={name} actions={isAtLimit ? ["stop"] : ["resume", "stop"]} place={title} />
      )}
    </li>
  );
});

interface RunWordsProps {
  name: RunName;
  place: string;
  canResume: boolean;
}

const RunWords = component$<RunWordsProps>(({ name, place, canResume }) => {
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const acting = useSignal<RunAction | null>(null);
  const doIt = $(async (action: RunAction) => {
    acting.value = action;
    await act(action, name, runs, toasts);
    acting.value = null;
  });
  return (
    <span class="flex flex-none items-center gap-1.5">
      {canResume && (
        <Button
          size="s"
          icon="play"
          busy={acting.value === "resume"}
          disabled={acting.value !== null}
          ariaLabel={`${text.resume}: ${place}`}
          testId="run-resume"
          onClick$={() => doIt("resume")}
        >
          {text.resume}
        </Button>
      )}
      <Button
        size="s"
        variant="ghost"
        busy={acting.value === "stop"}
        disabled={acting.value !== null}
        ariaLabel={`${text.end}: ${place}`}
        title={text.endHint}
        testId="run-stop"
        onClick$={() => doIt("stop")}
      >
        {text.end}
      </Button>
    </span>
  );
});
