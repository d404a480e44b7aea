/** What a person does with a run. Each shows its failure as a toast and never rejects. */
import { showFailure } from "~/errors";
import type { RunId, SheetId } from "~/ipc";
import { ipc } from "~/ipc";
import type { RunsState } from "~/state/runs";
import type { ToastState } from "~/state/toasts";
import { readRuns } from "./keep-runs";

/** Names a run. */
export interface RunName {
  sheet: SheetId;
  run: RunId;
}

export type RunAction = "pause" | "resume" | "stop";

/** Does it, and reads the lists again: not everything that changes them is heard as an event. */
export async function act(
  action: RunAction,
  { sheet, run }: RunName,
  runs: RunsState,
  toasts: ToastState,
): Promise<void> {
  try {
    if (action === "pause") await ipc.pauseRun(sheet, run);
    else if (action === "resume") await ipc.resumeRun(sheet, run, null);
    else await ipc.cancelRun(sheet, run);
    Object.assign(runs, await readRuns());
  } catch (thrown) {
    showFailure(toasts, thrown);
  }
}

/** Resumes runs one after another, so that they queue in this order. */
export async function resumeAll(
  names: readonly RunName[],
  runs: RunsState,
  toasts: ToastState,
): Promise<void> {
  for (const name of names) await act("resume", name, runs, toasts);
}
