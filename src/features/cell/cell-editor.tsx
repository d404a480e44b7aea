import { component$, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import type { Column } from "~/ipc";
import { labelsOfColumn } from "~/lib/label-colours";
import { Button, Kbd } from "~/ui";
import { LabelPicker } from "./label-picker";
import { endEdit, type PanelTools, saveEdit } from "./panel";
import { text as words } from "./strings";

/**
 * The value to be changed, as text or as a choice of labels. Ctrl+Enter saves, Esc leaves it as it
 * was.
 */
export const CellEditor = component$<{ tools: PanelTools; column: Column }>(({ tools, column }) => {
  const { panel } = tools;
  return (
    <>
      {labelsOfColumn(column) === null ? (
        <TextEditor tools={tools} column={column} />
      ) : (
        <LabelPicker tools={tools} column={column} />
      )}
      {panel.editProblem && (
        <p
          role="alert"
          class="whitespace-pre-line break-words px-3 pb-3 select-text text-error text-sm"
          data-testid="cell-edit-problem"
        >
          {panel.editProblem}
        </p>
      )}
      <footer class="flex flex-none items-center justify-end gap-2 border-line border-t bg-panel px-3 py-2">
        <span class="flex-1 text-faint">
          <Kbd keys="Ctrl+Enter" />
        </span>
        <Button size="s" testId="cell-edit-cancel" onClick$={() => endEdit(panel)}>
          {words.cancel}
        </Button>
        <Button
          size="s"
          variant="primary"
          busy={panel.isSaving}
          testId="cell-edit-save"
          onClick$={() => saveEdit(tools)}
        >
          {words.save}
        </Button>
      </footer>
    </>
  );
});

const TextEditor = component$<{ tools: PanelTools; column: Column }>(({ tools, column }) => {
  const { panel } = tools;
  const area = useSignal<HTMLTextAreaElement>();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(() => {
    const element = area.value;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  });

  const before = panel.edit?.before ?? "";
  const isMono = column.value_type !== "text";
  return (
    <div class="flex min-h-0 flex-1 flex-col p-3">
      <textarea
        ref={area}
        value={before}
        dir="auto"
        spellcheck={false}
        aria-label={words.editing(column.name)}
        aria-invalid={panel.editProblem ? "true" : undefined}
        data-testid="cell-editor"
        class={[
          "min-h-32 w-full flex-1 resize-none rounded-md border bg-raised p-2 text-strong focus-visible:outline-2 focus-visible:outline-accent focus-visible:-outline-offset-1",
          panel.editProblem ? "border-error" : "border-strongline",
          isMono && "font-mono text-sm",
        ]}
        onInput$={(_, element) => {
          if (panel.edit) panel.edit.typed = element.value;
        }}
      />
    </div>
  );
});
