import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { ipc, type UnfinishedRun } from "~/ipc";
import { RunsContext, type RunsState } from "~/state/runs";
import { ToastContext } from "~/state/toasts";
import { Button, IconButton } from "~/ui";
import { resumeAll } from "./actions";
import { isLimitReached, resting, runKey } from "./live";
import { RestingRun } from "./run-item";
import { text } from "./strings";

/**
 * What an earlier process left unfinished, offered once after the start to be resumed. A card at
 * the edge, not a dialog: it keeps nobody from working, and the strip has the same runs later.
 */
export const ResumeOffer = component$(() => {
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  /** The runs found at the start; those that are no longer at rest leave by themselves. */
  const offered = useSignal<string[]>([]);
  const isResuming = useSignal(false);

  useTask$(() => {
    ipc
      .unfinishedRuns()
      .then((found) => {
        offered.value = found.map(keyOf);
      })
      .catch(() => {
        // Only an offer: a home that cannot be read shows itself elsewhere.
      });
  });

  const dismiss = $(() => {
    offered.value = [];
  });
  const left = offeredRuns(offered.value, resting(runs.unfinished, runs.live));
  const resumable = left.filter((item) => canResume(item, runs));
  const resume = $(async () => {
    isResuming.value = true;
    // A run at its limit would stop again at once: it stays in the list, with its own button.
    const names = offeredRuns(offered.value, runs.unfinished).filter((item) =>
      canResume(item, runs),
    );
    await resumeAll(
      names.map(({ sheet, run }) => ({ sheet: sheet.id, run: run.id })),
      runs,
      toasts,
    );
    isResuming.value = false;
    const resumed = new Set(names.map(keyOf));
    offered.value = offered.value.filter((key) => !resumed.has(key));
  });

  if (left.length === 0) return null;
  return (
    <section
      class="fixed bottom-10 left-1/2 z-30 flex max-h-[60vh] w-[520px] max-w-[calc(100vw-32px)] -translate-x-1/2 flex-col rounded-md border border-line bg-raised shadow-popover"
      aria-label={text.offerTitle(left.length)}
      data-testid="resume-offer"
    >
      <header class="flex items-start gap-2 px-4 pt-3">
        <div class="min-w-0 flex-1">
          <h2 class="font-semibold text-strong">{text.offerTitle(left.length)}</h2>
          <p class="text-muted">{text.offerBody}</p>
        </div>
        <IconButton icon="x" label={text.notNow} size="s" onClick$={dismiss} />
      </header>
      <ul class="min-h-0 flex-1 overflow-y-auto px-4 py-2">
        {left.map((item) => (
          <RestingRun key={keyOf(item)} item={item} words />
        ))}
      </ul>
      <footer class="flex justify-end gap-2 border-line border-t px-4 py-2">
        <Button variant="secondary" onClick$={dismiss} testId="resume-not-now">
          {text.notNow}
        </Button>
        {resumable.length > 1 && (
          <Button
            variant="primary"
            icon="play"
            busy={isResuming.value}
            onClick$={resume}
            testId="resume-all"
          >
            {text.resumeAll}
          </Button>
        )}
      </footer>
    </section>
  );
});

function keyOf({ sheet, run }: UnfinishedRun): string {
  return runKey({ sheet: sheet.id, run: run.id });
}

function canResume(item: UnfinishedRun, runs: RunsState): boolean {
  return !isLimitReached(item.run, runs.endCodes?.[keyOf(item)] ?? null);
}

function offeredRuns(offered: readonly string[], runs: readonly UnfinishedRun[]): UnfinishedRun[] {
  return runs.filter((item) => offered.includes(keyOf(item)));
}
