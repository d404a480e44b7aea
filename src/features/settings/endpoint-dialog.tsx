import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  type QRL,
  useContext,
  useSignal,
  useStore,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { isInTheClear } from "~/features/models";
import { type Backends, type Failure, failureOf, ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { Button, Dialog, Notice, Select, TextField } from "~/ui";
import { follow } from "./apply";
import {
  draftOfPreset,
  type EndpointDraft,
  type EndpointProblems,
  endpointOf,
  problemsOf,
} from "./endpoint";
import { text } from "./strings";

const words = text.backends;

interface EndpointDialogProps {
  backends: Backends;
  onAdded$: QRL<() => void>;
  onClose$: QRL<() => void>;
}

/** Adds a server that speaks the chat completions of OpenAI. */
export const EndpointDialog = component$<EndpointDialogProps>((props) => {
  const app = useContext(AppContext);
  const { backends, onClose$ } = props;
  const draft = useStore<EndpointDraft>(() =>
    draftOfPreset(backends.presets[0]?.id ?? "", backends),
  );
  const attempted = useSignal(false);
  const isAdding = useSignal(false);
  const failure = useSignal<NoSerialize<Failure>>();
  const problems = problemsOf(draft, backends);
  const id = draft.id.trim();

  const add = $(async () => {
    attempted.value = true;
    const { id: idProblem, baseUrl } = problemsOf(draft, props.backends);
    if (idProblem !== null || baseUrl !== null) return;
    failure.value = undefined;
    isAdding.value = true;
    try {
      const endpoint = endpointOf(draft);
      await follow(app, () => ipc.putEndpoint(endpoint));
      await props.onAdded$();
      await onClose$();
    } catch (thrown) {
      failure.value = noSerialize(failureOf(thrown));
    } finally {
      isAdding.value = false;
    }
  });
  const presets = [
    ...backends.presets.map((preset) => ({
      value: preset.id,
      label: preset.title,
      hint: preset.base_url,
    })),
    { value: "", label: words.other },
  ];
  return (
    <Dialog open title={words.addTitle} width="m" onClose$={onClose$} testId="endpoint-dialog">
      <div class="flex flex-col gap-3">
        <Select
          label={words.preset}
          value={draft.preset}
          options={presets}
          testId="endpoint-preset"
          onChange$={(preset) => {
            const { models } = draft;
            Object.assign(draft, draftOfPreset(preset, backends), { models });
            attempted.value = false;
            failure.value = undefined;
          }}
        />
        <TextField
          label={words.id}
          hint={id === "" ? words.idHintEmpty : words.idHint(id)}
          value={draft.id}
          maxLength={32}
          error={idError(id, attempted.value || problems.id !== "bad" ? problems.id : null)}
          testId="endpoint-id"
          onInput$={(typed) => {
            draft.id = typed;
          }}
          onEnter$={add}
        />
        <TextField
          label={words.address}
          hint={words.addressHint}
          mono
          value={draft.baseUrl}
          error={attempted.value && problems.baseUrl !== null ? words.addressBad : undefined}
          testId="endpoint-address"
          onInput$={(typed) => {
            draft.baseUrl = typed;
          }}
          onEnter$={add}
        />
        {isInTheClear(draft.baseUrl.trim()) && (
          <Notice
            kind="warning"
            icon="unlock"
            title={words.inTheClear}
            testId="endpoint-in-the-clear"
          >
            {words.inTheClearBody}
          </Notice>
        )}
        <TextField
          label={words.handModels}
          hint={words.handModelsHint}
          multiline
          mono
          rows={2}
          value={draft.models}
          testId="endpoint-models"
          onInput$={(typed) => {
            draft.models = typed;
          }}
        />
        {failure.value && <FailureNotice failure={failure.value} testId="endpoint-failed" />}
      </div>
      <div q:slot="footer" class="flex justify-end gap-2">
        <Button onClick$={onClose$}>{words.cancel}</Button>
        <Button variant="primary" busy={isAdding.value} onClick$={add} testId="endpoint-add">
          {words.addConfirm}
        </Button>
      </div>
    </Dialog>
  );
});

function idError(id: string, problem: EndpointProblems["id"]): string | undefined {
  if (problem === null) return undefined;
  if (problem === "reserved") return words.idReserved(id);
  return problem === "taken" ? words.idTaken : words.idBad;
}
