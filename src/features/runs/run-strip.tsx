import { $, component$, type Signal, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { ipc, type LiveRun } from "~/ipc";
import { shortModelName } from "~/lib/model-names";
import { formatUsd } from "~/lib/money";
import { AppContext, goToModels, type Screen } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { type RunPace, RunsContext } from "~/state/runs";
import { Icon, Popover, Progress, Spinner } from "~/ui";
import { fractionDone, rowsEnded, runKey, runsShown } from "./live";
import { AliveRun, RestingRun, RunButtons, RunPlace } from "./run-item";
import { text } from "./strings";

/** The model that "automatic" means; "" while that is not known, null when there is none. */
function useAutomaticModel(): Signal<string | null> {
  const app = useContext(AppContext);
  const automatic = useSignal<string | null>("");
  const models = useContext(ModelsContext);
  const lastScreen = useSignal<Screen | null>(null);
  const lastChanged = useSignal(0);
  useTask$(({ track }) => {
    const screen = track(() => app.screen);
    const changed = track(() => models.changed);
    // Asked at the start, when models came or went, and when the settings are left.
    const isFirst = lastScreen.value === null;
    const isDue = isFirst || lastScreen.value === "settings" || changed !== lastChanged.value;
    lastScreen.value = screen;
    lastChanged.value = changed;
    if (!isDue) return;
    ipc
      .doctor()
      .then((doctor) => {
        automatic.value = doctor.default_model;
      })
      .catch(() => {
        automatic.value = "";
      });
  });
  return automatic;
}

/** The bottom strip of the window: what runs now, how fast, what waits; the same height always. */
export const RunStrip = component$(() => {
  const runs = useContext(RunsContext);
  const automatic = useAutomaticModel();
  const { current, others, queued, paused } = runsShown(runs.live, runs.unfinished);
  const isLoading = runs.loading !== null;
  return (
    <section
      class="flex h-7 flex-none items-center gap-3 border-line border-t bg-panel px-3 text-xs"
      aria-label={text.region}
      data-testid="run-strip"
    >
      {/* First, where no text that changes can move them: they are pressed while figures run. */}
      {current && <CurrentButtons run={current} />}
      {runs.loading && <LoadingModel model={runs.loading.model} fraction={runs.loading.fraction} />}
      {(!isLoading || current?.progress.flow) && current && (
        <CurrentRun run={current} pace={runs.paces?.[runKey(current.progress)] ?? null} />
      )}
      {!isLoading && !current && <Idle automatic={automatic.value} />}
      <span class="flex-1" />
      {(others.length > 0 || paused.length > 0) && (
        <OtherRuns label={text.more(queued, paused.length) || text.allRuns(others.length + 1)} />
      )}
    </section>
  );
});

const Idle = component$<{ automatic: string | null }>(({ automatic }) => {
  const app = useContext(AppContext);
  const model = app.settings.model || automatic;
  return (
    <span class="flex min-w-0 gap-1.5 text-muted" data-testid="run-strip-idle">
      <span class="flex-none">{text.idle}</span>
      {model !== "" && <span aria-hidden="true">·</span>}
      {model === null ? (
        <button
          type="button"
          class="rounded-sm text-warning hover:underline"
          title={text.noModelHint}
          data-testid="run-strip-no-model"
          onClick$={() => goToModels(app)}
        >
          {text.noModel}
        </button>
      ) : (
        <span class="truncate">{shortModelName(model)}</span>
      )}
    </span>
  );
});

const LoadingModel = component$<{ model: string; fraction: number }>(({ model, fraction }) => (
  <div class="flex min-w-0 items-center gap-2" data-testid="run-strip-loading">
    <span class="truncate text-normal">{text.loading(fileName(model))}</span>
    <Progress class="w-32 flex-none" value={fraction} label={text.loading(fileName(model))} />
    <span class="text-muted tabular-nums">{text.percent(fraction)}</span>
  </div>
));

const CurrentRun = component$<{ run: LiveRun; pace: RunPace | null }>(({ run, pace }) => {
  const { progress, sheet_name, column_name } = run;
  const fraction = fractionDone(progress);
  return (
    <>
      {run.status === "queued" ? (
        <Icon name="clock" size={14} class="flex-none text-muted" />
      ) : (
        <Spinner label={text.statusRunning} class="flex-none" />
      )}
      <RunPlace
        name={{ sheet: progress.sheet, run: progress.run }}
        column={progress.column}
        sheetName={sheet_name}
        columnName={column_name}
      />
      <Progress
        class="w-24 flex-none min-[1000px]:w-40"
        value={run.status === "queued" ? 0 : fraction}
        label={text.progress(sheet_name, column_name)}
      />
      <span class="flex-none text-normal tabular-nums" data-testid="run-strip-rows">
        {text.done(rowsEnded(progress), progress.rows_total)}
      </span>
      {progress.rows_failed > 0 && (
        <span class="flex-none text-error tabular-nums" data-testid="run-strip-failed">
          {text.failed(progress.rows_failed)}
        </span>
      )}
      <Figures run={run} pace={pace} />
    </>
  );
});

const Figures = component$<{ run: LiveRun; pace: RunPace | null }>(({ run, pace }) => {
  if (run.status === "queued") {
    return <span class="flex-none text-muted">{text.statusQueued(1)}</span>;
  }
  const { cost_usd = null, flow } = run.progress;
  return (
    <>
      {cost_usd !== null && (
        <span
          class="flex-none text-normal tabular-nums"
          title={text.costHint}
          data-testid="run-strip-cost"
        >
          {text.cost(formatUsd(cost_usd))}
        </span>
      )}
      {(flow?.wait_ms ?? 0) > 0 ? <Waiting wait_ms={flow?.wait_ms ?? 0} /> : <Pace pace={pace} />}
    </>
  );
});

/** The backend asked to wait: nothing is wrong, and the run goes on by itself. */
const Waiting = component$<{ wait_ms: number }>(({ wait_ms }) => {
  return (
    <span
      class="flex min-w-0 items-center gap-1 text-muted tabular-nums"
      title={text.waits(wait_ms)}
      data-testid="run-strip-waits"
    >
      <Icon name="clock" size={12} class="flex-none" />
      <span class="hidden truncate min-[1000px]:inline">{text.waits(wait_ms)}</span>
      <span class="truncate min-[1000px]:hidden">{text.waitsShort(wait_ms)}</span>
    </span>
  );
});

const Pace = component$<{ pace: RunPace | null }>(({ pace }) => {
  if (!pace || pace.rowsPerSecond === null) {
    return <span class="flex-none text-muted">{text.leftUnknown}</span>;
  }
  return (
    <>
      <span class="flex-none text-muted tabular-nums">
        {text.rowsPerSecond(pace.rowsPerSecond)}
      </span>
      {pace.tokensPerSecond !== null && (
        <span
          class="hidden flex-none text-muted tabular-nums min-[1000px]:inline"
          title={text.tokensHint}
        >
          {text.tokensPerSecond(pace.tokensPerSecond)}
        </span>
      )}
      {pace.promptTokensPerSecond !== null && (
        <span
          class="hidden flex-none text-muted tabular-nums min-[1280px]:inline"
          title={text.promptTokensHint}
        >
          {text.promptTokensPerSecond(pace.promptTokensPerSecond)}
        </span>
      )}
      {pace.remainingMs !== null && (
        <span class="flex-none text-muted tabular-nums" data-testid="run-strip-left">
          {text.left(pace.remainingMs)}
        </span>
      )}
    </>
  );
});

const CurrentButtons = component$<{ run: LiveRun }>(({ run }) => (
  <RunButtons
    name={{ sheet: run.progress.sheet, run: run.progress.run }}
    actions={["pause", "stop"]}
    place={text.place(run.sheet_name, run.column_name)}
  />
));

const OtherRuns = component$<{ label: string }>(({ label }) => {
  const runs = useContext(RunsContext);
  const isOpen = useSignal(false);
  const close = $(() => {
    isOpen.value = false;
  });
  const { current, others, paused } = runsShown(runs.live, runs.unfinished);
  const alive = current ? [current, ...others] : [];
  const working = alive.filter((run) => run.status !== "queued").length;
  return (
    <div class="relative flex-none">
      <button
        type="button"
        class="flex h-5 items-center gap-1 rounded-sm px-1.5 text-normal hover:bg-hover"
        aria-expanded={isOpen.value}
        aria-haspopup="dialog"
        data-testid="run-strip-more"
        onClick$={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        {label}
        <Icon name="chevron-down" size={12} class="rotate-180" />
      </button>
      <Popover open={isOpen.value} anchor="end" onClose$={close} label={text.all}>
        <ul class="-my-1.5 max-h-[50vh] w-80 max-w-[calc(100vw-48px)] overflow-y-auto text-base">
          {alive.map((run, index) => (
            <AliveRun
              key={runKey(run.progress)}
              run={run}
              place={index - working + 1}
              onGo$={close}
            />
          ))}
          {paused.map((item) => (
            <RestingRun
              key={runKey({ sheet: item.sheet.id, run: item.run.id })}
              item={item}
              onGo$={close}
            />
          ))}
        </ul>
      </Popover>
    </div>
  );
});

/** A model's file name without its folder and ending. */
function fileName(model: string): string {
  const name = model.split(/[\\/]/).at(-1) ?? model;
  return name.replace(/\.gguf$/i, "");
}
