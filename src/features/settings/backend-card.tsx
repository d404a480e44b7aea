import { $, component$, type QRL, type Signal, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { hostOf } from "~/features/models";
import { type BackendInfo, type EndpointSettings, ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, ConfirmDialog, Icon, IconButton, Notice, TextField } from "~/ui";
import { apply, follow } from "./apply";
import { BackendKey } from "./backend-key";
import { BackendLimitFields } from "./backend-limits";
import { ConnectionTest } from "./connection-test";
import { MarksContext } from "./context";
import { changedEndpoint, isAddress, linesOf } from "./endpoint";
import { SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.backends;

interface BackendCardProps {
  backend: BackendInfo;
  /** Whether keys can be kept beyond this session. */
  hasKeyring: boolean;
  onChanged$: QRL<() => void>;
}

/** One backend: whether it can be used, a test of it, and behind a click everything else. */
export const BackendCard = component$<BackendCardProps>((props) => {
  const { backend, onChanged$ } = props;
  const { id, title } = backend;
  const isOpen = useSignal(false);
  const changes = useSignal(0);
  return (
    <section
      class="mb-3 rounded-md border border-line bg-raised px-4"
      aria-label={title}
      data-testid={`backend-${id}`}
    >
      <div class="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
        <Icon
          name={backend.is_this_machine ? "monitor" : "external"}
          class="flex-none text-muted"
        />
        <div class="min-w-48 flex-1">
          <h3 class="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium text-strong">
            {title}
            <KeyBadge backend={backend} />
            {backend.is_custom && <Badge>{words.custom}</Badge>}
          </h3>
          <p class="truncate text-muted" title={backend.base_url}>
            {backend.is_custom ? backend.base_url : hostOf(backend.base_url)}
          </p>
        </div>
        <ConnectionTest backend={backend} changes={changes} />
        <IconButton
          icon={isOpen.value ? "chevron-up" : "chevron-down"}
          label={words.details(title)}
          expanded={isOpen.value}
          testId={`backend-${id}-details`}
          onClick$={() => {
            isOpen.value = !isOpen.value;
          }}
        />
      </div>
      {isOpen.value && (
        <div class="border-line border-t" data-testid={`backend-${id}-body`}>
          {backend.key_in_the_clear && (
            <Notice
              kind="warning"
              icon="unlock"
              title={words.inTheClear}
              class="mt-3"
              testId={`backend-${id}-clear`}
            >
              {words.inTheClearBody}
            </Notice>
          )}
          <BackendKey
            backend={backend}
            hasKeyring={props.hasKeyring}
            changes={changes}
            onChanged$={onChanged$}
          />
          <BackendLimitFields backend={backend} onChanged$={onChanged$} />
          {backend.id === "huggingface" && <BillTo />}
          {backend.is_custom && (
            <OwnEndpoint backend={backend} changes={changes} onChanged$={onChanged$} />
          )}
        </div>
      )}
    </section>
  );
});

const KeyBadge = component$<{ backend: BackendInfo }>(({ backend }) => {
  const { key } = backend;
  const testId = `backend-${backend.id}-key-state`;
  if (key !== null) {
    const variable = backend.key_variable;
    return (
      <Badge kind={key === "session" ? "info" : "success"} testId={testId}>
        <Icon name="key" size={12} />
        {key === "environment" && variable !== null ? words.keyOf(variable) : words.keyStates[key]}
      </Badge>
    );
  }
  return (
    <Badge kind={backend.needs_key ? "warning" : "neutral"} testId={testId}>
      {backend.needs_key ? words.noKey : words.noKeyNeeded}
    </Badge>
  );
});

/** Who pays at Hugging Face. */
const BillTo = component$(() => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  return (
    <SettingRow title={words.billTo} hint={words.billToHint} field="bill_to">
      <TextField
        label={words.billTo}
        hideLabel
        class="w-56"
        value={app.settings.backends.bill_to ?? ""}
        testId="backend-bill-to"
        onChange$={$((typed: string) =>
          apply(app, marks, "bill_to", (settings) => ({
            ...settings,
            backends: { ...settings.backends, bill_to: typed.trim() },
          })),
        )}
      />
    </SettingRow>
  );
});

interface OwnEndpointProps extends Pick<BackendCardProps, "backend" | "onChanged$"> {
  /** Counts what makes an earlier test of the connection void. */
  changes: Signal<number>;
}

/** What only an endpoint has that a person added: its address, models by hand, its end. */
const OwnEndpoint = component$<OwnEndpointProps>((props) => {
  const { backend, changes, onChanged$ } = props;
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const toasts = useContext(ToastContext);
  const isAsking = useSignal(false);
  const isRemoving = useSignal(false);
  const problem = useSignal<string>();

  const put = $(async (field: string, changed: Partial<EndpointSettings>) => {
    await apply(app, marks, field, async (settings) => {
      await ipc.putEndpoint(changedEndpoint(settings, backend.id, changed));
      return ipc.settings();
    });
    changes.value += 1;
    await onChanged$();
  });
  const remove = $(async () => {
    isRemoving.value = true;
    try {
      await follow(app, () => ipc.removeEndpoint(backend.id));
      isAsking.value = false;
      await onChanged$();
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      isRemoving.value = false;
    }
  });
  const address = `${backend.id} address`;
  const models = `${backend.id} models`;
  return (
    <>
      <SettingRow title={words.address} hint={words.addressHint} field={address}>
        <TextField
          label={words.address}
          hideLabel
          mono
          class="w-72"
          value={backend.base_url}
          error={problem.value}
          testId={`backend-${backend.id}-address`}
          onChange$={$((typed: string) => {
            problem.value = isAddress(typed) ? undefined : words.addressBad;
            if (isAddress(typed)) return put(address, { base_url: typed.trim() });
          })}
        />
      </SettingRow>
      <SettingRow title={words.handModels} hint={words.handModelsHint} field={models}>
        <TextField
          label={words.handModels}
          hideLabel
          multiline
          mono
          rows={2}
          class="w-72"
          value={backend.models.join("\n")}
          testId={`backend-${backend.id}-models`}
          onChange$={$((typed: string) => put(models, { models: linesOf(typed) }))}
        />
      </SettingRow>
      <div class="flex justify-end py-3">
        <Button
          icon="trash"
          testId={`backend-${backend.id}-remove`}
          onClick$={() => {
            isAsking.value = true;
          }}
        >
          {words.remove}
        </Button>
      </div>
      <ConfirmDialog
        open={isAsking.value}
        title={words.removeTitle(backend.id)}
        body={words.removeBody}
        confirm={words.removeConfirm}
        danger
        busy={isRemoving.value}
        onConfirm$={remove}
        onClose$={() => {
          isAsking.value = false;
        }}
        testId="backend-remove-dialog"
      />
    </>
  );
});
