import { $, component$, useContext, useSignal } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import type { Download } from "~/ipc";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, ConfirmDialog, Icon, IconButton, Progress, Spinner } from "~/ui";
import { actOn, type DownloadAction } from "./download-actions";
import { fractionOf, isActive } from "./downloads";
import { words } from "./screen-strings";
import { figuresText, stateText, titleOf } from "./words";

const said = words.downloads;

/** Below this nothing is lost that is worth a question. */
const ASKED_FROM_BYTES = 20_000_000;

/** One model on its way: how far it is, and what can be done about it. */
export const DownloadRow = component$<{ download: Download; now: number }>(({ download, now }) => {
  const name = titleOf(download);
  const error = download.state === "failed" || download.state === "waiting" ? download.error : null;
  return (
    <li
      class="flex flex-col gap-1 border-line border-b py-2.5 last:border-b-0"
      data-testid="download"
      data-state={download.state}
    >
      <div class="flex min-h-6 items-center gap-2">
        <StateIcon state={download.state} />
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
        value={download.state === "queued" && download.bytes_done === 0 ? 0 : fractionOf(download)}
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
            download.state === "failed" ? "text-error" : "text-muted",
          ]}
          data-testid="download-error"
        >
          <Words
            text={[error.message, error.hint ?? ""].filter(Boolean).map(sentence).join(". ")}
          />
        </p>
      )}
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
  const isAsking = useSignal(false);
  const busy = useSignal<DownloadAction | null>(null);
  const { state } = download;

  const act = $(async (action: DownloadAction) => {
    busy.value = action;
    await actOn(action, download, models, toasts);
    busy.value = null;
  });
  const resume =
    state === "failed" ? said.retry : state === "waiting" ? said.retryNow : said.resume;
  const canResume = state === "failed" || state === "paused" || state === "waiting";
  return (
    <span class="flex flex-none items-center">
      {canResume && (
        <IconButton
          icon={state === "paused" ? "play" : "retry"}
          size="s"
          label={said.act(resume, name)}
          busy={busy.value === "resume"}
          testId="download-resume"
          onClick$={() => act("resume")}
        />
      )}
      {isActive(download) && (
        <IconButton
          icon="pause"
          size="s"
          label={said.act(said.pause, name)}
          busy={busy.value === "pause"}
          testId="download-pause"
          onClick$={() => act("pause")}
        />
      )}
      <IconButton
        icon="x"
        size="s"
        label={said.act(said.cancel, name)}
        busy={busy.value === "cancel"}
        testId="download-cancel"
        onClick$={() => {
          if (download.bytes_done >= ASKED_FROM_BYTES) isAsking.value = true;
          else return act("cancel");
        }}
      />
      <ConfirmDialog
        open={isAsking.value}
        title={said.cancelTitle(name)}
        body={said.cancelBody(download.bytes_done)}
        confirm={said.cancel}
        danger
        onConfirm$={async () => {
          isAsking.value = false;
          await act("cancel");
        }}
        onClose$={() => {
          isAsking.value = false;
        }}
        testId="download-cancel-dialog"
      />
    </span>
  );
});
