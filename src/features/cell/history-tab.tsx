import { component$ } from "@builder.io/qwik";
import { Words } from "~/errors";
import { formatDateTime, formatRelativeTime } from "~/lib/format";
import { harmless } from "~/lib/harmless";
import { Badge, Button, EmptyState, Spinner } from "~/ui";
import { figuresOf, type HistoryItem, historyItems } from "./history-items";
import { goBack, openLoaded, type PanelTools } from "./panel";
import { text as words } from "./strings";
import { stateBadges } from "./value-tab";

/** Everything that happened to the cell, the latest first, and the way back to each value. */
export const HistoryTab = component$<{ tools: PanelTools }>(({ tools }) => {
  const { panel } = tools;
  if (!panel.history) {
    return (
      <div class="flex flex-1 items-center justify-center text-muted">
        {panel.isLoading && <Spinner label={words.loading} />}
      </div>
    );
  }
  const items = historyItems(panel.history);
  if (items.length === 0) {
    return <EmptyState icon="history" title={words.historyEmpty} class="flex-1" />;
  }
  return (
    <ol class="scroll-area min-h-0 flex-1 px-3 py-1" data-testid="cell-history">
      {items.map((item) => (
        <HistoryLine key={item.entry.seq} item={item} tools={tools} />
      ))}
    </ol>
  );
});

const HistoryLine = component$<{ item: HistoryItem; tools: PanelTools }>(({ item, tools }) => {
  const { entry } = item;
  const { panel, sheet } = tools;
  const figures = figuresOf(entry);
  const canWrite = openLoaded(panel, sheet) && !panel.isSaving && sheet.readOnly === null;
  return (
    <li
      class={[
        "flex flex-col gap-1 border-line border-b py-2.5 last:border-b-0",
        entry.undone && "opacity-60",
      ]}
      data-testid="cell-history-entry"
    >
      <div class="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Badge kind={stateBadges[entry.state]}>{words.state(entry.state)}</Badge>
        {item.isNow && <Badge kind="info">{words.now}</Badge>}
        {entry.undone && <Badge>{words.undone}</Badge>}
        <span class="min-w-0 flex-1 truncate text-muted" title={entry.step_name ?? ""}>
          <Words text={entry.step_name ?? words.original} />
        </span>
        <time
          class="flex-none text-muted text-sm"
          title={formatDateTime(entry.at_ms)}
          dateTime={new Date(entry.at_ms).toISOString()}
        >
          {formatRelativeTime(entry.at_ms, Date.now())}
        </time>
      </div>
      <p
        dir="auto"
        class={[
          "line-clamp-3 break-words select-text",
          item.isRemark ? "text-muted italic" : "text-normal",
          entry.undone && "line-through",
        ]}
      >
        {harmless(item.value)}
      </p>
      {(figures.length > 0 || item.canGoBack) && (
        <div class="flex min-h-6 items-center gap-2">
          <span class="flex min-w-0 flex-1 flex-wrap gap-x-2 text-faint text-sm tabular-nums">
            {figures.map((figure) => (
              <span key={figure.text} title={figure.hint}>
                {figure.text}
              </span>
            ))}
          </span>
          {item.canGoBack && (
            <Button
              size="s"
              icon="undo"
              disabled={!canWrite}
              ariaLabel={words.goBackTo(formatDateTime(entry.at_ms))}
              testId="cell-go-back"
              onClick$={() => goBack(tools, entry.seq)}
            >
              {words.goBack}
            </Button>
          )}
        </div>
      )}
      {entry.reasoning && (
        <details>
          <summary class="cursor-pointer text-muted text-sm hover:text-strong">
            {words.thinking}
          </summary>
          <p class="mt-1 break-words whitespace-pre-wrap select-text border-line border-s-2 ps-2 text-muted text-sm">
            {harmless(entry.reasoning)}
          </p>
        </details>
      )}
    </li>
  );
});
