import { $, component$, type QRL, useSignal, useStore, useVisibleTask$ } from "@builder.io/qwik";
import { FailureNotice, showFailure } from "~/errors";
import { type AppError, failureOf, ipc, type SqlResult } from "~/ipc";
import { formatDuration, valueText } from "~/lib/format";
import { goToSheet } from "~/state/app";
import { showToast } from "~/state/toasts";
import { Button, Dialog, IconButton, Kbd, Spinner, TextField } from "~/ui";
import { short } from "./condition-text";
import { firstQuery, resultText, rowsShown } from "./sql-text";
import { text } from "./strings";
import { newTask, useSheetTools } from "./tools";

interface SqlState {
  query: string;
  /** The long call that runs, so that it can be stopped. */
  task: string | null;
  result: SqlResult | null;
  elapsed_ms: number;
  error: AppError | null;
  saving: boolean;
}

/** A query over the sheet, and what it finds. */
export const SqlPanel = component$(() => {
  const { sheet, ui } = useSheetTools();
  const editor = useSignal<HTMLTextAreaElement>();
  const state = useStore<SqlState>({
    query: firstQuery(sheet.columns),
    task: null,
    result: null,
    elapsed_ms: 0,
    error: null,
    saving: false,
  });

  const run = $(async () => {
    if (state.task !== null || state.query.trim() === "") return;
    const task = newTask("sql");
    const startedMs = performance.now();
    state.task = task;
    state.error = null;
    try {
      state.result = await ipc.sql(sheet.info.id, state.query, task);
      state.elapsed_ms = performance.now() - startedMs;
    } catch (thrown) {
      const { code, message, hint } = failureOf(thrown);
      if (code !== "cancelled") state.error = { code, message, hint };
    } finally {
      state.task = null;
    }
  });
  const stop = $(async () => {
    if (state.task !== null) await ipc.cancelTask(state.task);
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus and Ctrl+Enter need the element
  useVisibleTask$(({ cleanup }) => {
    const element = editor.value;
    if (!element) return;
    element.focus();
    function onKey(event: KeyboardEvent): void {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void run();
    }
    element.addEventListener("keydown", onKey);
    cleanup(() => {
      element.removeEventListener("keydown", onKey);
      // Nobody waits for the answer any more.
      if (state.task !== null) void ipc.cancelTask(state.task).catch(() => {});
    });
  });

  return (
    <section
      class="flex h-[42%] min-h-44 shrink-0 flex-col border-t border-strongline bg-panel"
      aria-label={text.sql.title}
      data-testid="sql-panel"
    >
      <header class="flex shrink-0 items-center gap-2 px-3 py-1.5">
        <h2 class="font-semibold text-strong">{text.sql.title}</h2>
        <span class="min-w-0 flex-1 truncate text-sm text-muted">{text.sql.hint}</span>
        {state.task === null ? (
          <Button
            variant="primary"
            icon="play"
            disabled={state.query.trim() === ""}
            onClick$={run}
            testId="sql-run"
          >
            {text.sql.run}
          </Button>
        ) : (
          <Button icon="stop" onClick$={stop} testId="sql-stop">
            {text.sql.stop}
          </Button>
        )}
        <Kbd keys={text.sql.runKeys} class="max-[900px]:hidden" />
        <Button
          disabled={state.result === null || state.task !== null}
          onClick$={() => {
            state.saving = true;
          }}
          testId="sql-save"
        >
          {text.sql.save}
        </Button>
        <IconButton
          icon="x"
          label={text.sql.close}
          onClick$={() => {
            ui.sqlOpen = false;
            ui.view?.focus();
          }}
        />
      </header>
      <textarea
        ref={editor}
        class="mx-3 h-[min(5rem,11vh)] shrink-0 resize-none rounded-md border border-strongline bg-app px-2 py-1.5 font-mono text-sm text-strong"
        aria-label={text.sql.query}
        spellcheck={false}
        value={state.query}
        data-testid="sql-query"
        onInput$={(_, element) => {
          state.query = element.value;
        }}
      />
      <div class="flex min-h-0 flex-1 flex-col px-3 py-2">
        {state.task !== null && <Spinner label={text.sql.running} />}
        {state.error && <FailureNotice failure={state.error} testId="sql-failure" />}
        {state.task === null && state.error === null && state.result === null && (
          <p class="text-muted">{text.sql.nothingYet}</p>
        )}
        {state.task === null && state.error === null && state.result !== null && (
          <>
            <p class="mb-1 text-sm text-muted" role="status" data-testid="sql-count">
              {resultText(state.result)} {text.sql.took(formatDuration(state.elapsed_ms))}
            </p>
            <SqlTable result={state.result} />
          </>
        )}
      </div>
      {state.saving && (
        <SaveDialog
          query={state.query}
          onClose$={() => {
            state.saving = false;
          }}
        />
      )}
    </section>
  );
});

const SqlTable = component$<{ result: SqlResult }>(({ result }) => (
  <section
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    tabIndex={0}
    class="scroll-area min-h-0 flex-1 rounded-md border border-line bg-app"
    aria-label={text.sql.result}
  >
    <table class="text-left select-text" data-testid="sql-result">
      <thead class="sticky top-0 bg-panel">
        <tr>
          {result.columns.map((column, index) => (
            <th
              key={index}
              class="border-b border-line px-2 py-1 font-medium text-strong"
              scope="col"
            >
              {column.name} <span class="text-sm font-normal text-faint">{column.sql_type}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {result.rows.slice(0, rowsShown).map((row, index) => (
          <tr key={index} class="border-b border-line">
            {row.map((value, place) => (
              <td
                key={place}
                class={[
                  "max-w-96 truncate px-2 py-0.5",
                  typeof value === "number" ? "text-right tabular-nums" : "",
                  value === null ? "text-faint italic" : "",
                ]}
              >
                {value === null ? text.sql.empty : short(valueText(value), 200)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
));

/** Asks for the name of the sheet that the result becomes. */
const SaveDialog = component$<{ query: string; onClose$: QRL<() => void> }>(
  ({ query, onClose$ }) => {
    const { sheet, app, toasts } = useSheetTools();
    const name = useSignal(text.sql.defaultName(sheet.info.name));
    const task = useSignal<string | null>(null);
    const close = $(async () => {
      if (task.value !== null) await ipc.cancelTask(task.value);
      await onClose$();
    });
    const save = $(async () => {
      if (task.value !== null || name.value.trim() === "") return;
      task.value = newTask("sql-sheet");
      try {
        const made = await ipc.sqlToSheet(sheet.info.id, query, name.value.trim(), task.value);
        app.sheetsChanged += 1;
        await onClose$();
        const { id } = made;
        showToast(toasts, {
          kind: "success",
          title: text.toast.saved(made.name),
          action: {
            label: text.toast.open,
            run$: $(() => {
              goToSheet(app, id);
            }),
          },
        });
      } catch (thrown) {
        showFailure(toasts, thrown);
      } finally {
        task.value = null;
      }
    });
    const busy = task.value !== null;
    return (
      <Dialog open width="s" title={text.sql.saveTitle} onClose$={close} testId="sql-save-dialog">
        <form preventdefault:submit onSubmit$={save}>
          <TextField
            label={text.sql.saveName}
            value={name.value}
            autoFocus
            disabled={busy}
            onInput$={(value: string) => {
              name.value = value;
            }}
            testId="sql-save-name"
          />
        </form>
        {busy && <Spinner label={text.sql.saving} class="mt-3" />}
        <Button q:slot="footer" onClick$={close}>
          {busy ? text.sql.stop : text.sql.cancel}
        </Button>
        <Button
          q:slot="footer"
          variant="primary"
          busy={busy}
          disabled={name.value.trim() === ""}
          onClick$={save}
          testId="sql-save-confirm"
        >
          {text.sql.saveConfirm}
        </Button>
      </Dialog>
    );
  },
);
