import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  useContext,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { FailureNotice, showFailure } from "~/errors";
import { ipc, newReading, read, type TrashedSheet } from "~/ipc";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog } from "~/ui";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.data;

interface TrashState {
  /** What is to be deleted for good, once confirmed: one sheet, or all. */
  toDelete: NoSerialize<TrashedSheet> | "all" | null;
  isDeleting: boolean;
}

/** Deleted sheets: back to the list, or gone for good. */
export const TrashedSheets = component$(() => {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const trash = useStore(() => newReading<TrashedSheet[]>());
  const state = useStore<TrashState>({ toDelete: null, isDeleting: false });

  useTask$(({ track }) => {
    track(() => app.sheetsChanged);
    void read(trash, () => ipc.trash());
  });

  const restore = $(async (id: string) => {
    try {
      await ipc.restoreSheet(id);
      app.sheetsChanged += 1;
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const deleteForGood = $(async () => {
    const { toDelete } = state;
    if (!toDelete) return;
    state.isDeleting = true;
    try {
      if (toDelete === "all") await ipc.emptyTrash();
      else await ipc.deleteTrashed(toDelete.sheet.id);
      app.sheetsChanged += 1;
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      state.isDeleting = false;
      state.toDelete = null;
    }
  });

  const sheets = trash.value ?? [];
  const { toDelete } = state;
  const one = toDelete && toDelete !== "all" ? toDelete.sheet.name : "";
  return (
    <SettingGroup title={words.trash}>
      {trash.failure && <FailureNotice failure={trash.failure} class="my-3" />}
      <p class="py-3 text-muted" data-testid="settings-trash">
        {trash.value && sheets.length === 0 ? words.trashEmpty : words.trashHint}
      </p>
      {sheets.map((trashed) => (
        <SettingRow
          key={trashed.sheet.id}
          title={trashed.sheet.name}
          hint={words.trashLine(trashed.sheet.row_count, trashed.deleted_at_ms, Date.now())}
        >
          <Button
            size="s"
            icon="undo"
            ariaLabel={words.restoreSheet(trashed.sheet.name)}
            onClick$={() => restore(trashed.sheet.id)}
          >
            {words.restore}
          </Button>
          <Button
            size="s"
            ariaLabel={words.deleteSheet(trashed.sheet.name)}
            onClick$={() => {
              state.toDelete = noSerialize(trashed);
            }}
          >
            {words.deleteForever}
          </Button>
        </SettingRow>
      ))}
      {sheets.length > 0 && (
        <div class="flex justify-end py-3">
          <Button
            testId="settings-empty-trash"
            onClick$={() => {
              state.toDelete = "all";
            }}
          >
            {words.emptyTrash}
          </Button>
        </div>
      )}
      <ConfirmDialog
        open={toDelete !== null && toDelete !== undefined}
        title={toDelete === "all" ? words.emptyTitle(sheets.length) : words.deleteTitle(one)}
        body={toDelete === "all" ? words.emptyBody : words.deleteBody}
        confirm={toDelete === "all" ? words.emptyConfirm : words.deleteConfirm}
        danger
        busy={state.isDeleting}
        onConfirm$={deleteForGood}
        onClose$={() => {
          state.toDelete = null;
        }}
        testId="settings-trash-dialog"
      />
    </SettingGroup>
  );
});
