import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  useContext,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import type { Doctor, Failure, ModelFile } from "~/ipc";
import { failureOf, ipc } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { AppContext } from "~/state/app";
import { Notice, Select, Spinner } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { EngineSettings } from "./engine-settings";
import { ModelFiles } from "./model-files";
import { fileName, modelNamed, withoutEnding } from "./models";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.models;

interface ModelsState {
  /** Undefined until they were read. */
  models: NoSerialize<ModelFile[]>;
  doctor: NoSerialize<Doctor>;
  failure: NoSerialize<Failure>;
  reload: number;
}

/** The model for new columns, the model files, and how the engine runs them. */
export const ModelsPage = component$(() => {
  const state = useStore<ModelsState>({
    models: undefined,
    doctor: undefined,
    failure: undefined,
    reload: 0,
  });

  useTask$(({ track, cleanup }) => {
    track(() => state.reload);
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    ipc
      .listLocalModels()
      .then((models) => {
        if (!isCurrent) return;
        state.models = noSerialize(models);
        state.failure = undefined;
      })
      .catch((thrown: unknown) => {
        if (isCurrent) state.failure = noSerialize(failureOf(thrown));
      });
    ipc
      .doctor()
      .then((doctor) => {
        if (isCurrent) state.doctor = noSerialize(doctor);
      })
      .catch(() => {
        // The report only adds to what the settings say; its own page shows why there is none.
      });
  });

  const reload = $(() => {
    state.reload += 1;
  });
  return (
    <>
      {state.failure && <FailureNotice failure={state.failure} class="mb-4" />}
      {state.models ? (
        <>
          <ModelChoice models={state.models} defaultModel={state.doctor?.default_model ?? null} />
          <ModelFiles models={state.models} onChanged$={reload} />
        </>
      ) : (
        !state.failure && (
          <div class="mb-6 flex h-24 items-center justify-center text-muted">
            <Spinner label={text.loading} />
          </div>
        )
      )}
      <EngineSettings doctor={state.doctor} />
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
  const chosen = modelNamed(model, models);
  const isMissing = model !== "" && chosen === null;
  // Only while nothing is chosen does the report's default say what "automatic" is.
  const automatic =
    model === "" && defaultModel !== null ? withoutEnding(fileName(defaultModel)) : null;
  const options = [
    { value: "", label: words.automatic(automatic) },
    ...(isMissing ? [{ value: model, label: words.missingOption(model), disabled: true }] : []),
    ...models.map((file) => ({
      value: file.name,
      label: withoutEnding(file.name),
      hint: formatBytes(file.size_bytes),
    })),
  ];
  return (
    <SettingGroup>
      <SettingRow title={words.model} hint={words.modelHint} field="model">
        <Select
          label={words.model}
          hideLabel
          class="w-72"
          value={chosen?.name ?? model}
          options={options}
          testId="settings-model"
          onChange$={$((name: string) =>
            apply(app, marks, "model", () =>
              ipc.configureBackend({ backend: "local", model: name }),
            ),
          )}
        />
      </SettingRow>
      {isMissing && (
        <Notice kind="error" class="mb-3" testId="settings-model-missing">
          {words.missing(model)}
        </Notice>
      )}
    </SettingGroup>
  );
});
