import { component$, type Signal, useContext, useSignal } from "@builder.io/qwik";
import type { TrashedSheet } from "~/ipc";
import { formatRelativeTime } from "~/lib/format";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, ConfirmDialog, Icon } from "~/ui";
import { deleteForGood, emptyTrash, restoreSheet } from "./actions";
import type { HomeState } from "./home-state";
import { sizeText } from "./sheet-order";
import { text } from "./strings";

/** What was deleted, closed until a person looks into it; nothing at all while it is empty. */
export const TrashSection = component$<{ state: HomeState; now: Signal<number> }>((props) => {
  const { state, now } = props;
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const isOpen = useSignal(false);
  const doomed = useSignal<TrashedSheet | null>(null);
  const isEmptying = useSignal(false);
  const count = state.trash.length;
  return (
    <>
      {count > 0 && (
        <section class="flex flex-col gap-2" aria-label={text.trash} data-testid="home-trash">
          <div class="flex h-7 items-center gap-2">
            <button
              type="button"
              class="-ml-1 inline-flex h-7 items-center gap-1.5 rounded-md px-1 text-muted hover:text-strong focus-visible:ring-2 ring-accent"
              aria-expanded={isOpen.value ? "true" : "false"}
              onClick$={() => {
                isOpen.value = !isOpen.value;
              }}
              data-testid="home-trash-toggle"
            >
              <Icon name={isOpen.value ? "chevron-down" : "chevron-right"} size={14} />
              <Icon name="trash" size={14} />
              {text.trash}
              <Badge>{count}</Badge>
            </button>
            {isOpen.value && (
              <>
                <span class="truncate text-sm text-muted">{text.trashNote}</span>
                <Button
                  class="ml-auto"
                  size="s"
                  variant="ghost"
                  onClick$={() => {
                    isEmptying.value = true;
                  }}
                  testId="home-trash-empty"
                >
                  {text.emptyTrash}
                </Button>
              </>
            )}
          </div>
          {isOpen.value && (
            <ul class="rounded-md border border-line">
              {state.trash.map((trashed) => (
                <li
                  key={trashed.sheet.id}
                  class="flex h-10 items-center gap-3 border-b border-line px-3 last:border-b-0"
                  data-testid="home-trashed"
                >
                  <span class="min-w-0 flex-1 truncate text-normal" title={trashed.sheet.name}>
                    <bdi>{trashed.sheet.name}</bdi>
                  </span>
                  <span class="hidden text-muted tabular-nums min-[900px]:inline">
                    {sizeText(trashed.sheet)}
                  </span>
                  <span class="text-muted">
                    {text.deletedWhen(formatRelativeTime(trashed.deleted_at_ms, now.value))}
                  </span>
                  <Button
                    size="s"
                    ariaLabel={`${text.restore} ${trashed.sheet.name}`}
                    onClick$={() => restoreSheet(app, toasts, trashed.sheet.id)}
                    testId="home-trashed-restore"
                  >
                    {text.restore}
                  </Button>
                  <Button
                    size="s"
                    variant="ghost"
                    ariaLabel={`${text.deleteForGood}: ${trashed.sheet.name}`}
                    onClick$={() => {
                      doomed.value = trashed;
                    }}
                    testId="home-trashed-delete"
                  >
                    {text.deleteForGood}
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      <ConfirmDialog
        open={doomed.value !== null}
        title={text.deleteForGoodTitle(doomed.value?.sheet.name ?? "")}
        body={text.deleteForGoodBody}
        confirm={text.deleteForGood}
        danger
        onConfirm$={async () => {
          const trashed = doomed.value;
          doomed.value = null;
          if (trashed) await deleteForGood(app, toasts, trashed);
        }}
        onClose$={() => {
          doomed.value = null;
        }}
      />
      <ConfirmDialog
        open={isEmptying.value}
        title={text.emptyTrashTitle(count)}
        body={text.emptyTrashBody}
        confirm={text.emptyTrashConfirm}
        danger
        onConfirm$={async () => {
          isEmptying.value = false;
          await emptyTrash(app, toasts);
        }}
        onClose$={() => {
          isEmptying.value = false;
        }}
      />
    </>
  );
});
