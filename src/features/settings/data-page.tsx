import { component$, useContext } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Button } from "~/ui";
import { KeptAnswers } from "./kept-answers";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";
import { TrashedSheets } from "./trashed-sheets";

const words = text.data;

/** Where everything is, what is kept of answers, and what was deleted. */
export const DataPage = component$(() => {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const { home } = app.startup;
  return (
    <>
      <SettingGroup>
        <SettingRow title={words.folder} hint={words.folderHint} wide>
          <code class="min-w-0 flex-1 truncate rounded-md bg-panel px-2 py-1 font-mono text-sm select-text">
            {home}
          </code>
          <Button
            icon="folder"
            testId="settings-open-home"
            onClick$={async () => {
              try {
                await ipc.revealPath(home);
              } catch (thrown) {
                showFailure(toasts, thrown);
              }
            }}
          >
            {text.open}
          </Button>
        </SettingRow>
      </SettingGroup>
      <KeptAnswers />
      <TrashedSheets />
    </>
  );
});
