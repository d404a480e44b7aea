import { $, component$, type NoSerialize, noSerialize, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { type CellPrompt, type Failure, failureOf, ipc } from "~/ipc";
import { EmptyState, Notice, Select, Spinner } from "~/ui";
import { CopyButton } from "./copy-button";
import { answerName, answers } from "./history-items";
import type { PanelTools } from "./panel";
import { text as words } from "./strings";
import { TextView } from "./text-view";

interface PromptState {
  /** The answer whose prompt is shown; null takes the latest. */
  chosen: number | null;
  prompt: NoSerialize<CellPrompt>;
  failure: NoSerialize<Failure>;
}

/** The exact messages that the model was given for an answer of this cell. */
export const PromptTab = component$<{ tools: PanelTools }>(({ tools }) => {
  const { panel, sheet } = tools;
  const state = useStore<PromptState>({ chosen: null, prompt: undefined, failure: undefined });

  useTask$(({ track, cleanup }) => {
    const history = track(() => panel.history);
    const chosen = track(() => state.chosen);
    const cell = panel.loaded;
    const seq = shownAnswer(history ?? [], chosen)?.seq;
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    state.failure = undefined;
    if (seq === undefined || !cell) {
      state.prompt = undefined;
      return;
    }
    ipc
      .cellPrompt(sheet.info.id, cell.column, cell.row, seq)
      .then((prompt) => {
        if (isCurrent) state.prompt = noSerialize(prompt);
      })
      .catch((thrown: unknown) => {
        if (!isCurrent) return;
        state.prompt = undefined;
        state.failure = noSerialize(failureOf(thrown));
      });
  });

  if (!panel.history) {
    return (
      <div class="flex flex-1 items-center justify-center text-muted">
        {panel.isLoading && <Spinner label={words.loading} />}
      </div>
    );
  }
  const asked = answers(panel.history);
  const shown = shownAnswer(panel.history, state.chosen);
  if (!shown) {
    return (
      <EmptyState
        icon="message"
        title={words.promptNone}
        body={words.promptNoneHint}
        class="flex-1"
      />
    );
  }
  const messages = state.prompt?.messages ?? [];
  const whole = messages
    .map((message) => `${words.roles[message.role]}:\n${message.content}`)
    .join("\n\n");
  return (
    <div class="scroll-area flex min-h-0 flex-1 flex-col gap-3 p-3" data-testid="cell-prompt">
      <div class="flex items-end gap-2">
        <Select
          class="flex-1"
          label={words.promptOf}
          value={String(shown.seq)}
          options={asked.map((entry) => ({ value: String(entry.seq), label: answerName(entry) }))}
          testId="cell-prompt-answer"
          onChange$={$((seq: string) => {
            state.chosen = Number(seq);
          })}
        />
        {state.prompt && (
          <CopyButton text={whole} label={words.copyPrompt} testId="cell-prompt-copy" />
        )}
      </div>
      {state.failure && <FailureNotice failure={state.failure} />}
      {state.prompt?.is_partial && <Notice kind="info">{words.promptPartial}</Notice>}
      {messages.map((message, place) => (
        <article key={`${shown.seq} ${place}`} class="rounded-md border border-line">
          <h3 class="border-line border-b px-3 py-1 font-medium text-muted text-sm">
            {words.roles[message.role]}
          </h3>
          <div class="px-3 py-2">
            <TextView text={message.content} />
          </div>
        </article>
      ))}
    </div>
  );
});

/** The chosen answer while the cell has it, else the latest. */
function shownAnswer(history: Parameters<typeof answers>[0], chosen: number | null) {
  const asked = answers(history);
  return asked.find((entry) => entry.seq === chosen) ?? asked[0];
}
