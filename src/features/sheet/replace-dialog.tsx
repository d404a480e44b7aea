import { $, component$, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { type AppError, failureOf, type Replacement } from "~/ipc";
import { formatCount } from "~/lib/format";
import { Spinner } from "~/ui";
import { AskDialog } from "./ask-dialog";
import { short } from "./condition-text";
import { previewAll, replaceAll } from "./find";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** Shows what replacing all would change, and does it. */
export const ReplaceDialog = component$(() => {
  const tools = useSheetTools();
  const { ui } = tools;
  const preview = useStore<{ cells: Replacement[] | null; more: boolean }>({
    cells: null,
    more: false,
  });
  const failure = useStore<{ error: AppError | null }>({ error: null });
  const busy = useSignal(false);

  useTask$(({ cleanup }) => {
    let left = false;
    cleanup(() => {
      left = true;
    });
    async function read(): Promise<void> {
      try {
        const found = await previewAll(tools);
        if (left) return;
        preview.more = found.more;
        preview.cells = found.cells;
      } catch (thrown) {
        const { code, message, hint } = failureOf(thrown);
        if (!left) failure.error = { code, message, hint };
      }
    }
    // Not awaited: nothing is painted while a task is waited for.
    void read();
  });

  const replace = $(async () => {
    busy.value = true;
    try {
      await replaceAll(tools);
      ui.dialog = null;
    } catch (thrown) {
      const { code, message, hint } = failureOf(thrown);
      failure.error = { code, message, hint };
    } finally {
      busy.value = false;
    }
  });

  const cells = preview.cells;
  const count = text.cells(cells?.length ?? 0);
  return (
    <AskDialog
      width="l"
      title={text.find.replaceTitle}
      confirm={text.find.confirm}
      busy={busy}
      disabled={cells === null || cells.length === 0}
      onConfirm$={replace}
      testId="replace-dialog"
      confirmTestId="replace-confirm"
    >
      {failure.error && <FailureNotice failure={failure.error} class="mb-3" />}
      {cells === null && failure.error === null && <Spinner label={text.find.lookingFor} />}
      {cells !== null && (
        <p class="mb-3 font-medium text-strong" data-testid="replace-count">
          {cells.length === 0
            ? text.find.replaceNothing
            : preview.more
              ? text.find.replaceAtLeast(count)
              : text.find.replaceCount(count)}
        </p>
      )}
      {cells !== null && cells.length > 0 && (
        <section
          class="scroll-area max-h-80 rounded-md border border-line"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
          tabIndex={0}
          aria-label={text.find.replaceTitle}
        >
          <table class="w-full table-fixed text-left select-text">
            <thead class="sticky top-0 bg-panel text-sm text-muted">
              <tr>
                <th class="px-2 py-1 font-medium">{text.find.before}</th>
                <th class="px-2 py-1 font-medium">{text.find.after}</th>
              </tr>
            </thead>
            <tbody>
              {cells.map((cell) => (
                <tr key={`${cell.row} ${cell.column}`} class="border-t border-line">
                  <td class="truncate px-2 py-1">{short(cell.before, 120)}</td>
                  <td class="truncate px-2 py-1 text-strong">{short(cell.after, 120)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {preview.more && cells && (
        <p class="mt-2 text-sm text-muted">{text.find.shown(formatCount(cells.length))}</p>
      )}
    </AskDialog>
  );
});
