import { $, component$, useContext } from "@builder.io/qwik";
import type { Theme } from "~/ipc";
import { AppContext } from "~/state/app";
import { NumberField, SegmentedControl, Select, Switch } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.general;
/** Where the switch was off there is no number to go back to. */
const USUAL_SECONDS = 60;

/** Look, language, messages. */
export const GeneralPage = component$(() => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const { theme, language, notify_after_seconds } = app.settings;
  const setNotify = $((seconds: number | null) =>
    apply(app, marks, "notify", (settings) => ({ ...settings, notify_after_seconds: seconds })),
  );
  return (
    <>
      <SettingGroup>
        <SettingRow title={words.theme} hint={words.themeHint} field="theme">
          <SegmentedControl
            label={words.theme}
            hideLabel
            value={theme}
            options={Object.entries(words.themes).map(([value, label]) => ({ value, label }))}
            testId="settings-theme"
            onChange$={$((value: string) =>
              apply(app, marks, "theme", (settings) => ({ ...settings, theme: value as Theme })),
            )}
          />
        </SettingRow>
        <SettingRow title={words.language} hint={words.languageHint} field="language">
          <Select
            label={words.language}
            hideLabel
            class="w-40"
            value={language}
            options={Object.entries(words.languages).map(([value, label]) => ({ value, label }))}
            testId="settings-language"
            onChange$={$((value: string) =>
              apply(app, marks, "language", (settings) => ({ ...settings, language: value })),
            )}
          />
        </SettingRow>
      </SettingGroup>
      <SettingGroup>
        <SettingRow title={words.notify} hint={words.notifyHint} field="notify">
          <Switch
            label={words.notify}
            hideLabel
            checked={notify_after_seconds !== null}
            testId="settings-notify"
            onChange$={$((isOn: boolean) => setNotify(isOn ? USUAL_SECONDS : null))}
          />
        </SettingRow>
        {notify_after_seconds !== null && (
          <SettingRow title={words.notifyAfter} hint={words.notifyAfterHint}>
            <NumberField
              label={words.notifyAfter}
              hideLabel
              class="w-28"
              value={notify_after_seconds}
              min={0}
              max={86_400}
              testId="settings-notify-after"
              onChange$={$((seconds: number | null) => setNotify(seconds ?? USUAL_SECONDS))}
            />
          </SettingRow>
        )}
      </SettingGroup>
    </>
  );
});
