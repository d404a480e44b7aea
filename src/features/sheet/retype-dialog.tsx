import { $, component$, useSignal, useStore } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { type AppError, type Column, type DataType, failureOf } from "~/ipc";
import { Notice, RadioGroup } from "~/ui";
import { AskDialog } from "./ask-dialog";
import { retypeColumn } from "./column-actions";
import { dataTypeOf } from "./data-type";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** Asks for another type of a data column, and again when values would be lost. */
export const RetypeDialog = component$<{ column: Column }>(({ column }) => {
  const tools = useSheetTools();
  const { ui } = tools;
  const { id } = column;
  const present = dataTypeOf(column);
  const chosen = useSignal<DataType>(present);
  const loses = useStore<{ error: AppError | null }>({ error: null });
  const busy = useSignal(false);
  const retype = $(async () => {
    busy.value = true;
    const mayLose = loses.error?.code === "conflict";
    try {
      await retypeColumn(tools, id, chosen.value, mayLose);
      ui.dialog = null;
    } catch (thrown) {
      const { code, message, hint } = failureOf(thrown);
      loses.error = { code, message, hint };
    } finally {
      busy.value = false;
    }
  });
  const isConflict = loses.error?.code === "conflict";
  return (
    <AskDialog
      width="s"
      title={text.column.retypeTitle(column.name)}
      confirm={isConflict ? text.column.lose : text.column.retype}
      busy={busy}
      disabled={chosen.value === present}
      isDanger={isConflict}
      onConfirm$={retype}
      testId="column-retype-dialog"
      confirmTestId="column-retype"
    >
      <RadioGroup
        label={text.column.type}
        hideLabel
        value={chosen.value}
        options={Object.entries(text.types).map(([value, label]) => ({ value, label }))}
        onChange$={(value: string) => {
          chosen.value = value as DataType;
          loses.error = null;
        }}
        testId="column-type"
      />
      {loses.error && isConflict && (
        <Notice kind="warning" title={text.column.loses} class="mt-3" testId="column-loses">
          <p>{loses.error.message}</p>
        </Notice>
      )}
      {loses.error && !isConflict && <FailureNotice failure={loses.error} class="mt-3" />}
    </AskDialog>
  );
});
