import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc } from "~/ipc";
import { ToastContext } from "~/state/toasts";
import { Button, IconButton } from "~/ui";
import { text as words } from "./strings";

const TOLD_FOR_MS = 2_000;

interface CopyButtonProps {
  text: string;
  label: string;
  iconOnly?: boolean;
  testId?: string;
}

/** Copies a text and says so for a moment. */
export const CopyButton = component$<CopyButtonProps>((props) => {
  const toasts = useContext(ToastContext);
  const isCopied = useSignal(false);
  const copy = $(async () => {
    try {
      await ipc.copyText(props.text);
      isCopied.value = true;
      setTimeout(() => {
        isCopied.value = false;
      }, TOLD_FOR_MS);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const icon = isCopied.value ? "check" : "copy";
  const label = isCopied.value ? words.copied : props.label;
  if (props.iconOnly) {
    return <IconButton icon={icon} size="s" label={label} testId={props.testId} onClick$={copy} />;
  }
  return (
    <Button size="s" icon={icon} testId={props.testId} onClick$={copy}>
      {label}
    </Button>
  );
});
