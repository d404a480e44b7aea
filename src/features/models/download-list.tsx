import { component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { ModelsContext } from "~/state/models";
import { DownloadRow } from "./download-row";
import { underWay } from "./downloads";
import { Panel } from "./panel";
import { words } from "./screen-strings";

/** A countdown is said anew this often. */
const CLOCK_MS = 1000;

interface DownloadsProps {
  /** The models whose downloads are shown elsewhere at the same time. */
  except?: readonly string[] | undefined;
}

/** The models on their way; nothing at all while there are none. */
export const DownloadList = component$<DownloadsProps>(({ except = [] }) => {
  const models = useContext(ModelsContext);
  const shown = underWay(models.downloads).filter(({ name }) => !except.includes(name));
  if (shown.length === 0) return null;
  return (
    <Panel title={words.downloads.title} testId="downloads">
      <DownloadRows except={except} />
    </Panel>
  );
});

/** The same without a frame. */
export const DownloadRows = component$<DownloadsProps>(({ except = [] }) => {
  const models = useContext(ModelsContext);
  const now = useSignal(Date.now());

  useTask$(({ track, cleanup }) => {
    const isCounting = track(() => models.downloads.some(({ state }) => state === "waiting"));
    if (!isCounting) return;
    now.value = Date.now();
    const timer = setInterval(() => {
      now.value = Date.now();
    }, CLOCK_MS);
    cleanup(() => clearInterval(timer));
  });

  return (
    <ul aria-label={words.downloads.title}>
      {underWay(models.downloads)
        .filter(({ name }) => !except.includes(name))
        .map((download) => (
          <DownloadRow key={download.id} download={download} now={now.value} />
        ))}
    </ul>
  );
});
