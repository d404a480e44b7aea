import { $, component$, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import {
  type AppError,
  type Bin,
  type Column,
  type ColumnStats,
  failureOf,
  ipc,
  type Selection,
  type Value,
} from "~/ipc";
import { formatCount, formatNumber, formatPercent, valueText } from "~/lib/format";
import { Dialog, SegmentedControl, Spinner } from "~/ui";
import { short } from "./condition-text";
import { withCondition } from "./conditions";
import { stateCounts } from "./status-text";
import { text } from "./strings";
import { useSheetTools } from "./tools";

const bins = 20;
const top = 10;

/** The figures of a column: how full it is, what it holds, how that is spread. */
export const StatsDialog = component$<{ column: Column }>(({ column }) => {
  const { sheet, ui } = useSheetTools();
  const { id } = column;
  const ofShown = useSignal(sheet.filter !== null);
  const stats = useSignal<ColumnStats | null>(null);
  const failure = useStore<{ error: AppError | null }>({ error: null });

  useTask$(({ track, cleanup }) => {
    const filter = track(ofShown) ? sheet.filter : null;
    let left = false;
    cleanup(() => {
      left = true;
    });
    failure.error = null;
    async function count(): Promise<void> {
      try {
        const selection: Selection = filter === null ? { rows: "all" } : { rows: "where", filter };
        const found = await ipc.columnStats(sheet.info.id, id, selection, bins, top);
        if (!left) stats.value = found;
      } catch (thrown) {
        const { code, message, hint } = failureOf(thrown);
        if (!left) failure.error = { code, message, hint };
      }
    }
    // Not awaited: nothing is painted while a task is waited for.
    void count();
  });

  const close = $(() => {
    ui.dialog = null;
  });
  const filterBy = $((value: Value) => {
    ui.dialog = null;
    const test = { test: "one_of" as const, values: [value] };
    sheet.filter = withCondition(sheet.filter, { column: id, test, negated: false });
  });
  const found = stats.value;
  return (
    <Dialog
      open
      width="m"
      title={text.column.statsTitle(column.name)}
      onClose$={close}
      testId="column-stats"
    >
      {sheet.filter !== null && (
        <SegmentedControl
          label={text.column.statsTitle(column.name)}
          hideLabel
          value={ofShown.value ? "shown" : "all"}
          options={[
            { value: "shown", label: text.column.ofShown },
            { value: "all", label: text.column.ofAll },
          ]}
          onChange$={(value: string) => {
            ofShown.value = value === "shown";
          }}
          class="mb-3"
        />
      )}
      {failure.error && <FailureNotice failure={failure.error} />}
      {found === null && failure.error === null && <Spinner label={text.column.counting} />}
      {found !== null && (
        <div class="flex flex-col gap-4 select-text">
          <Figures stats={found} />
          {column.kind.kind === "ai" && <States stats={found} />}
          <Histogram title={text.column.histogram} bins={found.histogram} />
          <Histogram title={text.column.confidences} bins={found.confidences} isShare />
          {found.top.length > 0 && (
            <section>
              <h3 class="mb-1 text-sm font-medium text-muted">{text.column.top}</h3>
              <ul class="flex flex-col">
                {found.top.map(({ value, count }) => (
                  <li key={JSON.stringify(value)}>
                    <button
                      type="button"
                      class="relative flex w-full items-center gap-2 rounded-md px-2 py-0.5 text-left hover:bg-hover"
                      aria-label={text.column.filterBy(short(valueText(value)))}
                      onClick$={() => filterBy(value)}
                    >
                      <span
                        class="absolute inset-y-0.5 left-0 rounded-sm bg-accent-soft"
                        style={{
                          width: `${(count / Math.max(1, found.top[0]?.count ?? 1)) * 100}%`,
                        }}
                        aria-hidden="true"
                      />
                      <span class="relative min-w-0 flex-1 truncate">
                        {value === null || value === ""
                          ? text.filter.emptyValue
                          : short(valueText(value), 80)}
                      </span>
                      <span class="relative text-sm text-muted tabular-nums">
                        {formatCount(count)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      )}
    </Dialog>
  );
});

const Figures = component$<{ stats: ColumnStats }>(({ stats }) => {
  const rows: [string, string][] = [
    [text.column.rows, formatCount(stats.rows)],
    [text.column.empty, `${formatCount(stats.empty)} (${formatPercent(share(stats))})`],
    [text.column.distinct, formatCount(stats.distinct)],
  ];
  if (stats.least !== null) rows.push([text.column.least, shown(stats.least)]);
  if (stats.greatest !== null) rows.push([text.column.greatest, shown(stats.greatest)]);
  if (stats.numbers) {
    const { sum, mean, median, deviation } = stats.numbers;
    rows.push([text.column.sum, formatNumber(sum)]);
    rows.push([text.column.mean, formatNumber(mean)]);
    rows.push([text.column.median, formatNumber(median)]);
    if (deviation !== null) rows.push([text.column.deviation, formatNumber(deviation)]);
  }
  if (stats.lengths) {
    const { least, greatest, mean } = stats.lengths;
    rows.push([
      text.column.lengths,
      text.column.lengthRange(formatCount(least), formatCount(greatest), formatNumber(mean)),
    ]);
  }
  return (
    <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
      {rows.map(([name, value]) => (
        <>
          <dt class="text-muted">{name}</dt>
          <dd class="min-w-0 truncate text-strong tabular-nums">{value}</dd>
        </>
      ))}
    </dl>
  );
});

function share(stats: ColumnStats): number {
  return stats.rows === 0 ? 0 : stats.empty / stats.rows;
}

function shown(value: Value): string {
  return typeof value === "number" ? formatNumber(value) : short(valueText(value), 80);
}

function limit(value: Value, isShare: boolean | undefined): string {
  return isShare && typeof value === "number" ? formatPercent(value) : shown(value);
}

const States = component$<{ stats: ColumnStats }>(({ stats }) => (
  <section>
    <h3 class="mb-1 text-sm font-medium text-muted">{text.column.statesOf}</h3>
    <p>
      {stateCounts(stats.states)
        .map(({ state, count }) => `${formatCount(count)} ${text.states[state]}`)
        .join(" · ")}
    </p>
  </section>
));

const Histogram = component$<{ title: string; bins: Bin[]; isShare?: boolean }>(
  ({ title, bins, isShare }) => {
    const most = bins.reduce((highest, bin) => Math.max(highest, bin.count), 0);
    const [first, last] = [bins[0], bins.at(-1)];
    if (!first || !last || most === 0) return null;
    return (
      <section>
        <h3 class="mb-1 text-sm font-medium text-muted">{title}</h3>
        <ol class="flex h-20 items-end gap-px border-b border-line">
          {bins.map((bin, index) => (
            <li
              key={index}
              class="flex h-full flex-1 items-end"
              title={text.column.bin(
                limit(bin.from, isShare),
                limit(bin.to, isShare),
                formatCount(bin.count),
              )}
            >
              <span
                class="block w-full rounded-t-sm bg-accent"
                style={{ height: bin.count === 0 ? "0" : `max(1px, ${(bin.count / most) * 100}%)` }}
              />
              <span class="sr-only">
                {text.column.bin(
                  limit(bin.from, isShare),
                  limit(bin.to, isShare),
                  formatCount(bin.count),
                )}
              </span>
            </li>
          ))}
        </ol>
        <p class="mt-0.5 flex justify-between text-sm text-faint tabular-nums">
          <span>{limit(first.from, isShare)}</span>
          <span>{limit(last.to, isShare)}</span>
        </p>
      </section>
    );
  },
);
