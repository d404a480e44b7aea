import { component$, type QRL, useContext, useSignal } from "@builder.io/qwik";
import type { AppError, Verdict } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Button } from "~/ui";
import { beginDownload } from "./download-actions";
import { downloadOf } from "./downloads";
import { focusWhenLost } from "./focus";
import { words } from "./screen-strings";
import { underWayText } from "./words";

const said = words.recommended;

interface DownloadButtonProps {
  /** A repository, or the id of a recommended model. */
  reference: string;
  repository: string;
  label: string;
  bytes: number;
  isApproximate?: boolean | undefined;
  /** What it is a download of, for those who do not see the line. */
  name: string;
  verdict: Verdict | null;
  /** Whether this version cannot load it, as far as is known. */
  isUnknown?: boolean | undefined;
  /** The model that it is here, if it is. */
  installed: string | null;
  isMain?: boolean | undefined;
  testId: string;
  /** Why it cannot be had; null when it is asked for anew. */
  onFailed$: QRL<(failure: AppError | null) => void>;
}

/**
 * Gets one quantisation; says how far it is, or that it is here. The focus of the button stays in
 * its place.
 */
export const DownloadButton = component$<DownloadButtonProps>((props) => {
  const models = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const place = useSignal<HTMLElement>();
  const isBusy = useSignal(false);
  const { reference, repository, label, bytes, name, verdict, installed, testId, onFailed$ } =
    props;
  const download = downloadOf(models.downloads, repository, label);
  const isTight = verdict === "will_not_fit";
  const isUnknown = props.isUnknown ?? false;
  const isAnyway = isTight || isUnknown;
  const verb = isAnyway ? said.downloadAnyway : said.download;
  const size = props.isApproximate ? said.about(bytes) : formatBytes(bytes);
  return (
    <span
      ref={place}
      tabIndex={-1}
      class="inline-flex rounded-md outline-none focus-visible:ring-2 focus-visible:ring-accent"
    >
      {installed !== null ? (
        <Badge kind="success" title={installed} testId={`${testId}-installed`}>
          {said.installed}
        </Badge>
      ) : download !== null ? (
        <span class="text-muted tabular-nums" data-testid={`${testId}-under-way`}>
          {underWayText(download)}
        </span>
      ) : (
        <Button
          size="s"
          icon="download"
          variant={props.isMain && !isAnyway ? "primary" : "secondary"}
          busy={isBusy.value}
          holdsFocus
          ariaLabel={said.downloadOf(`${verb} ${size}`, name, label)}
          title={isUnknown ? said.unknownHint : isTight ? words.fitHint.will_not_fit : undefined}
          testId={testId}
          onClick$={async () => {
            if (isBusy.value) return;
            isBusy.value = true;
            await onFailed$(null);
            const failure = await beginDownload(models, toasts, reference, label, isUnknown);
            isBusy.value = false;
            if (failure !== null) return onFailed$(failure);
            focusWhenLost(
              () => place.value?.querySelector("button") === null,
              () => place.value,
            );
          }}
        >
          {`${verb} `}
          <span class="font-normal tabular-nums opacity-80">{size}</span>
        </Button>
      )}
    </span>
  );
});
