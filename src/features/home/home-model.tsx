import { component$, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { FirstModel } from "~/features/models";
import { ipc, type ModelFile, newReading, read } from "~/ipc";
import { bareName, endpointIds, remoteModel } from "~/lib/model-names";
import { AppContext } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Button, Notice } from "~/ui";
import { startExample } from "./actions";
import type { HomeState } from "./home-state";
import { text } from "./strings";

/**
 * The way to a first model, for somebody who has none and no backend instead; once it is there, the
 * way on to a filled column. Nothing at all for everybody else.
 */
export const HomeModel = component$<{ state: HomeState }>(({ state }) => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const list = useStore(() => newReading<ModelFile[]>());

  useTask$(({ track }) => {
    track(() => models.changed);
    void read(list, async () => {
      const found = await ipc.listLocalModels();
      if (found.length === 0) models.hadNone = true;
      return found;
    });
  });

  const first = list.value?.[0];
  const isRemote = remoteModel(app.settings.model, endpointIds(app.settings)) !== null;
  if (!models.hadNone || list.value === undefined || isRemote) return null;
  if (first === undefined) return <FirstModel testId="home-first-model" />;
  return (
    <Notice kind="success" title={text.modelReady(bareName(first.name))} testId="home-model-ready">
      <p>{text.modelReadyBody}</p>
      <Button
        variant="primary"
        icon="sparkle"
        class="mt-2"
        busy={state.busy === "example"}
        onClick$={async () => {
          await startExample(state, app, toasts);
          // The last step is made: there is no more to lead to.
          if (app.screen === "sheet") models.hadNone = false;
        }}
        testId="home-model-example"
      >
        {text.fillExample}
      </Button>
    </Notice>
  );
});
