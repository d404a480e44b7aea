import { component$, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { onEvent } from "~/ipc";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Button, Dialog } from "~/ui";
import { formatOf, previewKey } from "./choices";
import { ImportBody } from "./import-body";
import {
  beginEntry,
  canImport,
  closedImport,
  finish,
  type ImportState,
  importAll,
  importCurrent,
  loadPreview,
  skip,
  stopImport,
} from "./import-state";
import { addFiles, addText, currentEntry, leftCount } from "./queue";
import { newTask, sourceName, stopTask } from "./source";
import { text } from "./strings";

/** Typing a number makes one preview, not one for each digit. */
const PREVIEW_DELAY_MS = 200;

/**
 * Shows what files and pasted texts would become as sheets, and imports them. It opens by itself
 * when `app.filesToImport` or `app.textToImport` has something, and takes it from there.
 */
export const ImportDialog = component$(() => {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const state = useStore<ImportState>(closedImport());

  useTask$(({ track }) => {
    const files = track(() => app.filesToImport);
    const pasted = track(() => app.textToImport);
    if (files.length === 0 && pasted === null) return;
    const wasEmpty = currentEntry(state.queue) === null;
    if (files.length > 0) {
      addFiles(state.queue, files);
      app.filesToImport = [];
    }
    if (pasted !== null) {
      addText(state.queue, pasted);
      app.textToImport = null;
    }
    if (wasEmpty) beginEntry(state);
  });

  useTask$(({ track, cleanup }) => {
    const due = track(() => {
      const entry = currentEntry(state.queue);
      if (!entry) return null;
      const isKnown =
        entry.source.kind === "text" || formatOf(entry.source, state.choices) !== null;
      return isKnown ? `${entry.id} ${previewKey(entry.source, state.choices)}` : null;
    });
    if (due === null) {
      state.preview = undefined;
      state.isPreviewing = false;
      return;
    }
    const task = newTask("preview");
    let isWanted = true;
    const delay_ms = state.preview || state.refusal ? PREVIEW_DELAY_MS : 0;
    const timer = setTimeout(() => loadPreview(state, task, () => isWanted), delay_ms);
    cleanup(() => {
      isWanted = false;
      clearTimeout(timer);
      stopTask(task);
    });
  });

  useTask$(({ track, cleanup }) => {
    if (!track(() => state.importing !== null)) return;
    const unlisten = onEvent((event) => {
      if (event.event === "import_progress" && state.importing) {
        state.importing.bytes_written = event.bytes_written;
      }
    });
    cleanup(unlisten);
  });

  const entry = currentEntry(state.queue);
  const left = leftCount(state.queue);
  const isOpen = entry !== null || state.queue.leftOut.length > 0;
  const isBusy = state.importing !== null;
  const name = entry ? sourceName(entry.source, text.pastedText) : "";
  return (
    <Dialog
      open={isOpen}
      title={entry ? text.title(name) : text.titleNothing}
      width="xl"
      onClose$={() => {
        // An import that goes on is ended with its own button, not by a stray Escape.
        if (!state.importing) finish(state, app, toasts);
      }}
      testId="import-dialog"
    >
      {isOpen && (
        <ImportBody
          state={state}
          onEnter$={() => {
            if (canImport(state)) return importCurrent(state, app, toasts);
          }}
        />
      )}
      <div q:slot="footer" class="flex w-full items-center gap-2">
        <span class="mr-auto text-muted" data-testid="import-place">
          {state.queue.entries.length > 1 && entry
            ? text.place(state.queue.at + 1, state.queue.entries.length)
            : ""}
        </span>
        {isBusy ? (
          <Button
            disabled={state.importing?.isStopping === true}
            onClick$={() => stopImport(state)}
            testId="import-stop"
          >
            {state.importing?.isStopping ? text.stopping : text.stop}
          </Button>
        ) : (
          <>
            <Button onClick$={() => finish(state, app, toasts)} testId="import-cancel">
              {entry ? text.cancel : text.close}
            </Button>
            {left > 1 && (
              <>
                <Button onClick$={() => skip(state, app, toasts)} testId="import-skip">
                  {text.skip}
                </Button>
                <Button
                  disabled={!canImport(state)}
                  title={text.importAllTitle}
                  onClick$={() => importAll(state, app, toasts)}
                  testId="import-all"
                >
                  {text.importAll(left)}
                </Button>
              </>
            )}
          </>
        )}
        {entry && (
          <Button
            variant="primary"
            busy={isBusy}
            disabled={!canImport(state)}
            onClick$={() => importCurrent(state, app, toasts)}
            testId="import-run"
          >
            {text.import}
          </Button>
        )}
      </div>
    </Dialog>
  );
});
