import { component$, type QRL } from "@builder.io/qwik";
import { sentence, WayOutButton, Words } from "~/errors";
import type { AppError } from "~/ipc";
import { Button, Notice } from "~/ui";
import { type HubWish, hubTrouble } from "./hub-failure";
import { words } from "./screen-strings";

interface HubNoticeProps {
  failure: AppError;
  /** What was asked for. */
  wish?: HubWish | undefined;
  onAgain$?: QRL<() => void> | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** Why the hub did not answer as wished, calmly: what works without it, and what to do. */
export const HubNotice = component$<HubNoticeProps>((props) => {
  const { failure, wish, onAgain$, testId, class: own } = props;
  const { severity, title, body, wayOut, isPassing } = hubTrouble(failure, wish);
  const kind = severity === "silent" ? "info" : severity;
  return (
    <Notice kind={kind} title={title} testId={testId ?? "hub-failure"} class={own}>
      {body !== null && <p>{body}</p>}
      <p class={body === null ? "" : "mt-0.5 text-muted"}>
        <Words text={sentence(failure.message)} />
      </p>
      {failure.hint && body === null && (
        <p class="mt-0.5 text-muted">
          <Words text={sentence(failure.hint)} />
        </p>
      )}
      <div class="mt-2 flex flex-wrap gap-2 empty:hidden">
        {isPassing && onAgain$ && (
          <Button size="s" icon="retry" onClick$={onAgain$} testId="hub-again">
            {words.again}
          </Button>
        )}
        {wayOut !== null && <WayOutButton wayOut={wayOut} />}
      </div>
    </Notice>
  );
});
