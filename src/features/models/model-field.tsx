import {
  $,
  component$,
  type QRL,
  useContext,
  useSignal,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { sentence } from "~/errors";
import { type BackendInfo, errorOf, failureOf, ipc } from "~/ipc";
import { endpointIds, LOCAL_MLX, remoteModel } from "~/lib/model-names";
import { AppContext, goToModels, goToSettings } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { Button, Combobox, Icon, Notice, type Option, type OptionGroup } from "~/ui";
import { hostOf } from "./host";
import { listedModel } from "./listed-model";
import { chosenOf, missingText, mlxOptions } from "./mlx-models";
import { mlxWords } from "./mlx-strings";
import {
  downloadGroup,
  factsText,
  groupsOf,
  isLockedOut,
  isUsable,
  type Lock,
  type Looked,
  lockText,
  searchesOf,
  typedOption,
} from "./model-search";
import { text } from "./strings";

/** No model is called so: the entry that leads to more of them. */
const GET_MORE = "\u0000more";
/** A search begins once typing has rested this long. */
const DEBOUNCE_MS = 250;

export interface ModelFieldProps {
  label: string;
  hideLabel?: boolean | undefined;
  /** As recipes name it: a file, or `backend:model`. */
  value: string;
  /** The models of this computer, and whatever else is offered without a heading. */
  options: readonly Option[];
  /** What keeps models of other machines out. */
  lock: Lock;
  error?: string | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
  onChange$: QRL<(value: string) => void>;
}

interface FieldState {
  /** Null until they are read, or while they cannot be. */
  backends: BackendInfo[] | null;
  /** Why they cannot be read. */
  failure: string | null;
  /** Counts how often they were asked for once more. */
  tries: number;
  /** What is typed; null while the list is closed. */
  typed: string | null;
  looked: { [backend: string]: Looked | undefined };
}

/** One model of this computer or of a backend, found by typing, with what choosing it means. */
export const ModelField = component$<ModelFieldProps>((props) => {
  const app = useContext(AppContext);
  const onTheWay = useContext(ModelsContext);
  const state = useStore<FieldState>({
    backends: null,
    failure: null,
    tries: 0,
    typed: null,
    looked: {},
  });

  useTask$(({ track, cleanup }) => {
    track(() => [JSON.stringify(app.settings.backends), state.tries]);
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    state.failure = null;
    ipc.backends().then(
      ({ list }) => {
        if (isCurrent) state.backends = list;
      },
      (thrown) => {
        // Models of this computer can be chosen all the same.
        if (isCurrent) state.failure = failureOf(thrown).message;
      },
    );
  });

  useTask$(({ track, cleanup }) => {
    const typed = track(() => state.typed);
    const backends = track(() => state.backends);
    const lock = track(() => props.lock);
    if (typed === null || backends === null) return;
    const tasks: string[] = [];
    let isCurrent = true;
    const wait_ms = typed === "" ? 0 : DEBOUNCE_MS;
    const timer = setTimeout(() => {
      for (const { backend, search } of searchesOf(typed, backends, lock)) {
        const task = `models ${crypto.randomUUID()}`;
        tasks.push(task);
        const before = state.looked[backend]?.models ?? [];
        state.looked[backend] = { models: before, failure: null, busy: true, search };
        ipc.backendModels(backend, search, task).then(
          (models) => {
            if (isCurrent) state.looked[backend] = { models, failure: null, busy: false, search };
          },
          (thrown) => {
            const failure = errorOf(thrown);
            if (isCurrent) state.looked[backend] = { models: [], failure, busy: false, search };
          },
        );
      }
    }, wait_ms);
    cleanup(() => {
      isCurrent = false;
      clearTimeout(timer);
      for (const task of tasks) void ipc.cancelTask(task).catch(() => false);
    });
  });

  const typed = state.typed ?? "";
  const backends = state.backends ?? [];
  const groups =
    state.backends === null
      ? [unknownBackends(state.failure)]
      : groupsOf(backends, state.looked, typed, props.lock);
  const own = typedOption(typed, backends, groups, props.lock);
  const isRemote = remoteModel(props.value, endpointIds(app.settings)) !== null;
  const local = [...mlxOptions(onTheWay.mlx), ...props.options];
  const isListed = local.some((option) => option.value === props.value);
  const isFound = groups.some(({ options }) =>
    options.some((option) => option.value === props.value),
  );
  const current =
    isRemote && !isListed && !isFound ? [{ value: props.value, label: props.value }] : [];
  const isCurrent = current.some((option) => option.value === own?.value);
  return (
    <div class={["flex min-w-0 flex-col gap-2", props.class]}>
      <Combobox
        label={props.label}
        hideLabel={props.hideLabel}
        placeholder={props.lock === null ? text.choose : text.chooseLocal}
        value={props.value}
        options={current}
        groups={[
          { id: "local", label: text.here, options: local },
          downloadGroup(onTheWay.downloads, typed),
          ...groups,
        ]}
        lastResort={own === null || isCurrent ? undefined : own}
        aside={{ value: GET_MORE, label: text.getMore }}
        onAside$={() => goToModels(app, "get")}
        error={props.error}
        disabled={props.disabled}
        testId={props.testId}
        onSearch$={$((value: string | null) => {
          state.typed = value;
        })}
        onChange$={props.onChange$}
      />
      {state.failure !== null && (
        <Notice kind="warning" title={text.backendsFailed} testId="model-backends-failed">
          <p>{sentence(state.failure)}</p>
          <Button
            size="s"
            icon="retry"
            class="mt-2"
            onClick$={() => {
              state.tries += 1;
            }}
            testId="model-backends-again"
          >
            {text.again}
          </Button>
        </Notice>
      )}
      {props.value === LOCAL_MLX && <MlxNote />}
      {isRemote && <RemoteNote name={props.value} backends={state.backends} lock={props.lock} />}
    </div>
  );
});

/** Why a column with the chosen model for MLX gets no cells now, and the way to have some. */
const MlxNote = component$(() => {
  const app = useContext(AppContext);
  const { mlx } = useContext(ModelsContext);
  const missing = mlx.length === 0 ? null : missingText(mlx);
  const chosen = chosenOf(mlx);
  if (missing === null) return null;
  return (
    <Notice
      kind="info"
      icon="download"
      title={chosen === null ? undefined : mlxWords.means(chosen.title)}
      testId="model-mlx-missing"
    >
      <p>{missing}</p>
      <Button
        size="s"
        icon="model"
        class="mt-2"
        onClick$={() => goToModels(app, "get")}
        testId="model-mlx-get"
      >
        {mlxWords.toModels}
      </Button>
    </Notice>
  );
});

/** What is listed of backends while nobody knows which there are. */
function unknownBackends(failure: string | null): OptionGroup<Option> {
  const group = { id: "backends", label: text.backends, options: [], found: true };
  if (failure === null) return { ...group, note: text.readingBackends, busy: true };
  return { ...group, note: text.failed(failure) };
}

/** What a chosen model of a backend means: where rows go, what it costs, what is in its way. */
const RemoteNote = component$<{ name: string; backends: BackendInfo[] | null; lock: Lock }>(
  (props) => {
    const app = useContext(AppContext);
    const facts = useSignal("");
    const meant = remoteModel(props.name, endpointIds(app.settings));
    const backend = props.backends?.find((one) => one.id === meant?.backend);

    useTask$(({ track, cleanup }) => {
      const name = track(() => props.name);
      const list = track(() => props.backends);
      facts.value = "";
      const remote = remoteModel(name, endpointIds(app.settings));
      const found = list?.find((one) => one.id === remote?.backend);
      const lock = track(() => props.lock);
      if (!remote || !found || !isUsable(found) || isLockedOut(found, lock)) return;
      let isCurrent = true;
      const stop = listedModel(found.id, remote.model, (exact) => {
        if (isCurrent && exact) facts.value = factsText(exact);
      });
      cleanup(() => {
        isCurrent = false;
        stop();
      });
    });

    if (!backend) return null;
    const { title, base_url, is_this_machine } = backend;
    const host = hostOf(base_url);
    const isOut = isLockedOut(backend, props.lock);
    return (
      <>
        {isOut ? (
          <Notice kind="warning" icon="lock" title={text.locked} testId="model-locked">
            {lockText(props.lock)}
          </Notice>
        ) : (
          !isUsable(backend) && (
            <Notice kind="warning" icon="key" title={text.noKey(title)} testId="model-no-key">
              <p>{text.noKeyBody}</p>
              <Button
                size="s"
                icon="settings"
                class="mt-2"
                onClick$={() => goToSettings(app, "backends")}
              >
                {text.toBackends}
              </Button>
            </Notice>
          )
        )}
        {!isOut && (
          <p class="flex items-start gap-1.5 text-sm text-muted" data-testid="model-remote">
            <Icon name={is_this_machine ? "lock" : "external"} size={14} class="mt-0.5" />
            <span class="min-w-0 flex-1">
              {is_this_machine ? text.answeredHere(title, host) : text.sentTo(title, host)}
              {facts.value !== "" && (
                <span class="block tabular-nums" data-testid="model-facts">
                  {facts.value}
                </span>
              )}
            </span>
          </p>
        )}
      </>
    );
  },
);
