import { $, component$, type QRL, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { addModels, mlxWords } from "~/features/models";
import { ipc, type ModelFile } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { AppContext, goToModels } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, EmptyState, Icon, IconButton } from "~/ui";
import { SettingGroup } from "./setting-row";
import { text } from "./strings";
import { TuneDialog } from "./tune-dialog";

const words = text.models;

interface ModelFilesProps {
  models: ModelFile[];
  onChanged$: QRL<() => void>;
}

/** The model files, and how more come in. */
export const ModelFiles = component$<ModelFilesProps>(({ models, onChanged$ }) => {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const state = useContext(ModelsContext);
  const isAdding = useSignal(false);
  const tuning = useSignal<ModelFile | null>(null);

  const reveal = $(async (path: string) => {
    try {
      await ipc.revealPath(path);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const add = $(async () => {
    isAdding.value = true;
    await addModels(false, state, toasts);
    isAdding.value = false;
    await onChanged$();
  });

  const buttons = (
    <>
      <Button
        icon="download"
        variant={models.length === 0 ? "primary" : "secondary"}
        testId="settings-get-models"
        onClick$={() => goToModels(app)}
      >
        {words.getModels}
      </Button>
      <Button icon="plus" busy={isAdding.value} testId="settings-add-model" onClick$={add}>
        {words.add}
      </Button>
      <Button
        icon="folder"
        testId="settings-models-folder"
        onClick$={() => reveal(app.startup.models_folder)}
      >
        {text.open}
      </Button>
    </>
  );
  return (
    <SettingGroup title={words.files}>
      {models.length === 0 ? (
        <EmptyState icon="model" title={words.none} body={words.noneBody}>
          {buttons}
        </EmptyState>
      ) : (
        <>
          <ul data-testid="settings-model-files">
            {models.map((model) => (
              <li
                key={model.path}
                class="flex min-h-10 items-center gap-3 border-line border-b py-1.5"
              >
                <Icon name="model" class="flex-none text-muted" />
                <span class="min-w-0 flex-1 truncate text-strong" title={model.path}>
                  {model.name}
                </span>
                {model.runtime === "mlx" && (
                  <Badge title={mlxWords.badgeHint}>{mlxWords.badge}</Badge>
                )}
                {model.tuned !== null && (
                  <Badge kind="success" title={text.tuning.tunedHint(model.tuned.file)}>
                    {text.tuning.tuned}
                  </Badge>
                )}
                {model.linked && <Badge title={words.linkedHint(model.path)}>{words.linked}</Badge>}
                <span class="flex-none text-muted tabular-nums">
                  {formatBytes(model.size_bytes)}
                </span>
                {model.tuned === null && model.runtime === "gguf" && (
                  <Button
                    size="s"
                    variant="ghost"
                    icon="gauge"
                    ariaLabel={text.tuning.open(model.name)}
                    onClick$={() => {
                      tuning.value = model;
                    }}
                    testId="settings-tune"
                  >
                    {text.tuning.button}
                  </Button>
                )}
                <IconButton
                  icon="folder"
                  size="s"
                  label={words.reveal(model.name)}
                  onClick$={() => reveal(model.path)}
                />
              </li>
            ))}
          </ul>
          <p class="mt-2 break-words text-muted">{words.filesHint(app.startup.models_folder)}</p>
          <div class="flex flex-wrap gap-2 py-3">
            {buttons}
            <Button
              variant="ghost"
              icon="retry"
              testId="settings-models-refresh"
              onClick$={onChanged$}
            >
              {words.refresh}
            </Button>
          </div>
        </>
      )}
      {tuning.value !== null && (
        <TuneDialog
          key={tuning.value.path}
          model={tuning.value}
          onChanged$={onChanged$}
          onClose$={() => {
            tuning.value = null;
          }}
        />
      )}
    </SettingGroup>
  );
});
