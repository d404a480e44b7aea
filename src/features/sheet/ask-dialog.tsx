import { $, component$, type QRL, type Signal, Slot } from "@builder.io/qwik";
import { Button, Dialog, type DialogProps } from "~/ui";
import { text } from "./strings";
import { useSheetTools } from "./tools";

interface AskDialogProps {
  title: string;
  width: DialogProps["width"];
  /** What the button says that does it. */
  confirm: string;
  /** Whether it is being done. Nothing closes the dialog meanwhile, so that a failure is seen. */
  busy: Signal<boolean>;
  disabled?: boolean | undefined;
  /** Whether something is lost by it. */
  isDanger?: boolean | undefined;
  onConfirm$: QRL<() => void>;
  testId: string;
  confirmTestId: string;
}

/** A dialog of the sheet that does something once it is told to. */
export const AskDialog = component$<AskDialogProps>((props) => {
  const { ui } = useSheetTools();
  const { busy } = props;
  const close = $(() => {
    if (!busy.value) ui.dialog = null;
  });
  return (
    <Dialog open width={props.width} title={props.title} onClose$={close} testId={props.testId}>
      <Slot />
      <Button q:slot="footer" disabled={busy.value} onClick$={close}>
        {text.column.cancel}
      </Button>
      <Button
        q:slot="footer"
        variant={props.isDanger ? "danger" : "primary"}
        busy={busy.value}
        disabled={props.disabled}
        onClick$={props.onConfirm$}
        testId={props.confirmTestId}
      >
        {props.confirm}
      </Button>
    </Dialog>
  );
});
