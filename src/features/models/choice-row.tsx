import { $, component$, useSignal } from "@builder.io/qwik";
import { type AppError, errorOf, type HubFit, ipc, type Runtime } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { Badge, Button } from "~/ui";
import { DownloadButton } from "./download-button";
import { FitBadge } from "./fit-badge";
import { HubNotice } from "./hub-notice";
import type { ListedChoice } from "./hub-search";
import { FitFigures } from "./model-details";
import { words } from "./screen-strings";

const said = words.hub;

interface ChoiceRowProps {
  listed: ListedChoice;
  repository: string;
  /** What runs it: only the file of a GGUF model says more than its size. */
  runtime: Runtime;
  /** How it is asked for. */
  reference: string;
  /** Why nothing of the repository can be used here, if that is known. */
  problem: string | null;
}

/** One quantisation of a repository: its size, whether it fits, and the way to get it. */
export const ChoiceRow = component$<ChoiceRowProps>((props) => {
  const { listed, repository, runtime, reference } = props;
  const { choice, isSuggested, isWanted } = listed;
  const failure = useSignal<AppError | null>(null);
  /** Whether what failed was the download, and not the look at the file. */
  const isDownload = useSignal(false);
  const fit = useSignal<HubFit | null>(null);
  const isChecking = useSignal(false);
  const verdict = fit.value?.verdict ?? listed.verdict;
  const problem = fit.value?.problem ?? props.problem;

  const check = $(async () => {
    isChecking.value = true;
    failure.value = null;
    try {
      fit.value = await ipc.hubFit(reference, choice.label);
    } catch (thrown) {
      isDownload.value = false;
      failure.value = errorOf(thrown);
    } finally {
      isChecking.value = false;
    }
  });
  return (
    <li
      class={[
        "-mx-4 border-line border-b px-4 py-2 last:border-b-0",
        isWanted ? "bg-selected" : "",
      ]}
      data-testid="hub-choice"
      data-label={choice.label}
    >
      <div class="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
        <span class="min-w-20 font-medium text-strong">{choice.label}</span>
        <span class="w-20 text-muted tabular-nums">{formatBytes(choice.bytes)}</span>
        {verdict !== null && <FitBadge verdict={verdict} reason={fit.value?.reason} />}
        {isSuggested && verdict !== "will_not_fit" && (
          <Badge kind="info" testId="hub-suggested">
            {said.suggested}
          </Badge>
        )}
        {choice.files.length > 1 && (
          <span class="text-muted text-sm">{said.files(choice.files.length)}</span>
        )}
        <span class="ml-auto flex flex-none items-center gap-2">
          {runtime === "gguf" && fit.value === null && (
            <Button
              size="s"
              variant="ghost"
              icon="gauge"
              busy={isChecking.value}
              ariaLabel={said.checkOf(choice.label)}
              title={said.checkHint}
              testId="hub-check"
              onClick$={check}
            >
              {said.check}
            </Button>
          )}
          <DownloadButton
            reference={reference}
            repository={repository}
            label={choice.label}
            bytes={choice.bytes}
            name={repository}
            verdict={verdict}
            isUnknown={problem !== null}
            installed={listed.installed}
            isMain={listed.isMain}
            testId="hub-download"
            onFailed$={$((told: AppError | null) => {
              isDownload.value = true;
              failure.value = told;
            })}
          />
        </span>
      </div>
      {failure.value !== null && (
        <HubNotice
          failure={failure.value}
          wish={isDownload.value ? "download" : "show"}
          class="mt-2"
          testId="hub-choice-failed"
        />
      )}
      {fit.value !== null && (
        <div class="mt-2 rounded-md bg-panel px-3 py-2">
          {fit.value.problem !== null && (
            <p class="mb-1 select-text text-error" data-testid="hub-check-problem">
              {fit.value.problem}
            </p>
          )}
          <FitFigures fit={fit.value} />
        </div>
      )}
    </li>
  );
});
