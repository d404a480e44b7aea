import { $, useContext, useContextProvider, useStore, useTask$ } from "@builder.io/qwik";
import { ipc, onEvent } from "~/ipc";
import {
  AppContext,
  type AppState,
  goToColumn,
  goToModels,
  goToSettings,
  goToSheet,
} from "~/state/app";
import { RunsContext, type RunsState } from "~/state/runs";
import { showToast, type Toast, ToastContext, type ToastState } from "~/state/toasts";
import { type EndAction, type EndedRun, endMessage, isWorthTelling } from "./end-message";
import { restartTeller } from "./engine-restarts";
import { keepRuns, type RunNames } from "./keep-runs";
import { text } from "./strings";

/**
 * Keeps the runs of all sheets, provides them as `RunsContext` and tells when one ends. Called
 * once, by the component that provides `AppContext` and `ToastContext`, after it did.
 */
export function useRuns(): RunsState {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const runs = useStore<RunsState>(
    { live: [], unfinished: [], loading: null, paces: {}, ended: 0 },
    { deep: false },
  );
  useContextProvider(RunsContext, runs);
  useTask$(({ cleanup }) => {
    cleanup(keepRuns(runs, (ended, names) => void tellEnd(ended, names, app, toasts)));
    const tellRestart = restartTeller(toasts, () => performance.now());
    cleanup(
      onEvent((event) => {
        if (event.event === "engine_restarted") tellRestart(event);
      }),
    );
  });
  return runs;
}

async function tellEnd(
  ended: EndedRun,
  names: RunNames | null,
  app: AppState,
  toasts: ToastState,
): Promise<void> {
  const isInOpenSheet = app.screen === "sheet" && app.sheet === ended.progress.sheet;
  if (!isWorthTelling(ended, isInOpenSheet)) return;
  const { sheetName, columnName } = names ?? (await askNames(ended));
  const message = endMessage(ended, sheetName, columnName, isInOpenSheet);
  const { kind, title, detail } = message;
  const action = message.action ? { action: toastAction(message.action, ended, app) } : {};
  showToast(toasts, { kind, title, detail, ...action });
}

function toastAction(
  action: EndAction,
  ended: EndedRun,
  app: AppState,
): NonNullable<Toast["action"]> {
  const { sheet, column } = ended.progress;
  switch (action) {
    case "show-failed":
      return {
        label: text.showFailed,
        run$: $(() => goToColumn(app, { sheet, column, onlyFailed: true })),
      };
    case "open-sheet":
      return { label: text.openSheet, run$: $(() => goToSheet(app, sheet)) };
    case "open-backends":
      return { label: text.openBackends, run$: $(() => goToSettings(app, "backends")) };
    case "raise-limit":
      return {
        label: text.raiseLimit,
        run$: $(() => {
          goToColumn(app, { sheet, column, onlyFailed: false, inspect: true });
        }),
      };
    case "choose-model":
      return { label: text.chooseModel, run$: $(() => goToModels(app)) };
  }
}

/** A run that failed at once was never in a list: its names are asked for. */
async function askNames({ progress }: EndedRun): Promise<RunNames> {
  const [sheets, columns] = await Promise.all([
    ipc.sheets().catch(() => []),
    ipc.columns(progress.sheet).catch(() => []),
  ]);
  return {
    sheetName: sheets.find((sheet) => sheet.id === progress.sheet)?.name ?? "",
    columnName: columns.find((column) => column.id === progress.column)?.name ?? "",
  };
}
