import { $ } from "@builder.io/qwik";
import { ipc, type StepId } from "~/ipc";
import { showToast } from "~/state/toasts";
import { perform } from "./actions";
import { nextUndo } from "./steps";
import { text } from "./strings";
import type { SheetTools } from "./tools";

/**
 * Tells what the latest step did, with a button that takes it back while the sheet is open and as
 * long as it is the latest: the button must not take back what somebody did afterwards.
 */
export async function toastWithUndo(
  tools: SheetTools,
  title: string,
  detail: string | null = null,
): Promise<void> {
  const step = await latestStep(tools);
  showToast(tools.toasts, {
    kind: "info",
    title,
    ...(detail === null ? {} : { detail }),
    action: {
      label: text.toast.undo,
      run$: $(async () => {
        if (tools.ui.work?.left !== false) return;
        // The message takes its button, and the focus on it, away with it.
        tools.ui.view?.focus();
        if ((await latestStep(tools)) === step) await perform(tools, { do: "undo" });
        else showToast(tools.toasts, { kind: "info", title: text.toast.undoLater });
      }),
    },
  });
}

async function latestStep({ sheet }: SheetTools): Promise<StepId | null> {
  return nextUndo(await ipc.steps(sheet.info.id))?.id ?? null;
}
