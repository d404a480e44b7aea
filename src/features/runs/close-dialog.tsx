import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc, onAsk } from "~/ipc";
import { ToastContext } from "~/state/toasts";
import { Button, Dialog } from "~/ui";
import { text } from "./strings";

/** Asks before the window closes over runs that are alive; they are paused, never lost. */
export const CloseDialog = component$(() => {
  const toasts = useContext(ToastContext);
  /** How many runs are alive; null while nobody wants to close the window. */
  const liveRuns = useSignal<number | null>(null);
  const isClosing = useSignal(false);

  useTask$(({ cleanup }) => {
    cleanup(
      onAsk((ask) => {
        if (ask.ask === "close") liveRuns.value = ask.live_runs;
      }),
    );
  });

  const stay = $(() => {
    liveRuns.value = null;
  });
  const close = $(async () => {
    isClosing.value = true;
    try {
      await ipc.closeWindow();
    } catch (thrown) {
      liveRuns.value = null;
      showFailure(toasts, thrown);
    } finally {
      isClosing.value = false;
    }
  });

  return (
    <Dialog
      open={liveRuns.value !== null}
      title={text.closeTitle}
      onClose$={stay}
      width="s"
      testId="close-dialog"
    >
      <p>{text.closeBody(liveRuns.value ?? 0)}</p>
      <Button q:slot="footer" onClick$={stay} testId="close-stay">
        {text.keepWorking}
      </Button>
      <Button
        q:slot="footer"
        variant="primary"
        busy={isClosing.value}
        onClick$={close}
        testId="close-pause"
      >
        {text.pauseAndClose}
      </Button>
    </Dialog>
  );
});
