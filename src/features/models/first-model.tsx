import {
  $,
  component$,
  type QRL,
  Slot,
  useContext,
  useSignal,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import {
  type AppError,
  type FoundModel,
  ipc,
  newReading,
  type RecommendedModel,
  read,
} from "~/ipc";
import { AppContext, goToModels } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Button, Icon, Spinner } from "~/ui";
import { beginDownload } from "./download-actions";
import { DownloadRows } from "./download-list";
import { underWay } from "./downloads";
import { FitBadge } from "./fit-badge";
import { focusWhenLost } from "./focus";
import { HubNotice } from "./hub-notice";
import { firstOffers, type Offer } from "./recommended";
import { words } from "./screen-strings";

const said = words.first;

export interface FirstModelProps {
  /** Where there is little room: the panel of a column. */
  narrow?: boolean | undefined;
  testId?: string | undefined;
}

/**
 * The way to the first model, for somebody who has none: one button, the progress in its place, and
 * other ways. Below it, in the slot, what goes on meanwhile.
 */
export const FirstModel = component$<FirstModelProps>(({ narrow, testId }) => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const title = useSignal<HTMLElement>();
  const list = useStore(() => newReading<RecommendedModel[]>());
  const found = useStore(() => newReading<FoundModel[]>());
  const failure = useSignal<AppError | null>(null);

  useTask$(() => {
    void read(list, () => ipc.recommendedModels());
    void read(found, () => ipc.scanModels());
  });

  const { main, quick } = firstOffers(list.value ?? []);
  const isUnderWay = underWay(models.downloads).length > 0;
  const usable = (found.value ?? []).filter(({ linked, problem }) => !linked && problem === null);
  const get = $(async (offer: Offer) => {
    failure.value = null;
    failure.value = await beginDownload(models, toasts, offer.model.id, offer.variant.label);
    const section = title.value?.closest("section");
    if (failure.value === null) {
      focusWhenLost(
        () => section?.querySelector("[data-download]") !== null,
        () => title.value,
      );
    }
  });
  return (
    <section
      class={[
        "rounded-lg border border-line bg-panel",
        narrow ? "flex flex-col gap-3 p-3" : "flex flex-col gap-4 p-5",
      ]}
      aria-label={said.title}
      data-testid={testId ?? "first-model"}
    >
      <div class="flex items-start gap-3">
        {!narrow && (
          <span class="inline-flex size-10 shrink-0 items-center justify-center rounded-md bg-accent-soft text-accent">
            <Icon name="model" size={18} />
          </span>
        )}
        <div class="min-w-0">
          {/* Takes the focus when what was pressed has become the progress of it. */}
          <h2 ref={title} tabIndex={-1} data-heading class="font-semibold text-strong outline-none">
            {said.title}
          </h2>
          <p class="max-w-prose text-muted">{said.body}</p>
        </div>
      </div>
      {list.failure && <FailureNotice failure={list.failure} />}
      {failure.value !== null && (
        <HubNotice failure={failure.value} wish="download" testId="first-model-failed" />
      )}
      {isUnderWay ? (
        <DownloadRows />
      ) : (
        <div class="flex flex-wrap items-center gap-2">
          {list.value === undefined && !list.failure && <Spinner label={words.loading} />}
          {main !== null && <GetButton offer={main} isMain onGet$={get} />}
          {main !== null && <FitBadge verdict={main.verdict} />}
          {quick !== null && <GetButton offer={quick} onGet$={get} />}
        </div>
      )}
      <div class="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Button
          size="s"
          variant="ghost"
          class="-ml-2"
          testId="first-model-more"
          onClick$={() => goToModels(app, "get")}
        >
          {said.more}
        </Button>
        {usable.length > 0 && (
          <Button
            size="s"
            variant="ghost"
            icon="link"
            class="-ml-2"
            testId="first-model-found"
            onClick$={() => goToModels(app, "here")}
          >
            {said.found(usable.length)}
          </Button>
        )}
      </div>
      <Slot />
    </section>
  );
});

interface GetButtonProps {
  offer: Offer;
  isMain?: boolean | undefined;
  onGet$: QRL<(offer: Offer) => Promise<void>>;
}

const GetButton = component$<GetButtonProps>(({ offer, isMain, onGet$ }) => {
  const isBusy = useSignal(false);
  const { model, variant } = offer;
  const label = isMain ? said.get : said.quick;
  return (
    <Button
      variant={isMain ? "primary" : "secondary"}
      icon={isMain ? "download" : undefined}
      busy={isBusy.value}
      holdsFocus
      title={model.good_for}
      testId={isMain ? "first-model-get" : "first-model-quick"}
      onClick$={async () => {
        if (isBusy.value) return;
        isBusy.value = true;
        await onGet$(offer);
        isBusy.value = false;
      }}
    >
      {label(model.name, variant.bytes)}
    </Button>
  );
});
