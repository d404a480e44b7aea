import {
  $,
  component$,
  useContext,
  useSignal,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { type AppError, errorOf, ipc, type ModelFile } from "~/ipc";
import { modelsNamed } from "~/lib/model-names";
import { AppContext } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog, EmptyState } from "~/ui";
import { AddFile, CopyProgress } from "./add-file";
import { BusyNotice } from "./busy-notice";
import { defaultModel } from "./default-model";
import { areFresh, factsOf, inOrder, neighbourOf, type ReadFacts } from "./installed";
import { InstalledRow } from "./installed-row";
import { ModelDetails } from "./model-details";
import { Panel } from "./panel";
import { words } from "./screen-strings";
import { readSettings } from "./use-models";
import { titleOf } from "./words";

const said = words.installed;

/** Times of the last use are said anew this often. */
const CLOCK_MS = 60_000;

/** The models that are here: choose one, look into one, delete one. */
export const InstalledList = component$<{ models: ModelFile[] }>((props) => {
  const app = useContext(AppContext);
  const state = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const list = useSignal<HTMLElement>();
  const now = useSignal(Date.now());
  const facts = useStore<{ [path: string]: ReadFacts | undefined }>({}, { deep: false });
  const doomed = useSignal<ModelFile | null>(null);
  const shown = useSignal<ModelFile | null>(null);
  const refused = useSignal<{ name: string; isLinked: boolean; failure: AppError } | null>(null);
  const isDeleting = useSignal(false);
  const gone = useSignal<{ path: string; next: string | null } | null>(null);

  useTask$(({ cleanup }) => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, CLOCK_MS);
    cleanup(() => clearInterval(timer));
  });

  // One after another: the beginning of each file is read for it, and the list is there without.
  useTask$(({ track, cleanup }) => {
    const models = track(() => props.models);
    let isWanted = true;
    cleanup(() => {
      isWanted = false;
    });
    async function readAll() {
      for (const model of models) {
        if (!isWanted) return;
        const { name, path, size_bytes } = model;
        const { changed } = state;
        if (areFresh(facts[path], model, changed)) continue;
        const info = await ipc.modelInfo(name).catch(() => undefined);
        if (isWanted) facts[path] = info && { info, size_bytes, changed };
      }
    }
    void readAll();
  });

  // The line that had the focus goes with the next list; whatever is next to it gets it.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the elements
  useVisibleTask$(({ track }) => {
    const paths = track(() => props.models.map(({ path }) => path));
    const left = track(gone);
    if (left === null || paths.includes(left.path)) return;
    gone.value = null;
    requestAnimationFrame(() => focusLine(list.value, left.next));
  });

  const remove = $(async () => {
    const model = doomed.value;
    if (model === null) return;
    const next = neighbourOf(inOrder(props.models), model.path);
    isDeleting.value = true;
    refused.value = null;
    try {
      const { bytes, unlinked, was_default } = await ipc.deleteModel(model.name, model.path);
      doomed.value = null;
      const name = titleOf(model);
      const title = unlinked ? said.unlinked(name) : said.deleted(name, bytes);
      showToast(toasts, { kind: "success", title });
      state.changed += 1;
      gone.value = { path: model.path, next };
      if (was_default) await readSettings(app, toasts);
    } catch (thrown) {
      doomed.value = null;
      const failure = errorOf(thrown);
      if (failure.code === "conflict") {
        refused.value = { name: titleOf(model), isLinked: model.linked, failure };
      } else showFailure(toasts, thrown);
    } finally {
      isDeleting.value = false;
    }
  });

  const usual = modelsNamed(defaultModel(props.models, app.settings.model), props.models);
  const isLinked = doomed.value?.linked ?? false;
  const name = doomed.value === null ? "" : titleOf(doomed.value);
  const { size_bytes = 0, path = "", app: owner = null } = doomed.value ?? {};
  return (
    <Panel title={said.title} testId="installed">
      <AddFile q:slot="actions" />
      {/* There before there is something to say: what comes with its text is not read out. */}
      <p role="status" class="sr-only" data-testid="model-copying-said">
        {state.copying === null ? "" : said.copying(state.copying.name)}
      </p>
      {state.copying !== null && <CopyProgress key={state.copying.task} copying={state.copying} />}
      {refused.value !== null && (
        <BusyNotice
          name={refused.value.name}
          isLinked={refused.value.isLinked}
          failure={refused.value.failure}
          onClose$={() => {
            refused.value = null;
          }}
        />
      )}
      {props.models.length === 0 ? (
        <EmptyState icon="model" title={said.none} body={said.noneBody} testId="installed-none">
          <Button
            variant="primary"
            icon="download"
            testId="installed-find"
            onClick$={() => {
              app.modelsTab = "get";
            }}
          >
            {said.find}
          </Button>
        </EmptyState>
      ) : (
        <ul ref={list} aria-label={said.title}>
          {inOrder(props.models).map((model) => (
            <InstalledRow
              key={model.path}
              model={model}
              info={factsOf(facts[model.path], model)}
              now={now.value}
              isUsual={usual.length === 1 && usual[0]?.path === model.path}
              onShow$={() => {
                shown.value = model;
              }}
              onDelete$={() => {
                doomed.value = model;
              }}
            />
          ))}
        </ul>
      )}
      {shown.value !== null && (
        <ModelDetails
          key={shown.value.path}
          model={shown.value}
          onClose$={() => {
            shown.value = null;
          }}
        />
      )}
      <ConfirmDialog
        open={doomed.value !== null}
        title={isLinked ? said.unlinkTitle(name) : said.deleteTitle(name)}
        body={
          isLinked ? said.unlinkBody(size_bytes, path, owner) : said.deleteBody(size_bytes, path)
        }
        confirm={isLinked ? said.unlinkConfirm : said.deleteConfirm}
        danger={!isLinked}
        busy={isDeleting.value}
        onConfirm$={remove}
        onClose$={() => {
          doomed.value = null;
        }}
        testId="model-delete-dialog"
      />
    </Panel>
  );
});

/** Gives the focus to a line of the list, else to the heading above it. */
function focusLine(list: HTMLElement | undefined, path: string | null): void {
  const lines = [...(list?.querySelectorAll<HTMLElement>("[data-model]") ?? [])];
  const line = lines.find((one) => one.dataset.model === path);
  const heading = document.querySelector<HTMLElement>("[data-testid=installed] [data-heading]");
  (line?.querySelector<HTMLElement>("button") ?? heading)?.focus();
}
