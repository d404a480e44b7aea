import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import {
  type AppError,
  type ColumnId,
  failureOf,
  ipc,
  type OpenedSheet,
  type SheetId,
} from "~/ipc";
import { AppContext, goHome } from "~/state/app";
import { Button, Spinner } from "~/ui";
import { fittingWidths } from "./fitting-widths";
import { OpenSheet } from "./open-sheet";
import { text } from "./strings";

/** Opening is as a rule quicker than this; a spinner that flickers says nothing. */
const spinnerAfterMs = 250;

/** One sheet with everything around it. */
export const SheetScreen = component$<{ sheet: SheetId }>(({ sheet }) => {
  const app = useContext(AppContext);
  const opened = useSignal<OpenedSheet>();
  const fittingPx = useSignal<Record<ColumnId, number>>({});
  const failure = useSignal<AppError>();
  const slow = useSignal(false);
  const tries = useSignal(0);

  useTask$(({ track, cleanup }) => {
    track(tries);
    let left = false;
    const timer = setTimeout(() => {
      slow.value = true;
    }, spinnerAfterMs);
    cleanup(() => {
      left = true;
      clearTimeout(timer);
    });
    failure.value = undefined;
    slow.value = false;
    async function open(): Promise<void> {
      try {
        const answer = await ipc.openSheet(sheet);
        const widths = await fittingWidths(answer);
        if (left) return;
        fittingPx.value = widths;
        opened.value = answer;
      } catch (thrown) {
        const { code, message, hint } = failureOf(thrown);
        if (!left) failure.value = { code, message, hint };
      } finally {
        clearTimeout(timer);
      }
    }
    // Not awaited: nothing is painted while a task is waited for.
    void open();
  });

  const again = $(() => {
    opened.value = undefined;
    tries.value += 1;
  });

  if (opened.value)
    return (
      <OpenSheet
        key={tries.value}
        opened={opened.value}
        fittingPx={fittingPx.value}
        onReopen$={again}
      />
    );
  if (failure.value) {
    return (
      <div
        class="flex h-full flex-col items-center justify-center gap-4 p-8"
        data-testid="sheet-failed"
      >
        <div class="w-full max-w-lg">
          <h1 class="mb-2 text-lg font-semibold text-strong">{text.screen.failed}</h1>
          <FailureNotice failure={failure.value} />
        </div>
        <div class="flex gap-2">
          <Button icon="home" onClick$={() => goHome(app)} testId="sheet-back">
            {text.screen.back}
          </Button>
          <Button variant="primary" icon="retry" onClick$={again}>
            {text.screen.again}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div class="flex h-full items-center justify-center" data-testid="sheet-loading">
      {slow.value && <Spinner label={text.screen.loading} />}
    </div>
  );
});
