import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { sentence } from "~/errors";
import { failureOf, ipc } from "~/ipc";
import { SheetContext } from "~/state/sheet";
import { Icon, TextField } from "~/ui";
import { refreshSheet } from "./commands";
import { nameProblem } from "./draft";
import { text } from "./strings";

const nameTexts = {
  blank: text.column.nameBlank,
  unusable: text.column.nameUnusable,
  taken: text.column.nameTaken,
} as const;

/** The name of the column; a column that is there is renamed here. */
export const ColumnTitle = component$(() => {
  const sheet = useContext(SheetContext);
  const column = sheet.columns.find((one) => one.id === sheet.inspector);
  const isAi = sheet.inspector === "new" || column?.kind.kind === "ai";
  const typed = useSignal(column?.name ?? "");
  const error = useSignal("");

  useTask$(({ track }) => {
    const id = track(() => sheet.inspector);
    const name = track(() => sheet.columns.find((one) => one.id === id)?.name);
    typed.value = name ?? "";
    error.value = "";
  });

  const rename = $(async (name: string) => {
    const own = sheet.columns.find((one) => one.id === sheet.inspector);
    const wanted = name.trim();
    if (own === undefined || wanted === own.name) {
      typed.value = own?.name ?? "";
      error.value = "";
      return;
    }
    const others = sheet.columns.filter((one) => one.id !== own.id).map((one) => one.name);
    const problem = nameProblem(wanted, others);
    if (problem !== null) {
      error.value = nameTexts[problem];
      return;
    }
    try {
      await ipc.renameColumn(sheet.info.id, own.id, wanted);
      error.value = "";
      await refreshSheet(sheet);
    } catch (thrown) {
      const { message, hint } = failureOf(thrown);
      error.value = [message, hint ?? ""].filter(Boolean).map(sentence).join(text.separator);
    }
  });

  return (
    <div class="flex min-w-0 flex-1 items-start gap-2">
      <span class={["mt-1.5 inline-flex", isAi ? "text-ai" : "text-muted"]}>
        <Icon name={isAi ? "sparkle" : "table"} />
      </span>
      {column === undefined ? (
        <h2 class="truncate py-1 font-semibold text-strong">
          {sheet.inspector === "new" ? text.frame.newTitle : text.frame.gone}
        </h2>
      ) : (
        <TextField
          label={text.frame.rename}
          hideLabel
          value={typed.value}
          disabled={sheet.readOnly !== null}
          onInput$={(value) => {
            typed.value = value;
          }}
          onChange$={rename}
          error={error.value}
          testId="inspector-name"
          class="flex-1"
        />
      )}
    </div>
  );
});
