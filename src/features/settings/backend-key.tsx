import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  type QRL,
  type Signal,
  useContext,
  useSignal,
} from "@builder.io/qwik";
import { FailureNotice, showFailure } from "~/errors";
import { type BackendInfo, type Failure, failureOf, ipc } from "~/ipc";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, Checkbox, SecretField } from "~/ui";
import { keyHint } from "./key-hint";
import { text } from "./strings";

const words = text.backends;

interface BackendKeyProps {
  backend: BackendInfo;
  hasKeyring: boolean;
  /** Counts what makes an earlier test of the connection void. */
  changes: Signal<number>;
  onChanged$: QRL<() => void>;
}

/** Entering, replacing and removing the key of a backend. The key itself never comes back here. */
export const BackendKey = component$<BackendKeyProps>((props) => {
  const { backend, hasKeyring, changes, onChanged$ } = props;
  const { id, title, key, key_page } = backend;
  const toasts = useContext(ToastContext);
  const failure = useSignal<NoSerialize<Failure>>();
  const isSending = useSignal(false);
  const isRemoving = useSignal(false);
  const onlySession = useSignal(false);

  const send = $(async (secret: string) => {
    failure.value = undefined;
    isSending.value = true;
    try {
      const source = await ipc.setKey(id, secret, !onlySession.value);
      changes.value += 1;
      showToast(toasts, { kind: "success", title: words.keySaved[source] });
      await onChanged$();
    } catch (thrown) {
      failure.value = noSerialize(failureOf(thrown));
    } finally {
      isSending.value = false;
    }
  });
  const remove = $(async () => {
    failure.value = undefined;
    isRemoving.value = true;
    try {
      await ipc.removeKey(id);
      showToast(toasts, { kind: "info", title: words.keyRemoved });
      // Its button goes; keys must not fall through to the page.
      document.querySelector<HTMLElement>(`[data-testid=backend-${id}-key]`)?.focus();
    } catch (thrown) {
      failure.value = noSerialize(failureOf(thrown));
    } finally {
      isRemoving.value = false;
      changes.value += 1;
      // Also then: one that was entered is gone even where one of the environment stays.
      await onChanged$();
    }
  });
  return (
    <div class="flex flex-col gap-2 border-line border-b py-3">
      <SecretField
        label={key === null ? words.enterKey(title) : words.otherKey(title)}
        send={words.saveKey}
        hint={keyHint(backend, hasKeyring && !onlySession.value)}
        busy={isSending.value}
        class="max-w-xl"
        testId={`backend-${id}-key`}
        onSend$={send}
      />
      {failure.value && (
        <FailureNotice failure={failure.value} testId={`backend-${id}-key-failed`} />
      )}
      <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
        {hasKeyring && (
          <Checkbox
            label={words.onlySession}
            checked={onlySession.value}
            testId={`backend-${id}-only-session`}
            onChange$={(checked) => {
              onlySession.value = checked;
            }}
          />
        )}
        <span class="flex-1" />
        {key_page !== null && (
          <Button
            variant="ghost"
            icon="external"
            ariaLabel={words.getKeyOf(title)}
            testId={`backend-${id}-get-key`}
            onClick$={async () => {
              try {
                await ipc.openLink(key_page);
              } catch (thrown) {
                showFailure(toasts, thrown);
              }
            }}
          >
            {words.getKey}
          </Button>
        )}
        {(key === "keyring" || key === "session") && (
          <Button
            icon="trash"
            busy={isRemoving.value}
            ariaLabel={words.removeKeyOf(title)}
            testId={`backend-${id}-remove-key`}
            onClick$={remove}
          >
            {words.removeKey}
          </Button>
        )}
      </div>
    </div>
  );
});
