import { $, component$, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { chosenOf, ModelField, mlxWords } from "~/features/models";
import { type Doctor, ipc, type ModelFile, newReading, read } from "~/ipc";
import { formatBytes } from "~/lib/format";
import {
  bareName,
  endpointIds,
  LOCAL_MLX,
  modelsNamed,
  namedBackend,
  remoteModel,
  withoutEnding,
} from "~/lib/model-names";
import { AppContext, goToModels } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { Button, Notice, Spinner } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { EngineSettings } from "./engine-settings";
import { ModelFiles } from "./model-files";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.models;

/** The model for new columns, the model files, and how the engine runs them. */
export const ModelsPage = component$(() => {
  const models = useStore(() => newReading<ModelFile[]>());
  // The report only adds to what the settings say; its own page shows why there is none.
  const report = useStore(() => newReading<Doctor>());
  const reload = $(() => {
    void read(models, () => ipc.listLocalModels());
    void read(report, () => ipc.doctor());
  });
  const onTheWay = useContext(ModelsContext);
  useTask$(({ track }) => {
    track(() => onTheWay.changed);
    void reload();
  });

  return (
    <>
      {models.failure && <FailureNotice failure={models.failure} class="mb-4" />}
      {models.value ? (
        <>
          <ModelChoice models={models.value} defaultModel={report.value?.default_model ?? null} />
          <ModelFiles models={models.value} onChanged$={reload} />
        </>
      ) : (
        !models.failure && (
          <div class="mb-6 flex h-24 items-center justify-center text-muted">
            <Spinner label={text.loading} />
          </div>
        )
      )}
      <EngineSettings doctor={report.value} />
    </>
  );
});

interface ModelChoiceProps {
  models: ModelFile[];
  defaultModel: string | null;
}

const ModelChoice = component$<ModelChoiceProps>(({ models, defaultModel }) => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const { model } = app.settings;
  const [named, ...others] = modelsNamed(model, models);
  const chosen = others.length === 0 ? named : undefined;
  const mlx = useContext(ModelsContext).mlx;
  // Which one that is changes with the choice there, and it is listed by itself.
  const isMlx = model === LOCAL_MLX && mlx.length > 0;
  const isMissing = model !== "" && chosen === undefined && !isMlx;
  // Only while nothing is chosen does the report's default say what "automatic" is.
  const automatic = model === "" && defaultModel !== null ? bareName(defaultModel) : null;
  const isRemote = remoteModel(model, endpointIds(app.settings)) !== null;
  const options = [
    { value: "", label: words.automatic(automatic) },
    ...(isMissing && !isRemote
      ? [{ value: model, label: words.missingOption(model), disabled: true }]
      : []),
    ...models.map((file) => ({
      value: file.name,
      label: withoutEnding(file.name),
      hint: [
        formatBytes(file.size_bytes),
        ...(file.runtime === "mlx" ? [mlxWords.badge] : []),
      ].join(words.separator),
    })),
  ];
  return (
    <SettingGroup>
      <SettingRow title={words.model} hint={words.modelHint} field="model">
        <ModelField
          label={words.model}
          hideLabel
          class="w-80"
          value={isMlx ? model : (chosen?.name ?? model)}
          options={options}
          lock={app.settings.local_only ? "settings" : null}
          testId="settings-model"
          onChange$={$((name: string) =>
            apply(app, marks, "model", (settings) => {
              const kind = remoteModel(name, endpointIds(settings)) ? "remote" : "local";
              return ipc.configureBackend({ backend: kind, model: name });
            }),
          )}
        />
      </SettingRow>
      {mlx.length > 0 && (
        <SettingRow title={words.mlx} hint={words.mlxHint} field="selected_mlx_model">
          <span class="flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
            <span class="text-strong" data-testid="settings-mlx-chosen">
              {chosenOf(mlx)?.title ?? mlxWords.optionNone}
            </span>
            <Button icon="model" testId="settings-mlx" onClick$={() => goToModels(app, "get")}>
              {mlxWords.toModels}
            </Button>
          </span>
        </SettingRow>
      )}
      {isMissing && !isRemote && (
        <Notice kind="error" class="mb-3" testId="settings-model-missing">
          {namedBackend(model) === null ? words.missing(model) : words.noBackend(model)}
        </Notice>
      )}
    </SettingGroup>
  );
});
