import { $, component$, useContext, useId, useSignal } from "@builder.io/qwik";
import type { AppError } from "~/ipc";
import { type MlxModel, ModelsContext } from "~/state/models";
import { ConfirmDialog } from "~/ui";
import { BusyNotice } from "./busy-notice";
import { focusWhenLost } from "./focus";
import { mlxBytes } from "./mlx-models";
import { buttonOf, MlxRow, rowOf } from "./mlx-row";
import { mlxWords as said } from "./mlx-strings";
import { Panel } from "./panel";
import { words } from "./screen-strings";
import { useMlxModels } from "./use-mlx-models";

/**
 * The models for MLX: which of them columns with “Local (MLX)” use, and what it takes to have one.
 * Nothing at all where this computer does not run them.
 */
export const MlxModelSelector = component$(() => {
  const models = useContext(ModelsContext);
  const { list, remove$ } = useMlxModels();
  const group = useId();
  const doomed = useSignal<MlxModel | null>(null);
  const refused = useSignal<{ name: string; failure: AppError } | null>(null);
  const isDeleting = useSignal(false);

  const remove = $(async () => {
    const model = doomed.value;
    if (model === null || isDeleting.value) return;
    isDeleting.value = true;
    refused.value = null;
    const failure = await remove$(model);
    isDeleting.value = false;
    doomed.value = null;
    if (failure !== null) {
      refused.value = { name: model.title, failure };
      return;
    }
    // The button that had the focus is another one now, or gone with its line.
    focusWhenLost(
      () => (rowOf(model.id)?.querySelector("[data-testid=mlx-delete]") ?? null) === null,
      () =>
        buttonOf(model.id) ??
        document.querySelector<HTMLElement>("[data-testid=mlx-models] [data-heading]"),
    );
  });

  if (list.length === 0) return null;
  const bytes = mlxBytes(list, models);
  const { title = "", size_bytes = 0, is_selected = false } = doomed.value ?? {};
  return (
    <Panel title={said.title} hint={said.hint} testId="mlx-models">
      <span q:slot="actions" class="text-muted text-sm tabular-nums" data-testid="mlx-storage">
        {said.storage(bytes)}
      </span>
      {refused.value !== null && (
        <BusyNotice
          name={refused.value.name}
          failure={refused.value.failure}
          onClose$={() => {
            refused.value = null;
          }}
        />
      )}
      <fieldset class="min-w-0">
        <legend class="border-line border-b py-2 text-muted text-sm w-full">{said.legend}</legend>
        <ul>
          {list.map((model) => (
            <MlxRow
              key={model.id}
              model={model}
              group={group}
              onDelete$={() => {
                doomed.value = model;
              }}
            />
          ))}
        </ul>
      </fieldset>
      <ConfirmDialog
        open={doomed.value !== null}
        title={words.installed.deleteTitle(title)}
        body={said.deleteBody(size_bytes, is_selected)}
        confirm={words.installed.deleteConfirm}
        danger
        busy={isDeleting.value}
        onConfirm$={remove}
        onClose$={() => {
          doomed.value = null;
        }}
        testId="mlx-delete-dialog"
      />
    </Panel>
  );
});
