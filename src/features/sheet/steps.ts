import { showFailure } from "~/errors";
import { ipc, type StepId, type StepInfo } from "~/ipc";
import { closeToast, showToast } from "~/state/toasts";
import { columnsChanged, countRows } from "./changes";
import { text } from "./strings";
import type { SheetTools } from "./tools";

/** The step that undo would take back. */
export function nextUndo(steps: readonly StepInfo[]): StepInfo | null {
  return latest(steps.filter((step) => !step.undone));
}

/** The step that redo would do again: the oldest of those that were taken back. */
export function nextRedo(steps: readonly StepInfo[]): StepInfo | null {
  const undone = steps.filter((step) => step.undone);
  return undone.reduce<StepInfo | null>(
    (oldest, step) => (oldest === null || step.id < oldest.id ? step : oldest),
    null,
  );
}

function latest(steps: readonly StepInfo[]): StepInfo | null {
  return steps.reduce<StepInfo | null>(
    (newest, step) => (newest === null || step.id > newest.id ? step : newest),
    null,
  );
}

/** A step's name as it is shown: names of columns in quotation marks instead of backticks. */
export function stepName(name: string): string {
  return name.replace(/`([^`]*)`/g, "“$1”");
}

/** How many steps to take back or do again until `step` is the last one that is done. */
export function distanceTo(
  steps: readonly StepInfo[],
  step: StepId,
): { way: "undo" | "redo"; count: number } {
  const target = steps.find((other) => other.id === step);
  if (target?.undone) {
    return { way: "redo", count: steps.filter((s) => s.undone && s.id <= step).length };
  }
  return { way: "undo", count: steps.filter((s) => !s.undone && s.id > step).length };
}

/** Takes the last step back and says which it was. */
export async function undo(tools: SheetTools): Promise<void> {
  await travel(tools, "undo", 1);
}

/** Does again what was taken back last. */
export async function redo(tools: SheetTools): Promise<void> {
  await travel(tools, "redo", 1);
}

/** Takes back or does again as many steps as it needs to get to a step of the list. */
export async function goToStep(tools: SheetTools, step: StepId): Promise<void> {
  const { way, count } = distanceTo(tools.ui.steps, step);
  try {
    await travel(tools, way, count);
  } catch (thrown) {
    showFailure(tools.toasts, thrown);
  }
}

async function travel(tools: SheetTools, way: "undo" | "redo", count: number): Promise<void> {
  const { sheet, ui, toasts } = tools;
  let last: StepInfo | null = null;
  try {
    for (let done = 0; done < count; done += 1) {
      const step = way === "undo" ? await ipc.undo(sheet.info.id) : await ipc.redo(sheet.info.id);
      if (step === null) break;
      last = step;
    }
  } finally {
    if (last !== null) {
      await columnsChanged(tools);
      await countRows(tools);
    }
  }
  if (count === 0) return;
  const nothing = way === "undo" ? text.toast.nothingToUndo : text.toast.nothingToRedo;
  const title =
    last === null
      ? nothing
      : way === "undo"
        ? text.toast.undone(stepName(last.name))
        : text.toast.redone(stepName(last.name));
  // One toast for a row of undos: the last one is what counts.
  if (ui.work?.undoToast) closeToast(toasts, ui.work.undoToast);
  const toast = showToast(toasts, { kind: "info", title });
  if (ui.work) ui.work.undoToast = toast;
}
