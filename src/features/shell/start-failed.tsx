import { component$, type QRL } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import type { AppError } from "~/ipc";
import { Button } from "~/ui";
import { Mark } from "./mark";
import { text } from "./strings";

export interface StartFailedProps {
  failure: Pick<AppError, "code" | "message" | "hint">;
  onRetry$: QRL<() => void>;
}

/** What is shown instead of the window when the Rust side did not come up. */
export const StartFailed = component$<StartFailedProps>(({ failure, onRetry$ }) => (
  <main class="flex h-full items-center justify-center p-8" data-testid="shell-start-failed">
    <div class="flex w-[min(480px,100%)] flex-col gap-4">
      <Mark size={40} />
      <h1 class="text-2xl font-semibold text-strong">{text.startFailed}</h1>
      <FailureNotice failure={failure} />
      <Button variant="primary" icon="retry" class="self-start" onClick$={onRetry$}>
        {text.retry}
      </Button>
    </div>
  </main>
));
