import { component$, type QRL } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import type { AppError } from "~/ipc";
import { Button, Notice } from "~/ui";
import { words } from "./screen-strings";

const said = words.installed;

interface BusyNoticeProps {
  name: string;
  /** Whether only a link was to go. */
  isLinked?: boolean | undefined;
  failure: AppError;
  onClose$: QRL<() => void>;
}

/**
 * Why a model cannot go now, calmly: nothing happened to it. The cause is the failure's to say, which
 * may be that something has it, or that its file is not where it could be deleted.
 */
export const BusyNotice = component$<BusyNoticeProps>(({ name, isLinked, failure, onClose$ }) => (
  <Notice
    kind="info"
    class="mt-3"
    title={isLinked ? said.notUnlinked(name) : said.notDeleted(name)}
    testId="model-refused"
  >
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
