import { $, component$, useSignal } from "@builder.io/qwik";
import { type Column, failureOf } from "~/ipc";
import { TextField } from "~/ui";
import { AskDialog } from "./ask-dialog";
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
    <AskDialog
      width="s"
      title={text.column.renameTitle}
      confirm={text.column.rename}
      busy={busy}
      onConfirm$={rename}
      testId="column-rename-dialog"
      confirmTestId="column-rename"
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
    </AskDialog>
  );
});
