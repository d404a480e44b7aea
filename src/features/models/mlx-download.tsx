import { $, component$, type QRL, useSignal } from "@builder.io/qwik";
import { sentence, WayOutButton, Words } from "~/errors";
import type { Download } from "~/ipc";
import { Progress } from "~/ui";
import type { DownloadAction } from "./download-actions";
import { DownloadControls } from "./download-controls";
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

interface MlxDownloadButtonsProps {
  id: string;
  name: string;
  download: Download;
  /** Called when what was pressed may be gone, which had the focus. */
  onDone$: QRL<() => void>;
}

/** What can be done about the download of a model. */
export const MlxDownloadButtons = component$<MlxDownloadButtonsProps>((props) => {
  const { id, name, download, onDone$ } = props;
  const { cancel$, pause$, retry$ } = useMlxModels();
  const busy = useSignal<DownloadAction | null>(null);

  const act = $(async (action: DownloadAction) => {
    if (busy.value !== null) return;
    busy.value = action;
    if (action === "cancel") await cancel$(id);
    else await (action === "pause" ? pause$(download.id) : retry$(id));
    busy.value = null;
    await onDone$();
  });
  return (
    <DownloadControls
      download={download}
      name={name}
      busy={busy.value}
      testPrefix="mlx"
      onAct$={act}
    />
  );
});
