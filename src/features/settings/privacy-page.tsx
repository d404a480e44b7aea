import { $, component$, useContext } from "@builder.io/qwik";
import { AppContext } from "~/state/app";
import { Icon, Switch } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.privacy;

/** What leaves this computer: nothing, and a lock that makes sure of it. */
export const PrivacyPage = component$(() => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const isLocked = app.settings.local_only;
  return (
    <>
      <SettingGroup>
        <SettingRow title={words.localOnly} hint={words.localOnlyHint} field="local_only">
          <Icon
            name={isLocked ? "lock" : "unlock"}
            class={isLocked ? "text-success" : "text-faint"}
          />
          <Switch
            label={words.localOnly}
            hideLabel
            checked={isLocked}
            testId="settings-local-only"
            onChange$={$((local_only: boolean) =>
              apply(app, marks, "local_only", (settings) => ({ ...settings, local_only })),
            )}
          />
        </SettingRow>
      </SettingGroup>
      <section class="flex max-w-prose flex-col gap-2 text-normal">
        <h3 class="font-semibold text-strong">{words.isLocal}</h3>
        <ul class="flex list-disc flex-col gap-1.5 ps-5">
          {words.isLocalBody.map((line) => (
            <li key={line}>{line}</li>
          ))}
          {isLocked && <li>{words.lockedBody}</li>}
        </ul>
      </section>
    </>
  );
});
