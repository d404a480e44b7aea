import { component$, type QRL, useContext, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { pastedTable } from "~/features/import";
import { AppContext } from "~/state/app";
import { Button, Dialog, shortcutText } from "~/ui";
import { text } from "./strings";

/**
 * A place to paste a table into. The page may not read the clipboard by itself, so a person pastes;
 * what was pasted goes to the import dialog at once.
 */
export const PasteDialog = component$<{ open: boolean; onClose$: QRL<() => void> }>((props) => (
  <Dialog
    open={props.open}
    title={text.pasteTitle}
    width="m"
    onClose$={props.onClose$}
    testId="paste-dialog"
  >
    {props.open && <PasteBody onClose$={props.onClose$} />}
  </Dialog>
));

const PasteBody = component$<{ onClose$: QRL<() => void> }>(({ onClose$ }) => {
  const app = useContext(AppContext);
  const field = useSignal<HTMLTextAreaElement>();
  const typed = useSignal("");

  // biome-ignore lint/correctness/noQwikUseVisibleTask: the clipboard is only readable meanwhile
  useVisibleTask$(({ cleanup }) => {
    const area = field.value;
    if (!area) return;
    area.focus();
    cleanup(
      hearPaste(area, (table) => {
        app.textToImport = table;
        void onClose$();
      }),
    );
  });

  return (
    <form
      class="flex flex-col gap-3"
      preventdefault:submit
      onSubmit$={() => {
        if (typed.value.trim() === "") return;
        app.textToImport = typed.value;
        return onClose$();
      }}
    >
      <p class="text-muted">{text.pasteHint(shortcutText("Ctrl+V"))}</p>
      <textarea
        ref={field}
        class="h-40 w-full resize-y rounded-md border border-strongline bg-raised p-2 font-mono text-sm text-strong placeholder:text-faint"
        aria-label={text.pasteLabel}
        placeholder={text.pastePlaceholder}
        spellcheck={false}
        onInput$={(_, area) => {
          typed.value = area.value;
        }}
        data-testid="paste-text"
      />
      <div class="flex justify-end gap-2">
        <Button onClick$={onClose$}>{text.cancel}</Button>
        <Button
          type="submit"
          variant="primary"
          disabled={typed.value.trim() === ""}
          testId="paste-continue"
        >
          {text.continue}
        </Button>
      </div>
    </form>
  );
});

/** Takes a table that is pasted into an empty field. Returns what ends that. */
function hearPaste(area: HTMLTextAreaElement, take: (table: string) => void): () => void {
  function paste(event: ClipboardEvent) {
    const plain = event.clipboardData?.getData("text/plain") ?? "";
    const html = event.clipboardData?.getData("text/html") ?? "";
    const table = pastedTable(plain, html);
    // What is added to typed text is a part of it, not the table.
    if (table.trim() === "" || area.value !== "") return;
    event.preventDefault();
    take(table);
  }
  area.addEventListener("paste", paste);
  return () => area.removeEventListener("paste", paste);
}
