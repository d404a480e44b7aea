import { $, component$, useSignal } from "@builder.io/qwik";
import { type Column, failureOf } from "~/ipc";
import { Button, Dialog, TextField } from "~/ui";
import { renameColumn } from "./column-actions";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** Asks for another name of a column. */
export const RenameDialog = component$<{ column: Column }>(({ column }) => {
  const tools = useSheetTools();
  const { ui } = tools;
  const { id, name: before } = column;
  const name = useSignal(before);
  const problem = useSignal<string>();
  const busy = useSignal(false);
  const close = $(() => {
    ui.dialog = null;
  });
  const rename = $(async () => {
    const wanted = name.value.trim();
    if (wanted === "") {
      problem.value = text.column.noName;
      return;
    }
    if (wanted === before) {
      ui.dialog = null;
      return;
    }
    busy.value = true;
    try {
      await renameColumn(tools, id, wanted);
      ui.dialog = null;
    } catch (thrown) {
      const failure = failureOf(thrown);
      problem.value = failure.code === "conflict" ? text.column.taken : failure.message;
    } finally {
      busy.value = false;
    }
  });
  return (
    <Dialog
      open
      width="s"
      title={text.column.renameTitle}
      onClose$={close}
      testId="column-rename-dialog"
    >
      <form preventdefault:submit onSubmit$={rename}>
        <TextField
          label={text.column.name}
          value={name.value}
          autoFocus
          error={problem.value}
          onInput$={(value: string) => {
            name.value = value;
            problem.value = undefined;
          }}
          testId="column-name"
        />
      </form>
      <Button q:slot="footer" onClick$={close}>
        {text.column.cancel}
      </Button>
      <Button
        q:slot="footer"
        variant="primary"
        busy={busy.value}
        onClick$={rename}
        testId="column-rename"
      >
        {text.column.rename}
      </Button>
    </Dialog>
  );
});
