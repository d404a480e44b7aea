import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  type QRL,
  useContext,
  useSignal,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { FailureNotice, sentence } from "~/errors";
import type { ModelFile, TunedModel } from "~/ipc";
import { type AppError, errorOf, ipc, onEvent } from "~/ipc";
import { formatBytes, formatDuration } from "~/lib/format";
import { fileName } from "~/lib/model-names";
import { AppContext } from "~/state/app";
import { Button, Dialog, Notice, Progress } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { text } from "./strings";
import { progressText, setupText, type TuningProgress, tuningRows, tuningVerdict } from "./tuning";

const words = text.tuning;

interface TuneDialogProps {
  model: ModelFile;
  onClose$: QRL<() => void>;
  onChanged$: QRL<() => void>;
}

interface TuneState {
  task: string | null;
  /** Whether the last tuning was only to measure. */
  isDryRun: boolean;
  isStopping: boolean;
  progress: TuningProgress | null;
  failure: AppError | null;
}

/** Measures copies of a model on this machine and, if wanted, keeps the fastest that is faithful. */
export const TuneDialog = component$<TuneDialogProps>(({ model, onClose$, onChanged$ }) => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const result = useSignal<NoSerialize<TunedModel>>();
  const buttons = useSignal<HTMLElement>();
  const state = useStore<TuneState>({
    task: null,
    isDryRun: false,
    isStopping: false,
    progress: null,
    failure: null,
  });

  const stop = $(async () => {
    const { task } = state;
    if (task === null) return;
    state.isStopping = true;
    const isFound = await ipc.cancelTask(task).catch(() => false);
    // A call that is not there (yet) goes on, and can be stopped by another click.
    if (!isFound) state.isStopping = false;
  });
  const close = $(async () => {
    await stop();
    await onClose$();
  });
  const tune = $(async (isDryRun: boolean) => {
    const task = `tune ${crypto.randomUUID()}`;
    state.task = task;
    state.isDryRun = isDryRun;
    state.failure = null;
    state.progress = null;
    result.value = undefined;
    try {
      const tuned = await ipc.tuneModel(model.name, isDryRun, task);
      result.value = noSerialize(tuned);
      if (tuned.copy !== null) await onChanged$();
    } catch (thrown) {
      const failure = errorOf(thrown);
      if (failure.code !== "cancelled") state.failure = failure;
    } finally {
      state.task = null;
      state.isStopping = false;
    }
  });

  useTask$(({ cleanup }) => {
    const unlisten = onEvent((event) => {
      if (event.event !== "model_tuning" || event.model !== fileName(model.name)) return;
      const { stage, quantisation, fraction } = event;
      state.progress = { stage, quantisation, fraction: fraction ?? 0 };
    });
    cleanup(() => {
      unlisten();
      void stop();
    });
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(({ track }) => {
    track(() => [state.task, result.value]);
    // The button that was pressed is gone, and focus with it; WebKit notices that a frame later.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const { activeElement } = document;
        if (activeElement !== null && activeElement !== document.body) return;
        buttons.value?.querySelector("button")?.focus({ preventScroll: true });
      }),
    );
  });

  const tuned = result.value;
  const copy = tuned?.copy ?? null;
  const isBusy = state.task !== null;
  return (
    <Dialog
      open
      width={tuned === undefined ? "m" : "l"}
      title={words.title(fileName(model.name))}
      onClose$={close}
      testId="tune-dialog"
    >
      {state.failure && <FailureNotice failure={state.failure} class="mb-3" testId="tune-failed" />}
      {isBusy && (
        <div class="flex flex-col gap-2" role="status" data-testid="tune-progress">
          <p class="text-normal">
            {state.isStopping
              ? words.stopping
              : state.progress === null
                ? words.waiting
                : progressText(state.progress)}
          </p>
          <Progress value={state.progress?.fraction ?? null} label={words.progress} />
          <p class="text-sm text-muted">{words.meanwhile}</p>
        </div>
      )}
      {!isBusy && tuned === undefined && (
        <div class="flex flex-col gap-2">
          {words.what.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
      {!isBusy && tuned !== undefined && <Result tuned={tuned} isDryRun={state.isDryRun} />}
      <div ref={buttons} q:slot="footer" class="flex flex-wrap justify-end gap-2">
        {isBusy ? (
          <Button icon="stop" busy={state.isStopping} onClick$={stop} testId="tune-stop">
            {words.stop}
          </Button>
        ) : (
          <Button onClick$={close} testId="tune-close">
            {words.close}
          </Button>
        )}
        {!isBusy && copy === null && (
          <>
            <Button onClick$={() => tune(true)} testId="tune-measure">
              {words.measure}
            </Button>
            <Button variant="primary" onClick$={() => tune(false)} testId="tune-keep">
              {words.keep}
            </Button>
          </>
        )}
        {!isBusy && copy !== null && (
          <Button
            variant="primary"
            onClick$={async () => {
              await apply(app, marks, "model", () =>
                ipc.configureBackend({ backend: "local", model: copy.name }),
              );
              await close();
            }}
            testId="tune-use"
          >
            {words.use}
          </Button>
        )}
      </div>
    </Dialog>
  );
});

const Result = component$<{ tuned: TunedModel; isDryRun: boolean }>(({ tuned, isDryRun }) => {
  const verdict = tuningVerdict(tuned);
  const setup = setupText(tuned, isDryRun);
  return (
    <div class="flex flex-col gap-3" data-testid="tune-result">
      <Notice kind={verdict.kind} title={verdict.title}>
        {verdict.body}
      </Notice>
      <div class="overflow-x-auto">
        <table class="w-full border-collapse text-right tabular-nums select-text">
          <thead class="text-sm text-muted">
            <tr class="border-line border-b align-bottom">
              <th class="py-1 pe-3 text-left font-normal">{words.columns.name}</th>
              <th class="py-1 pe-3 font-normal">{words.columns.size}</th>
              <th class="py-1 pe-3 font-normal" title={words.columns.prefillHint}>
                {words.columns.prefill}
              </th>
              <th class="py-1 pe-3 font-normal" title={words.columns.decodeHint}>
                {words.columns.decode}
              </th>
              <th class="py-1 pe-3 font-normal" title={words.columns.gainHint}>
                {words.columns.gain}
              </th>
              <th class="py-1 pe-3 font-normal" title={words.columns.labelsHint}>
                {words.columns.labels}
              </th>
              <th class="py-1 pe-3 font-normal" title={words.columns.tokensHint}>
                {words.columns.tokens}
              </th>
              <th class="py-1 font-normal" title={words.columns.divergenceHint}>
                {words.columns.divergence}
              </th>
            </tr>
          </thead>
          <tbody>
            {tuningRows(tuned).map((row) => (
              <tr key={row.name} class="border-line border-b align-top last:border-b-0">
                <th scope="row" class="py-1.5 pe-3 text-left font-normal">
                  <span class={row.isChosen ? "font-medium text-success" : "text-strong"}>
                    {row.name}
                  </span>
                  <span class="block max-w-56 text-sm text-muted">{sentence(row.outcome)}</span>
                </th>
                <td class="py-1.5 pe-3 whitespace-nowrap text-muted">
                  {row.sizeBytes === null ? "" : formatBytes(row.sizeBytes)}
                </td>
                <td class="py-1.5 pe-3">{row.prefill}</td>
                <td class="py-1.5 pe-3">{row.decode}</td>
                <td class="py-1.5 pe-3 font-medium text-strong">{row.gain}</td>
                <td class="py-1.5 pe-3">{row.labels}</td>
                <td class="py-1.5 pe-3">{row.tokens}</td>
                <td class="py-1.5">{row.divergence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {setup !== null && <p class="text-sm text-muted">{setup}</p>}
      <p class="text-sm text-muted">{words.took(formatDuration(tuned.report.elapsed_ms))}</p>
    </div>
  );
});
