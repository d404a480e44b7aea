import { $, component$, type NoSerialize, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import type { Doctor, EngineOptions } from "~/ipc";
import { ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, NumberField, Switch } from "~/ui";
import { apply, withEngine } from "./apply";
import { AutomaticNumber } from "./automatic-number";
import { MarksContext } from "./context";
import { hasGpu } from "./report";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.models;
const USUAL_MINUTES = 15;

/** An engine option that is a number or automatic. */
type NumberOption = "parallel_rows" | "context_tokens" | "threads" | "gpu_layers";

/** How models are run, and when they leave memory. */
export const EngineSettings = component$<{ doctor: NoSerialize<Doctor> }>(({ doctor }) => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const { engine } = app.settings;
  const set = $((option: NumberOption, value: number | null) => {
    const options: Partial<EngineOptions> = { [option]: value };
    return apply(app, marks, option, (settings) => withEngine(settings, options));
  });
  const isWithoutGpu = doctor !== undefined && !hasGpu(doctor);
  const cores = doctor?.physical_cores ?? null;
  return (
    <>
      <SettingGroup title={words.engine}>
        <SettingRow title={words.parallel} hint={words.parallelHint} field="parallel_rows" nextRun>
          <AutomaticNumber
            title={words.parallel}
            value={engine.parallel_rows ?? null}
            min={1}
            max={127}
            disabled={engine.exact ?? false}
            testId="settings-parallel-rows"
            onChange$={$((value: number | null) => set("parallel_rows", value))}
          />
        </SettingRow>
        <SettingRow title={words.context} hint={words.contextHint} field="context_tokens" nextRun>
          <AutomaticNumber
            title={words.context}
            value={engine.context_tokens ?? null}
            min={256}
            max={1_048_576}
            testId="settings-context-tokens"
            onChange$={$((value: number | null) => set("context_tokens", value))}
          />
        </SettingRow>
        <SettingRow title={words.threads} hint={words.threadsHint(cores)} field="threads" nextRun>
          <AutomaticNumber
            title={words.threads}
            value={engine.threads ?? null}
            min={1}
            max={512}
            testId="settings-threads"
            onChange$={$((value: number | null) => set("threads", value))}
          />
        </SettingRow>
        <SettingRow
          title={words.gpu}
          hint={isWithoutGpu ? words.gpuNone : words.gpuHint}
          field="gpu_layers"
          nextRun
        >
          <AutomaticNumber
            title={words.gpu}
            value={engine.gpu_layers ?? null}
            min={0}
            max={999}
            testId="settings-gpu-layers"
            onChange$={$((value: number | null) => set("gpu_layers", value))}
          />
        </SettingRow>
        <SettingRow title={words.exact} hint={words.exactHint} field="exact" nextRun>
          <Switch
            label={words.exact}
            hideLabel
            checked={engine.exact ?? false}
            testId="settings-exact"
            onChange$={$((exact: boolean) =>
              apply(app, marks, "exact", (settings) => withEngine(settings, { exact })),
            )}
          />
        </SettingRow>
      </SettingGroup>
      <MemorySettings />
    </>
  );
});

const MemorySettings = component$(() => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const toasts = useContext(ToastContext);
  const isUnloading = useSignal(false);
  const minutes = app.settings.unload_after_minutes;
  const set = $((unload_after_minutes: number | null) =>
    apply(app, marks, "unload", (settings) => ({ ...settings, unload_after_minutes })),
  );
  return (
    <SettingGroup title={words.memory}>
      <SettingRow title={words.unload} hint={words.unloadHint} field="unload">
        {minutes !== null && (
          <NumberField
            label={words.unloadAfter}
            hideLabel
            class="w-20"
            value={minutes}
            min={1}
            max={1_440}
            testId="settings-unload-minutes"
            onChange$={$((value: number | null) => set(value ?? USUAL_MINUTES))}
          />
        )}
        {minutes !== null && <span class="text-muted">{words.minutes}</span>}
        <Switch
          label={words.unload}
          hideLabel
          checked={minutes !== null}
          testId="settings-unload"
          onChange$={$((isOn: boolean) => set(isOn ? USUAL_MINUTES : null))}
        />
      </SettingRow>
      <SettingRow title={words.unloadNow} hint={words.unloadNowHint}>
        <Button
          busy={isUnloading.value}
          testId="settings-unload-now"
          onClick$={async () => {
            isUnloading.value = true;
            try {
              await ipc.unloadModels();
              showToast(toasts, { kind: "success", title: words.unloaded });
            } catch (thrown) {
              showFailure(toasts, thrown);
            } finally {
              isUnloading.value = false;
            }
          }}
        >
          {words.unloadNow}
        </Button>
      </SettingRow>
    </SettingGroup>
  );
});
