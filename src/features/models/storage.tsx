import { $, component$, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, showFailure } from "~/errors";
import { ipc, type ModelStorage, newReading, read } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { ModelsContext } from "~/state/models";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog } from "~/ui";
import { bytesUnderWay, underWay } from "./downloads";
import { Panel } from "./panel";
import { words } from "./screen-strings";

const said = words.storage;

/** What models take on the disk, and what downloads that are gone left behind. */
export const Storage = component$(() => {
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const storage = useStore(() => newReading<ModelStorage>());
  const isAsking = useSignal(false);
  const isRemoving = useSignal(false);
  useTask$(({ track }) => {
    track(() => models.changed);
    // What is unfinished grows all the time; it is read again when a download comes or goes.
    track(() => underWay(models.downloads).length);
    void read(storage, () => ipc.modelStorage());
  });

  const remove = $(async () => {
    isRemoving.value = true;
    try {
      // What went may be other than what was shown: a download may have taken up some of it.
      const bytes = await ipc.removeLeftovers();
      showToast(toasts, { kind: "success", title: said.removed(bytes) });
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      isAsking.value = false;
      isRemoving.value = false;
      void read(storage, () => ipc.modelStorage());
    }
  });

  const found = storage.value;
  const leftovers = found?.leftovers ?? [];
  const leftBytes = leftovers.reduce((all, one) => all + one.bytes, 0);
  return (
    <Panel title={said.title} testId="storage">
      {storage.failure && <FailureNotice failure={storage.failure} class="my-3" />}
      {found && (
        <dl class="flex flex-wrap gap-x-10 gap-y-2 py-3">
          <Figure name={said.models} bytes={found.models_bytes} />
          <Figure
            name={said.downloads}
            bytes={Math.max(found.downloads_bytes, bytesUnderWay(models.downloads))}
          />
          <Figure name={said.free} bytes={found.free_bytes} />
        </dl>
      )}
      {leftovers.length > 0 && (
        <div class="border-line border-t py-3" data-testid="leftovers">
          <div class="flex items-center gap-3">
            <p class="min-w-0 flex-1 text-normal">
              {said.leftovers}
              <span class="ml-2 text-muted tabular-nums">{formatBytes(leftBytes)}</span>
            </p>
            <Button
              size="s"
              icon="trash"
              testId="leftovers-remove"
              onClick$={() => {
                isAsking.value = true;
              }}
            >
              {said.remove}
            </Button>
          </div>
          <ul class="mt-1 select-text text-muted text-sm">
            {leftovers.map(({ path, bytes }) => (
              <li key={path} class="flex gap-3">
                <span class="min-w-0 flex-1 break-all">{path}</span>
                <span class="flex-none tabular-nums">{formatBytes(bytes)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <ConfirmDialog
        open={isAsking.value}
        title={said.removeTitle}
        body={said.removeBody(leftovers.length, leftBytes)}
        confirm={said.removeConfirm}
        danger
        busy={isRemoving.value}
        onConfirm$={remove}
        onClose$={() => {
          isAsking.value = false;
        }}
        testId="leftovers-dialog"
      />
    </Panel>
  );
});

const Figure = component$<{ name: string; bytes: number | null }>(({ name, bytes }) => (
  <div>
    <dt class="text-muted text-sm">{name}</dt>
    <dd class="font-medium text-lg text-strong tabular-nums">
      {bytes === null ? said.unknown : formatBytes(bytes)}
    </dd>
  </div>
));
