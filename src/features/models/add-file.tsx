import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { type Copying, ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Button, Menu, Progress } from "~/ui";
import { addModels } from "./add-models";
import { focusWhenLost } from "./focus";
import { words } from "./screen-strings";

const said = words.installed;

/** Adds a file of this computer, where it is or as a copy. */
export const AddFile = component$(() => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const isAdding = useSignal(false);
  const add = $(async (copy: boolean) => {
    isAdding.value = true;
    await addModels(copy, models, toasts);
    isAdding.value = false;
  });
  return (
    <Menu
      label={said.addFile}
      icon="plus"
      showLabel
      size="s"
      align="end"
      disabled={isAdding.value || models.copying !== null}
      testId="model-add"
      items={[
        { label: said.link, icon: "link", testId: "model-add-link", run$: $(() => add(false)) },
        { label: said.copy, icon: "copy", testId: "model-add-copy", run$: $(() => add(true)) },
        {
          label: said.folder,
          icon: "folder",
          separatorBefore: true,
          testId: "model-add-folder",
          run$: $(async () => {
            try {
              await ipc.revealPath(app.startup.models_folder);
            } catch (thrown) {
              showFailure(toasts, thrown);
            }
          }),
        },
      ]}
    />
  );
});

/** How far the copy of a file is, and the way to stop it. */
export const CopyProgress = component$<{ copying: Copying }>(({ copying }) => {
  const toasts = useContext(ToastContext);
  const isStopping = useSignal(false);
  const { task, name, fraction } = copying;
  const label = said.copying(name);
  return (
    <div class="flex items-center gap-3 border-line border-b py-2.5" data-testid="model-copying">
      <div class="min-w-0 flex-1">
        <p class="truncate text-strong">{label}</p>
        <Progress value={fraction} label={label} class="mt-1" testId="model-copying-progress" />
      </div>
      {fraction !== null && (
        <span class="w-10 text-right text-muted tabular-nums">
          {words.downloads.percent(Math.floor(fraction * 100))}
        </span>
      )}
      <Button
        size="s"
        ariaLabel={`${said.stopCopying}: ${label}`}
        busy={isStopping.value}
        holdsFocus
        testId="model-copying-stop"
        onClick$={async () => {
          if (isStopping.value) return;
          isStopping.value = true;
          try {
            await ipc.cancelTask(task);
            focusWhenLost(
              () => document.querySelector("[data-testid=model-copying]") === null,
              () => document.querySelector<HTMLElement>("[data-testid=installed] [data-heading]"),
            );
          } catch (thrown) {
            isStopping.value = false;
            showFailure(toasts, thrown);
          }
        }}
      >
        {said.stopCopying}
      </Button>
    </div>
  );
});
