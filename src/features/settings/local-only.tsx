import { $, component$, useContext } from "@builder.io/qwik";
import { AppContext } from "~/state/app";
import { Icon, Switch } from "~/ui";
import { apply } from "./apply";
import { MarksContext } from "./context";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

interface LocalOnlyProps {
  hint: string;
  /** Said below while the lock is on. */
  locked?: string;
  testId: string;
}

/** The lock on everything that would leave this computer. */
export const LocalOnly = component$<LocalOnlyProps>(({ hint, locked, testId }) => {
  const app = useContext(AppContext);
  const marks = useContext(MarksContext);
  const isLocked = app.settings.local_only;
  return (
    <SettingGroup>
      <SettingRow title={text.privacy.localOnly} hint={hint} field="local_only">
        <Icon
          name={isLocked ? "lock" : "unlock"}
          class={isLocked ? "text-success" : "text-faint"}
        />
        <Switch
          label={text.privacy.localOnly}
          hideLabel
          checked={isLocked}
          testId={testId}
          onChange$={$((local_only: boolean) =>
            apply(app, marks, "local_only", (settings) => ({ ...settings, local_only })),
          )}
        />
      </SettingRow>
      {isLocked && locked !== undefined && (
        <p class="pb-3 text-success" data-testid="backends-locked">
          {locked}
        </p>
      )}
    </SettingGroup>
  );
});
