import { $, component$, type QRL, useContext, useSignal } from "@builder.io/qwik";
import { sentence, WayOutButton, Words } from "~/errors";
import type { Download } from "~/ipc";
import { ModelsContext } from "~/state/models";
import { ConfirmDialog, IconButton, Progress } from "~/ui";
import { ASKED_FROM_BYTES } from "./download-actions";
import { fractionOf, isActive } from "./downloads";
import { hubTrouble } from "./hub-failure";
import { words } from "./screen-strings";
import { useMlxModels } from "./use-mlx-models";
import { figuresText } from "./words";

const said = words.downloads;

/** How far the download of a model is, and why it stopped. */
export const MlxProgress = component$<{ download: Download; name: string }>((props) => {
  const { download, name } = props;
  const { state } = download;
  const error = state === "failed" || state === "waiting" ? download.error : null;
  const wayOut = state === "failed" && error !== null ? hubTrouble(error).wayOut : null;
  return (
    <div class="mt-1.5 flex flex-col gap-1">
      <Progress
        value={state === "queued" && download.bytes_done === 0 ? 0 : fractionOf(download)}
        label={said.progress(name)}
        class={isActive(download) ? "" : "opacity-60"}
        testId="mlx-progress"
      />
      <p class="text-muted text-sm tabular-nums">
        {/* A countdown would be read anew each second; the word for it is above. */}
        {figuresText({ ...download, retry_at_ms: null }, 0)}
      </p>
      {error !== null && (
        <p
          class={[
            "select-text break-words text-sm",
            state === "failed" ? "text-error" : "text-muted",
          ]}
          data-testid="mlx-error"
        >
          <Words
            text={[error.message, error.hint ?? ""].filter(Boolean).map(sentence).join(". ")}
          />
        </p>
      )}
      {wayOut !== null && <WayOutButton wayOut={wayOut} class="self-start" />}
    </div>
  );
});

type Wish = "pause" | "retry" | "cancel";

interface MlxDownloadButtonsProps {
  id: string;
  name: string;
  download: Download;
  /** Called when what was pressed may be gone, which had the focus. */
  onDone$: QRL<() => void>;
}

/** What can be done about the download of a model: pause it, try it again, give it up. */
export const MlxDownloadButtons = component$<MlxDownloadButtonsProps>((props) => {
  const { id, name, download, onDone$ } = props;
  const models = useContext(ModelsContext);
  const { cancel$, pause$, retry$ } = useMlxModels();
  const isAsking = useSignal(false);
  const busy = useSignal<Wish | null>(null);
  const { state, bytes_done } = download;

  const act = $(async (what: Wish) => {
    if (busy.value !== null) return;
    busy.value = what;
    if (what === "cancel") await cancel$(id);
    else await (what === "pause" ? pause$(download.id) : retry$(id));
    busy.value = null;
    await onDone$();
  });
  // One button in one place, so that the focus stays on it while it changes what it does.
  const isGoing = isActive(download);
  const toggle: Wish = isGoing ? "pause" : "retry";
  const toggleLabel = isGoing ? said.pause : state === "failed" ? said.retry : said.resume;
  return (
    <>
      {state === "waiting" && (
        <IconButton
          key="now"
          icon="retry"
          size="s"
          label={said.act(said.retryNow, name)}
          busy={busy.value === "retry"}
          holdsFocus
          testId="mlx-retry"
          onClick$={() => act("retry")}
        />
      )}
      <IconButton
        key="toggle"
        icon={isGoing ? "pause" : state === "failed" ? "retry" : "play"}
        size="s"
        label={said.act(toggleLabel, name)}
        busy={busy.value === toggle}
        holdsFocus
        testId={`mlx-${toggle}`}
        onClick$={() => act(toggle)}
      />
      <IconButton
        key="cancel"
        icon="x"
        size="s"
        label={said.act(said.cancel, name)}
        busy={busy.value === "cancel"}
        holdsFocus
        testId="mlx-cancel"
        onClick$={() => {
          const found = models.downloads.find((one) => one.id === download.id);
          if ((found ?? download).bytes_done >= ASKED_FROM_BYTES) isAsking.value = true;
          else return act("cancel");
        }}
      />
      <ConfirmDialog
        open={isAsking.value}
        title={said.cancelTitle(name)}
        body={said.cancelBody(bytes_done)}
        confirm={said.cancel}
        danger
        onConfirm$={async () => {
          isAsking.value = false;
          await act("cancel");
        }}
        onClose$={() => {
          isAsking.value = false;
        }}
        testId="mlx-cancel-dialog"
      />
    </>
  );
});
