import { component$, type QRL, useContext, useSignal } from "@builder.io/qwik";
import type { Download } from "~/ipc";
import { ModelsContext } from "~/state/models";
import { ConfirmDialog, IconButton } from "~/ui";
import { ASKED_FROM_BYTES, type DownloadAction } from "./download-actions";
import { isActive } from "./downloads";
import { words } from "./screen-strings";

const said = words.downloads;

interface DownloadControlsProps {
  download: Download;
  name: string;
  /** What is being done about it. */
  busy: DownloadAction | null;
  /** What the names of the buttons begin with, for tests. */
  testPrefix: string;
  onAct$: QRL<(action: DownloadAction) => void>;
}

/** What can be done about a download: pause it, go on with it or try it again, give it up. */
export const DownloadControls = component$<DownloadControlsProps>((props) => {
  const { download, name, busy, testPrefix, onAct$ } = props;
  const models = useContext(ModelsContext);
  const isAsking = useSignal(false);
  const { state, bytes_done } = download;
  // One button in one place, so that the focus stays on it while it changes what it does.
  const isGoing = isActive(download);
  const toggle: DownloadAction = isGoing ? "pause" : "resume";
  const toggleLabel = isGoing ? said.pause : state === "failed" ? said.retry : said.resume;
  return (
    <>
      {state === "waiting" && (
        <IconButton
          key="now"
          icon="retry"
          size="s"
          label={said.act(said.retryNow, name)}
          busy={busy === "resume"}
          holdsFocus
          testId={`${testPrefix}-resume`}
          onClick$={() => onAct$("resume")}
        />
      )}
      <IconButton
        key="toggle"
        icon={isGoing ? "pause" : state === "failed" ? "retry" : "play"}
        size="s"
        label={said.act(toggleLabel, name)}
        busy={busy === toggle}
        holdsFocus
        testId={`${testPrefix}-${toggle}`}
        onClick$={() => onAct$(toggle)}
      />
      <IconButton
        key="cancel"
        icon="x"
        size="s"
        label={said.act(said.cancel, name)}
        busy={busy === "cancel"}
        holdsFocus
        testId={`${testPrefix}-cancel`}
        onClick$={() => {
          // What is shown may be some seconds old.
          const now = models.downloads.find((one) => one.id === download.id) ?? download;
          if (now.bytes_done >= ASKED_FROM_BYTES) isAsking.value = true;
          else return onAct$("cancel");
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
          await onAct$("cancel");
        }}
        onClose$={() => {
          isAsking.value = false;
        }}
        testId={`${testPrefix}-cancel-dialog`}
      />
    </>
  );
});
