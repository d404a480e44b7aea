import { $, component$, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, Words } from "~/errors";
import { type Backends, ipc, newReading, read } from "~/ipc";
import { microUsd, usdOf } from "~/lib/money";
import { AppContext, goToSettings } from "~/state/app";
import { Button, Icon, Notice, Spinner } from "~/ui";
import { apply, withEngine } from "./apply";
import { AutomaticNumber } from "./automatic-number";
import { BackendCard } from "./backend-card";
import { MarksContext } from "./context";
import { EndpointDialog } from "./endpoint-dialog";
import { LocalOnly } from "./local-only";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.backends;

/** Who may answer for a model besides this computer: keys, connections, limits. */
export const BackendsPage = component$(() => {
  const backends = useStore(() => newReading<Backends>());
  const isAdding = useSignal(false);
  const reload = $(() => read(backends, () => ipc.backends()));
  useTask$(() => {
    void reload();
  });

  const known = backends.value;
  return (
    <>
      <p class="mb-4 max-w-prose text-muted">{words.intro}</p>
      <LocalOnly
        hint={words.localOnlyHint}
        locked={words.localOnlyOn}
        testId="backends-local-only"
      />
      {backends.failure && <FailureNotice failure={backends.failure} class="mb-4" />}
      {known && known.keyring_problem !== null && (
        <Notice
          kind="info"
          icon="key"
          title={words.sessionOnly}
          class="mb-4"
          testId="backends-session-only"
        >
          <Words text={words.sessionOnlyBody(known.keyring_problem)} />
        </Notice>
      )}
      {known ? (
        <>
          <ThisComputer />
          {known.list.map((backend) => (
            <BackendCard
              key={backend.id}
              backend={backend}
              hasKeyring={known.keyring_problem === null}
              onChanged$={reload}
            />
          ))}
          <div class="mt-3 mb-6 flex flex-col items-start gap-1.5">
            <Button
              icon="plus"
              testId="backends-add"
              onClick$={() => {
                isAdding.value = true;
              }}
            >
              {words.add}
            </Button>
            <p class="text-muted">{words.addHint}</p>
          </div>
          <RunLimits />
          {isAdding.value && (
            <EndpointDialog
              backends={known}
              onAdded$={reload}
              onClose$={() => {
                isAdding.value = false;
              }}
            />
          )}
        </>
      ) : (
        !backends.failure && (
          <div class="flex h-24 items-center justify-center text-muted">
            <Spinner label={words.loading} />
          </div>
        )
      )}
    </>
  );
});

const ThisComputer = component$(() => {
  const app = useContext(AppContext);
  return (
    <section
      class="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border border-line bg-raised px-4 py-3"
      aria-label={words.here}
      data-testid="backend-local"
    >
      <Icon name="monitor" class="flex-none text-muted" />
      <div class="min-w-48 flex-1">
        <h3 class="font-medium text-strong">{words.here}</h3>
        <p class="text-muted">{words.hereHint}</p>
      </div>
      <Button icon="model" onClick$={() => goToSettings(app, "models")}>
        {words.toModels}
      </Button>
    </section>
  );
});

/** What one run may take, where nobody said otherwise when it was started. */
const RunLimits = component$(() => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const cap = app.settings.engine.cap ?? {};
  return (
    <SettingGroup title={words.runLimits}>
      <p class="max-w-prose pt-3 text-muted">{words.runLimitsHint}</p>
      <SettingRow title={words.mostUsd} hint={words.mostUsdHint} field="cap_usd">
        <AutomaticNumber
          title={words.mostUsd}
          value={usdOf(cap.micro_usd)}
          min={0.01}
          max={1_000_000}
          step={0.5}
          placeholder={words.noLimit}
          testId="backends-cap-usd"
          onChange$={$((usd: number | null) =>
            apply(app, marks, "cap_usd", (settings) => {
              const micro_usd = microUsd(usd);
              return withEngine(settings, { cap: { ...settings.engine.cap, micro_usd } });
            }),
          )}
        />
      </SettingRow>
      <SettingRow title={words.mostTokens} hint={words.mostTokensHint} field="cap_tokens">
        <AutomaticNumber
          title={words.mostTokens}
          value={cap.tokens ?? null}
          min={1}
          max={1_000_000_000_000}
          placeholder={words.noLimit}
          testId="backends-cap-tokens"
          onChange$={$((tokens: number | null) =>
            apply(app, marks, "cap_tokens", (settings) =>
              withEngine(settings, { cap: { ...settings.engine.cap, tokens } }),
            ),
          )}
        />
      </SettingRow>
    </SettingGroup>
  );
});
