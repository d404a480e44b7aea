import { component$, type QRL, useContext, useSignal } from "@builder.io/qwik";
import type { AppError, Verdict } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { ModelsContext } from "~/state/models";
import { Badge, Button } from "~/ui";
import { beginDownload } from "./download-actions";
import { downloadOf, fractionOf, percentOf } from "./downloads";
import { words } from "./screen-strings";
import { stateText } from "./words";

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
  /** The model that it is here, if it is. */
  installed: string | null;
  isMain?: boolean | undefined;
  testId: string;
  /** Why it cannot be had; null when it is asked for anew. */
  onFailed$: QRL<(failure: AppError | null) => void>;
}

/** Gets one quantisation; says how far it is, or that it is here. */
export const DownloadButton = component$<DownloadButtonProps>((props) => {
  const models = useContext(ModelsContext);
  const isBusy = useSignal(false);
  const { reference, repository, label, bytes, name, verdict, onFailed$ } = props;
  if (props.installed !== null) {
    return (
      <Badge kind="success" title={props.installed} testId={`${props.testId}-installed`}>
        {said.installed}
      </Badge>
    );
  }
  const download = downloadOf(models.downloads, repository, label);
  if (download !== null) {
    const fraction = fractionOf(download);
    return (
      <span class="text-muted tabular-nums" data-testid={`${props.testId}-under-way`}>
        {stateText(download)}
        {fraction !== null && ` ${words.downloads.percent(percentOf(fraction))}`}
      </span>
    );
  }
  const isTight = verdict === "will_not_fit";
  const verb = isTight ? said.downloadAnyway : said.download;
  const size = props.isApproximate ? said.about(bytes) : formatBytes(bytes);
  return (
    <Button
      size="s"
      icon="download"
      variant={props.isMain && !isTight ? "primary" : "secondary"}
      busy={isBusy.value}
      ariaLabel={said.downloadOf(`${verb} ${size}`, name, label)}
      title={isTight ? words.fitHint.will_not_fit : undefined}
      testId={props.testId}
      onClick$={async () => {
        isBusy.value = true;
        await onFailed$(null);
        const failure = await beginDownload(models, reference, label);
        isBusy.value = false;
        if (failure !== null) await onFailed$(failure);
      }}
    >
      {`${verb} `}
      <span class="font-normal tabular-nums opacity-80">{size}</span>
    </Button>
  );
});
