import { $, component$, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, Words } from "~/errors";
import { type FoundModel, ipc, newReading, read } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { bareName } from "~/lib/model-names";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, Icon, Spinner } from "~/ui";
import { linkModel } from "./add-models";
import { Panel } from "./panel";
import { words } from "./screen-strings";

const said = words.apps;

/** What other apps have on this computer: used where it is, nothing is copied. */
export const OtherApps = component$(() => {
  const models = useContext(ModelsContext);
  const found = useStore(() => newReading<FoundModel[]>());
  const look = $(() => void read(found, () => ipc.scanModels()));
  useTask$(({ track }) => {
    track(() => models.changed);
    void read(found, () => ipc.scanModels());
  });
  const list = found.value ?? null;
  return (
    <Panel
      title={said.title}
      hint={list !== null && list.length > 0 ? said.hint : undefined}
      testId="other-apps"
    >
      <Button
        q:slot="actions"
        size="s"
        variant="ghost"
        icon="retry"
        busy={found.isReading}
        testId="other-apps-look"
        onClick$={look}
      >
        {said.look}
      </Button>
      {found.failure && <FailureNotice failure={found.failure} class="my-3" />}
      {list === null && !found.failure && (
        <p class="flex items-center gap-2 py-3 text-muted">
          <Spinner label="" />
          {said.looking}
        </p>
      )}
      {list !== null && list.length === 0 && <p class="py-3 text-muted">{said.none}</p>}
      {list !== null && list.length > 0 && (
        <ul aria-label={said.title}>
          {list.map((model) => (
            <FoundRow key={model.path} model={model} />
          ))}
        </ul>
      )}
    </Panel>
  );
});

const FoundRow = component$<{ model: FoundModel }>(({ model }) => {
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const isAdding = useSignal(false);
  const name = bareName(model.name);
  return (
    <li
      class="flex min-h-11 items-center gap-3 border-line border-b py-1.5 last:border-b-0"
      data-testid="found-model"
    >
      <Icon name="model" class="flex-none text-muted" />
      <div class="min-w-0 flex-1">
        <p class="flex min-w-0 items-center gap-2">
          <span class="min-w-0 truncate text-strong" title={model.path}>
            <bdi>{name}</bdi>
          </span>
          <Badge>{said.names[model.app]}</Badge>
        </p>
        {model.problem !== null && (
          <p class="select-text break-words text-muted text-sm">
            {said.broken}: <Words text={model.problem} />
          </p>
        )}
      </div>
      <span class="flex-none text-muted tabular-nums">{formatBytes(model.bytes)}</span>
      {model.linked ? (
        <Badge kind="success" testId="found-linked">
          {said.linked}
        </Badge>
      ) : (
        model.problem === null && (
          <Button
            size="s"
            icon="link"
            ariaLabel={said.useOf(name)}
            busy={isAdding.value}
            testId="found-use"
            onClick$={async () => {
              isAdding.value = true;
              await linkModel(model.path, models, toasts);
              isAdding.value = false;
            }}
          >
            {said.use}
          </Button>
        )
      )}
    </li>
  );
});
