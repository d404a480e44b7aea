import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { FailureNotice, sentence } from "~/errors";
import { type AppError, type ColumnId, type DataType, failureOf, ipc } from "~/ipc";
import { SheetContext } from "~/state/sheet";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog, Select, Spinner } from "~/ui";
import { ColumnFigures } from "./column-figures";
import { refreshSheet } from "./commands";
import { DATA_TYPES, dataTypeOf } from "./data-types";
import { text } from "./strings";
import { canReference, referenceTo } from "./template";

/** A column that was imported or typed: its type and what is in it. */
export const DataColumn = component$<{ column: ColumnId }>((props) => {
  const sheet = useContext(SheetContext);
  const toasts = useContext(ToastContext);
  const column = sheet.columns.find((one) => one.id === props.column);
  const wanted = useSignal<DataType | null>(null);
  const isRetyping = useSignal(false);
  /** What the Rust side said when values would be lost. */
  const loss = useSignal<string | null>(null);
  const failure = useSignal<Pick<AppError, "code" | "message" | "hint"> | null>(null);

  useTask$(({ track }) => {
    track(() => sheet.columns.find((one) => one.id === props.column)?.sql_type);
    failure.value = null;
  });

  const retype = $(async (type: DataType, mayLose: boolean) => {
    wanted.value = type;
    isRetyping.value = true;
    failure.value = null;
    try {
      const lost = await ipc.retypeColumn(sheet.info.id, props.column, type, mayLose);
      loss.value = null;
      await refreshSheet(sheet);
      if (lost > 0) showToast(toasts, { kind: "info", title: text.data.lost(lost) });
    } catch (thrown) {
      const refused = failureOf(thrown);
      const asks = refused.code === "conflict" || refused.code === "bad_input";
      if (asks && !mayLose) loss.value = refused.message;
      else {
        loss.value = null;
        failure.value = { code: refused.code, message: refused.message, hint: refused.hint };
      }
    } finally {
      isRetyping.value = false;
      if (loss.value === null) wanted.value = null;
    }
  });

  if (column === undefined) return null;
  const now = dataTypeOf(column.sql_type);
  const { name } = column;
  return (
    <div class="scroll-area flex min-h-0 flex-1 flex-col gap-4 border-t border-line p-3">
      <div class="flex flex-col gap-2">
        <Select
          label={text.data.type}
          value={wanted.value ?? now ?? ""}
          options={[
            ...(now === null
              ? [{ value: "", label: text.data.otherType(column.sql_type), disabled: true }]
              : []),
            ...DATA_TYPES.map((type) => ({ value: type, label: text.data.types[type] })),
          ]}
          disabled={isRetyping.value || sheet.readOnly !== null}
          onChange$={(value) => {
            const type = DATA_TYPES.find((one) => one === value);
            if (type !== undefined && type !== now) return retype(type, false);
          }}
          testId="inspector-type"
        />
        {isRetyping.value && (
          <p class="flex items-center gap-2 text-sm text-muted" role="status">
            <Spinner label="" size={14} />
            {text.data.retyping}
          </p>
        )}
        {failure.value !== null && (
          <FailureNotice failure={failure.value} testId="inspector-type-failure" />
        )}
      </div>
      <ColumnFigures column={props.column} />
      {canReference(name) && sheet.readOnly === null && (
        <Button
          icon="sparkle"
          class="self-start"
          onClick$={() => {
            sheet.newPrompt = `\n\n${referenceTo(name)}`;
            sheet.inspectorTab = "prompt";
            sheet.inspector = "new";
          }}
          testId="inspector-use-in-ai"
        >
          {text.data.useInAi}
        </Button>
      )}
      <ConfirmDialog
        open={loss.value !== null}
        title={text.data.loseTitle}
        body={text.data.loseBody(sentence(loss.value ?? ""))}
        confirm={text.data.loseConfirm}
        danger
        busy={isRetyping.value}
        onConfirm$={async () => {
          if (wanted.value !== null) await retype(wanted.value, true);
        }}
        onClose$={() => {
          loss.value = null;
          wanted.value = null;
        }}
        testId="inspector-lose"
      />
    </div>
  );
});
