import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { FailureNotice, sentence, showFailure } from "~/errors";
import { defaultModel, FirstModel, ModelField, mlxWords } from "~/features/models";
import { follow } from "~/features/settings";
import { ipc, type ModelFile } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { bareName, endpointIds } from "~/lib/model-names";
import { AppContext, goToModels, goToSettings } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { SheetContext } from "~/state/sheet";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, Icon, Notice, type Option, Spinner } from "~/ui";
import { loadModels } from "./loading";
import { lockOf, type ModelStanding, standingOf } from "./models";
import { SamplingFields } from "./sampling-fields";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** Which model makes the column, and how it chooses its words. */
export const ModelTab = component$(() => (
  <div class="flex flex-col gap-4">
    <ModelPicker />
    <SamplingFields />
  </div>
));

const ModelPicker = component$(() => {
  const sheet = useContext(SheetContext);
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const state = useContext(AiColumnContext);
  const isChoosing = useSignal(false);
  const onTheWay = useContext(ModelsContext);
  const { models } = state;
  const { model } = state.draft;

  const reload = $(() => loadModels(state, app.settings.model));
  const makeDefault = $(async () => {
    isChoosing.value = true;
    try {
      const chosen = state.draft.model;
      const backend = standingOf(chosen, [], endpointIds(app.settings)).kind === "remote";
      const kind = backend ? "remote" : "local";
      await follow(app, () => ipc.configureBackend({ backend: kind, model: chosen }));
      showToast(toasts, { kind: "success", title: text.model.madeDefault });
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      isChoosing.value = false;
    }
  });

  if (state.modelsFailure !== null) {
    return (
      <Notice kind="error" title={text.model.failed}>
        <p>{sentence(state.modelsFailure)}</p>
        <Button size="s" icon="retry" onClick$={reload} class="mt-2">
          {text.model.again}
        </Button>
      </Notice>
    );
  }
  if (models === null) {
    return (
      <p class="flex items-center gap-2 text-muted">
        <Spinner label="" />
        {text.model.loading}
      </p>
    );
  }
  const usual = defaultModel(models, app.settings.model);
  const runsMlx = onTheWay.mlx.length > 0;
  const standing = standingOf(model, models, endpointIds(app.settings), runsMlx);
  const isElsewhere = standing.kind === "remote" || standing.kind === "no_backend";
  const isHere =
    ["found", "ambiguous", "path"].includes(standing.kind) ||
    (standing.kind === "mlx" && standing.runs);
  const chosen = standing.kind === "found" ? standing.model.name : model;
  return (
    <div class="flex flex-col gap-2">
      {models.length === 0 && !isElsewhere && <FirstModel narrow testId="inspector-no-model" />}
      <ModelField
        label={text.model.label}
        value={chosen}
        options={optionsOf(models, usual, standing, model)}
        lock={lockOf(sheet, app)}
        disabled={sheet.readOnly !== null}
        error={state.attempted && model === "" ? text.model.notChosen : undefined}
        onChange$={(value) => {
          state.draft.model = value;
          if (state.failure?.field === "model") state.failure = null;
        }}
        testId="inspector-model"
      />
      {models.length > 0 && standing.kind === "missing" && (
        <Notice kind="error" title={text.model.missing(model)} testId="inspector-model-missing">
          <p>{text.model.missingBody}</p>
          <ToModels />
        </Notice>
      )}
      {standing.kind === "mlx" && !standing.runs && (
        <Notice kind="error" title={text.model.noMlx} testId="inspector-no-mlx">
          <p>{text.model.noMlxBody}</p>
          <ToModels />
        </Notice>
      )}
      {standing.kind === "no_backend" && (
        <Notice
          kind="error"
          title={text.model.noBackend(standing.backend)}
          testId="inspector-no-backend"
        >
          <p>{text.model.noBackendBody}</p>
          <Button
            size="s"
            icon="settings"
            class="mt-2"
            onClick$={() => goToSettings(app, "backends")}
          >
            {text.model.toBackends}
          </Button>
        </Notice>
      )}
      {standing.kind === "ambiguous" && (
        <Notice kind="warning">{text.model.ambiguous(standing.names.join(", "))}</Notice>
      )}
      {standing.kind === "path" && <p class="text-sm text-muted">{text.model.path}</p>}
      {state.failure?.field === "model" && standing.kind !== "missing" && (
        <FailureNotice failure={state.failure} testId="inspector-model-failure" />
      )}
      {isHere && models.length > 0 && (
        <p class="flex items-center gap-1.5 text-sm text-muted">
          <Icon name="lock" size={14} />
          {text.model.onThisComputer}
        </p>
      )}
      {canBeDefault(standing, model, usual) && (
        <Button
          size="s"
          variant="ghost"
          icon="pin"
          class="self-start"
          busy={isChoosing.value}
          onClick$={makeDefault}
          testId="inspector-make-default"
        >
          {text.model.makeDefault}
        </Button>
      )}
    </div>
  );
});

const ToModels = component$(() => {
  const app = useContext(AppContext);
  return (
    <Button size="s" icon="model" class="mt-2" onClick$={() => goToModels(app, "get")}>
      {text.model.toModels}
    </Button>
  );
});

/** Whether new columns could begin with this model, and do not yet. */
function canBeDefault(standing: ModelStanding, model: string, usual: string): boolean {
  if (standing.kind === "remote") return model !== usual;
  if (standing.kind === "mlx") return standing.runs && standing.isHere && model !== usual;
  return standing.kind === "found" && standing.model.name !== usual;
}

/** The models of this computer to choose from; a recipe's own model is among them even when it is missing. */
function optionsOf(
  models: readonly ModelFile[],
  usual: string,
  standing: ModelStanding,
  model: string,
): Option[] {
  const options = models.map((one) => {
    const notes = [
      formatBytes(one.size_bytes),
      ...(one.runtime === "mlx" ? [mlxWords.badge] : []),
      ...(one.name === usual ? [text.model.default] : []),
      ...(one.tuned !== null ? [text.model.tuned] : []),
      ...(one.linked ? [text.model.linked] : []),
    ];
    return { value: one.name, label: bareName(one.name), hint: notes.join(text.separator) };
  });
  if (standing.kind === "mlx") {
    return standing.runs ? options : [{ value: model, label: mlxWords.option }, ...options];
  }
  const isListed = ["found", "none", "remote", "no_backend"].includes(standing.kind);
  return isListed ? options : [{ value: model, label: model }, ...options];
}
