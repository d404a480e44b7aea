import { $, component$, type QRL, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { fileName, formatExtension, formatLabel, newTask, stopTask } from "~/features/import";
import { type AppError, errorOf, ipc } from "~/ipc";
import { remember, remembered } from "~/state/remembered";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, Dialog, Notice, Progress, RadioGroup, Select, Switch } from "~/ui";
import { ColumnChoice } from "./column-choice";
import {
  type ExportChoices,
  type ExportScope,
  exportedRows,
  exportFile,
  exportProblem,
  firstChoices,
  neutraliseHint,
  pathProblem,
  scopes,
  suggestedName,
  writtenFormat,
  writtenFormats,
} from "./export-choices";
import { showInFolder } from "./show-in-folder";
import { text } from "./strings";

/** Remembers the format between exports. */
const FORMAT_KEY = "braincells.export.format";

interface ExportState {
  choices: ExportChoices;
  /** A file dialog is open. */
  isChoosing: boolean;
  /** The export that goes on, and how many rows it writes. */
  writing: { task: string; rows: number; isStopping: boolean } | null;
  failure: AppError | null;
  /** Why the path that was chosen does not do. */
  problem: string | null;
}

/** Writes the open sheet to a file: format, rows, columns. */
export const ExportDialog = component$<{ open: boolean; onClose$: QRL<() => void> }>((props) => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const { onClose$ } = props;
  const state = useStore<ExportState>({
    choices: firstChoices(sheet, "csv"),
    isChoosing: false,
    writing: null,
    failure: null,
    problem: null,
  });

  useTask$(({ track }) => {
    if (!track(() => props.open)) return;
    const format = writtenFormat(remembered(FORMAT_KEY));
    state.choices = firstChoices(sheet, format);
    state.failure = null;
    state.problem = null;
  });

  const write = $(async () => {
    // A second click must not open a second file dialog.
    if (state.isChoosing || state.writing) return;
    state.isChoosing = true;
    const { format } = state.choices;
    const extension = formatExtension(format);
    state.failure = null;
    state.problem = null;
    try {
      const suggested = suggestedName(sheet.info.name, extension);
      const path = await ipc.pickSavePath(suggested, [extension]);
      if (path === null) return;
      state.problem = pathProblem(path, format);
      if (state.problem !== null) return;
      const rows = exportedRows(sheet, state.choices.scope);
      const task = newTask("export");
      state.writing = { task, rows, isStopping: false };
      const written = await ipc.exportSheet(
        sheet.info.id,
        exportFile(sheet, state.choices, path),
        task,
      );
      remember(FORMAT_KEY, format);
      showToast(toasts, {
        kind: "success",
        title: text.exported(written, fileName(path)),
        action: showInFolder(path),
      });
      void onClose$();
    } catch (thrown) {
      const failure = errorOf(thrown);
      if (failure.code !== "cancelled") state.failure = failure;
    } finally {
      state.isChoosing = false;
      state.writing = null;
    }
  });

  const choices = state.choices;
  const problem = exportProblem(sheet, choices);
  const hint = neutraliseHint(choices.format);
  const isFilling = runs.live.some((run) => run.progress.sheet === sheet.info.id);
  return (
    <Dialog
      open={props.open}
      title={text.title}
      width="l"
      onClose$={() => {
        // An export that goes on is ended with its own button, not by a stray Escape.
        if (!state.writing) return onClose$();
      }}
      testId="export-dialog"
    >
      {props.open && (
        <div class="flex flex-col gap-4">
          <fieldset class="grid min-w-0 grid-cols-2 gap-6" disabled={state.writing !== null}>
            <legend class="sr-only">{text.title}</legend>
            <div class="flex min-w-0 flex-col gap-4">
              <Select
                label={text.format}
                value={choices.format}
                options={writtenFormats.map((format) => ({
                  value: format,
                  label: `${formatLabel(format)} (.${formatExtension(format)})`,
                }))}
                hint={text.formatHints[choices.format]}
                onChange$={(value: string) => {
                  state.choices.format = writtenFormat(value);
                  state.problem = null;
                }}
                testId="export-format"
              />
              <RadioGroup
                label={text.rows}
                value={choices.scope}
                options={scopeOptions(scopes(sheet))}
                onChange$={(value: string) => {
                  const words: ExportScope[] = ["all", "view", "selected"];
                  state.choices.scope = words.find((word) => word === value) ?? "all";
                }}
                testId="export-rows"
              />
              {hint && (
                <Switch
                  label={text.neutralise}
                  hint={hint}
                  checked={choices.neutralise}
                  onChange$={(value: boolean) => {
                    state.choices.neutralise = value;
                  }}
                  testId="export-neutralise"
                />
              )}
            </div>
            <ColumnChoice
              columns={sheet.columns}
              without={choices.without}
              onChange$={(without) => {
                state.choices.without = without;
              }}
            />
          </fieldset>
          {isFilling && !state.writing && <Notice kind="info">{text.stillFilling}</Notice>}
          {problem && (
            <Notice kind="warning" testId="export-problem">
              {problem}
            </Notice>
          )}
          {state.problem && (
            <Notice kind="warning" title={state.problem} testId="export-path-problem">
              {text.wrongEndingHint}
            </Notice>
          )}
          {state.failure && <FailureNotice failure={state.failure} testId="export-failure" />}
          {state.writing && (
            <div class="flex flex-col gap-1" data-testid="export-progress">
              <Progress value={null} label={text.exporting(state.writing.rows)} />
              <span class="text-muted tabular-nums">{text.exporting(state.writing.rows)}</span>
            </div>
          )}
        </div>
      )}
      <div q:slot="footer" class="flex items-center gap-2">
        {state.writing ? (
          <Button
            disabled={state.writing.isStopping}
            onClick$={() => {
              if (!state.writing) return;
              state.writing.isStopping = true;
              stopTask(state.writing.task);
            }}
            testId="export-stop"
          >
            {state.writing.isStopping ? text.stopping : text.stop}
          </Button>
        ) : (
          <Button onClick$={onClose$} testId="export-cancel">
            {text.cancel}
          </Button>
        )}
        <Button
          variant="primary"
          icon="download"
          busy={state.writing !== null}
          disabled={problem !== null}
          onClick$={write}
          testId="export-run"
        >
          {text.export}
        </Button>
      </div>
    </Dialog>
  );
});

function scopeOptions(found: ReturnType<typeof scopes>) {
  const labels: Record<ExportScope, string> = {
    all: text.rowsAll,
    view: text.rowsView,
    selected: text.rowsSelected,
  };
  return (["all", "view", "selected"] as const).map((scope) => {
    const rows = found[scope];
    const isPossible = "rows" in rows;
    return {
      value: scope,
      label: labels[scope],
      hint: isPossible ? text.rowCount(rows.rows) : rows.reason,
      disabled: !isPossible,
    };
  });
}
