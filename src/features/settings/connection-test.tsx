import {
  $,
  component$,
  type NoSerialize,
  noSerialize,
  type Signal,
  useContext,
  useSignal,
  useTask$,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { type BackendInfo, type ConnectionReport, type Failure, failureOf, ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { Button, Icon } from "~/ui";
import { text } from "./strings";

const words = text.backends;

interface ConnectionTestProps {
  backend: BackendInfo;
  /** Counts the changes of the key and of the address. */
  changes: Signal<number>;
}

/** Asks a backend something that costs nothing, and says what came of it. */
export const ConnectionTest = component$<ConnectionTestProps>((props) => {
  const app = useContext(AppContext);
  const task = useSignal<string | null>(null);
  const report = useSignal<ConnectionReport | null>(null);
  const failure = useSignal<NoSerialize<Failure>>();
  const { id, title, needs_key, key, is_this_machine } = props.backend;

  const stop = $(() => {
    const stopped = task.value;
    task.value = null;
    if (stopped !== null) void ipc.cancelTask(stopped).catch(() => false);
  });
  useTask$(({ track, cleanup }) => {
    track(props.changes);
    // What is found out with another key or at another address says nothing.
    report.value = null;
    failure.value = undefined;
    // Before the next change, and at the end.
    cleanup(() => stop());
  });

  const test = $(async () => {
    const own = `test ${crypto.randomUUID()}`;
    task.value = own;
    report.value = null;
    failure.value = undefined;
    try {
      const answer = await ipc.testBackend(id, own);
      if (task.value === own) report.value = answer;
    } catch (thrown) {
      if (task.value === own) failure.value = noSerialize(failureOf(thrown));
    } finally {
      if (task.value === own) task.value = null;
    }
  });
  const isBusy = task.value !== null;
  const isLockedOut = app.settings.local_only && !is_this_machine;
  const whyOff = isLockedOut
    ? words.testIsLocked
    : needs_key && key === null
      ? words.testNeedsKey
      : null;
  return (
    <>
      {whyOff !== null && (
        <span
          class="text-muted text-sm max-lg:order-last max-lg:w-full max-lg:ps-7"
          data-testid={`backend-${id}-test-off`}
        >
          {whyOff}
        </span>
      )}
      {/* One button with two faces: another one would take the focus with it. */}
      <Button
        icon={isBusy ? "stop" : "link"}
        disabled={!isBusy && whyOff !== null}
        ariaLabel={isBusy ? words.stopTestOf(title) : words.testOf(title)}
        testId={`backend-${id}-${isBusy ? "stop-test" : "test"}`}
        onClick$={() => (task.value === null ? test() : stop())}
      >
        {isBusy ? words.stopTest : words.test}
      </Button>
      <div class="order-last w-full empty:hidden" role="status">
        {report.value !== null && (
          <p
            class="flex items-center gap-1.5 text-success"
            data-testid={`backend-${id}-test-result`}
          >
            <Icon name="check-circle" size={14} />
            {reportText(report.value)}
          </p>
        )}
      </div>
      {failure.value && (
        <FailureNotice
          failure={failure.value}
          class="order-last w-full"
          testId={`backend-${id}-test-failed`}
        />
      )}
    </>
  );
});

function reportText({ duration_ms, models, account }: ConnectionReport): string {
  return [
    words.works(duration_ms),
    ...(models === null ? [] : [words.models(models)]),
    ...(account === null ? [] : [words.account(account)]),
  ].join(words.separator);
}
