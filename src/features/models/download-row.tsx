import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { sentence, WayOutButton, Words } from "~/errors";
import type { Download } from "~/ipc";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Icon, Progress, Spinner } from "~/ui";
import { actOn, type DownloadAction } from "./download-actions";
import { DownloadControls } from "./download-controls";
import { fractionOf, isActive, neighbourIn, underWay } from "./downloads";
import { focusWhenLost } from "./focus";
import { hubTrouble } from "./hub-failure";
import { words } from "./screen-strings";
import { figuresText, stateText, titleOf } from "./words";

const said = words.downloads;

/** One model on its way: how far it is, and what can be done about it. */
export const DownloadRow = component$<{ download: Download; now: number }>(({ download, now }) => {
  const name = titleOf(download);
  const { state } = download;
  const error = state === "failed" || state === "waiting" ? download.error : null;
  const wayOut = state === "failed" && error !== null ? hubTrouble(error, "download").wayOut : null;
  return (
    <li
      class="flex flex-col gap-1 border-line border-b py-2.5 last:border-b-0"
      data-testid="download"
      data-download={download.id}
      data-state={state}
    >
      <div class="flex min-h-6 items-center gap-2">
        <StateIcon state={state} />
        <span class="min-w-0 truncate font-medium text-strong" title={download.name}>
          <bdi>{name}</bdi>
        </span>
        {download.label !== null && !name.includes(download.label) && (
          <Badge>{download.label}</Badge>
        )}
        {/* Read aloud when it changes; the figures below, which always change, are not. */}
        <span role="status" class="ml-auto flex-none text-muted" data-testid="download-state">
          {stateText(download)}
        </span>
        <DownloadButtons download={download} name={name} />
      </div>
      <Progress
        value={state === "queued" && download.bytes_done === 0 ? 0 : fractionOf(download)}
        label={said.progress(name)}
        class={isActive(download) ? "" : "opacity-60"}
        testId="download-progress"
      />
      <p class="text-muted text-sm tabular-nums" data-testid="download-figures">
        {figuresText(download, now)}
      </p>
      {error !== null && (
        <p
          class={[
            "select-text break-words text-sm",
            state === "failed" ? "text-error" : "text-muted",
          ]}
          data-testid="download-error"
        >
          <Words
            text={[error.message, error.hint ?? ""].filter(Boolean).map(sentence).join(". ")}
          />
        </p>
      )}
      {wayOut !== null && <WayOutButton wayOut={wayOut} class="self-start" />}
    </li>
  );
});

const StateIcon = component$<Pick<Download, "state">>(({ state }) => {
  if (state === "running" || state === "verifying") {
    return <Spinner label="" class="flex-none text-accent" />;
  }
  const icon = state === "failed" ? "warning" : state === "paused" ? "pause" : "clock";
  const colour = state === "failed" ? "text-error" : "text-muted";
  return <Icon name={icon} class={`flex-none ${colour}`} />;
});

const DownloadButtons = component$<{ download: Download; name: string }>(({ download, name }) => {
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const busy = useSignal<DownloadAction | null>(null);
  const { id, state } = download;

  const act = $(async (action: DownloadAction) => {
    if (busy.value !== null) return;
    const next = neighbourIn(underWay(models.downloads), id);
    busy.value = action;
    await actOn(action, download, models, toasts);
    busy.value = null;
    const isGone = !underWay(models.downloads).some((one) => one.id === id);
    if (isGone)
      focusWhenLost(
        () => lineOf(id) === null,
        () => buttonOf(next) ?? heading(),
      );
    // One of the buttons is there in one state only.
    else
      focusWhenLost(
        () => lineOf(id)?.dataset.state !== state,
        () => buttonOf(id),
      );
  });
  return (
    <span class="flex flex-none items-center">
      <DownloadControls
        download={download}
        name={name}
        busy={busy.value}
        testPrefix="download"
        onAct$={act}
      />
    </span>
  );
});

/** The line of a download, where there is one. */
function lineOf(id: number | null): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-download="${id}"]`);
}

function buttonOf(id: number | null): HTMLElement | null {
  return lineOf(id)?.querySelector<HTMLElement>("button") ?? null;
}

/** The heading of the downloads, else of what moved up in their place. */
function heading(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-heading]");
}
