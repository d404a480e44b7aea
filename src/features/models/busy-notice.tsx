import { component$, type QRL } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import type { AppError } from "~/ipc";
import { Button, Notice } from "~/ui";
import { words } from "./screen-strings";

const said = words.installed;

interface BusyNoticeProps {
  name: string;
  failure: AppError;
  onClose$: QRL<() => void>;
}

/** Why a model cannot go now, calmly: something has it, and nothing happened to it. */
export const BusyNotice = component$<BusyNoticeProps>(({ name, failure, onClose$ }) => (
  <Notice kind="info" class="mt-3" title={said.busyTitle(name)} testId="model-refused">
    <p>
      <Words text={sentence(failure.message)} />
    </p>
    {failure.hint && (
      <p class="text-muted">
        <Words text={sentence(failure.hint)} />
      </p>
    )}
    <Button size="s" class="mt-2" testId="model-refused-close" onClick$={onClose$}>
      {said.closeNotice}
    </Button>
  </Notice>
));
