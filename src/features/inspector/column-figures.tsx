import { $, component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { sentence } from "~/errors";
import { type ColumnId, type ColumnStats, failureOf, ipc, type Selection } from "~/ipc";
import { formatCount, formatNumber, formatPercent, valueText } from "~/lib/format";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { Button, Notice, SegmentedControl } from "~/ui";
import { Bars } from "./bars";
import { plain } from "./draft";
import { text } from "./strings";

const BINS = 24;
const TOP = 8;

/** What is in a column, in figures: of all rows, or of those in the filter. */
export const ColumnFigures = component$<{ column: ColumnId }>((props) => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const stats = useSignal<ColumnStats | null>(null);
  const failure = useSignal<string | null>(null);
  const about = useSignal<"all" | "filtered">("all");
  const again = useSignal(0);

  useTask$(({ track, cleanup }) => {
    track(() => [sheet.changed, runs.ended, again.value]);
    const filter = track(() => plain(sheet.filter));
    const wantsFilter = track(about) === "filtered" && filter !== null;
    const selection: Selection = wantsFilter ? { rows: "where", filter } : { rows: "all" };
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    ipc.columnStats(sheet.info.id, props.column, selection, BINS, TOP).then(
      (found) => {
        if (!isCurrent) return;
        stats.value = found;
        failure.value = null;
      },
      (thrown: unknown) => {
        if (isCurrent) failure.value = failureOf(thrown).message;
      },
    );
  });

  const retry = $(() => {
    again.value += 1;
  });
  if (failure.value !== null) {
    return (
      <Notice kind="error" title={text.data.figuresFailed}>
        <p>{sentence(failure.value)}</p>
        <Button size="s" icon="retry" class="mt-2" onClick$={retry}>
          {text.data.again}
        </Button>
      </Notice>
    );
  }
  const found = stats.value;
  return (
    <section class="flex flex-col gap-4" aria-label={text.data.figures}>
      {sheet.filter !== null && (
        <SegmentedControl
          label={text.data.about}
          hideLabel
          value={about.value}
          options={[
            { value: "all", label: text.data.allRows },
            { value: "filtered", label: text.data.filteredRows },
          ]}
          onChange$={(value) => {
            about.value = value === "filtered" ? "filtered" : "all";
          }}
        />
      )}
      {found === null ? <div class="h-48" /> : <Figures stats={found} />}
    </section>
  );
});

const Figures = component$<{ stats: ColumnStats }>(({ stats }) => {
  const filled = stats.rows - stats.empty;
  const { numbers, lengths } = stats;
  const facts: [string, string][] = [
    [text.data.rows, formatCount(stats.rows)],
    [text.data.empty, withShare(stats.empty, stats.rows)],
    [text.data.distinct, formatCount(stats.distinct)],
  ];
  if (lengths !== null) {
    const { least, greatest, mean } = lengths;
    const range = text.data.lengthRange(
      formatCount(least),
      formatNumber(mean === null ? null : Math.round(mean)),
      formatCount(greatest),
    );
    facts.push([text.data.lengths, range]);
  } else if (stats.least !== null) {
    facts.push([text.data.least, short(valueText(stats.least))]);
    facts.push([text.data.greatest, short(valueText(stats.greatest))]);
  }
  if (numbers !== null) {
    facts.push([text.data.mean, formatNumber(numbers.mean)]);
    facts.push([text.data.median, formatNumber(numbers.median)]);
    facts.push([text.data.sum, formatNumber(numbers.sum)]);
    if (numbers.deviation !== null) {
      facts.push([text.data.deviation, formatNumber(numbers.deviation)]);
    }
  }
  const hasSpread = stats.histogram.some((bin) => bin.count > 0);
  return (
    <>
      <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1" data-testid="inspector-figures">
        {facts.map(([name, value]) => (
          <div key={name} class="contents">
            <dt class="text-muted">{name}</dt>
            <dd class="min-w-0 text-right break-words text-strong tabular-nums select-text">
              {value}
            </dd>
          </div>
        ))}
      </dl>
      {filled === 0 && stats.rows > 0 && <p class="text-muted">{text.data.nothing}</p>}
      {hasSpread && <Histogram stats={stats} />}
      {stats.top.length > 0 && (
        <div class="flex flex-col gap-1.5">
          <h3 class="text-sm font-medium text-normal">{text.data.top}</h3>
          <Bars
            bars={stats.top.map(({ value, count }) => ({
              name: short(valueText(value)),
              count,
              share: filled === 0 ? 0 : count / filled,
            }))}
          />
        </div>
      )}
    </>
  );
});

const Histogram = component$<{ stats: ColumnStats }>(({ stats }) => {
  const { histogram } = stats;
  const most = Math.max(1, ...histogram.map((bin) => bin.count));
  const from = histogram[0]?.from ?? null;
  const to = histogram.at(-1)?.to ?? null;
  return (
    <figure class="flex flex-col gap-1.5">
      <figcaption class="text-sm font-medium text-normal">{text.data.spread}</figcaption>
      <ul class="flex h-20 items-end gap-px border-b border-strongline">
        {histogram.map((bin, index) => {
          const said = text.data.spreadBin(
            short(valueText(bin.from)),
            short(valueText(bin.to)),
            formatCount(bin.count),
          );
          return (
            <li key={index} title={said} class="flex h-full flex-1 items-end hover:bg-hover">
              <span class="sr-only">{said}</span>
              <span
                class="w-full rounded-t-xs bg-accent"
                style={{ height: bin.count === 0 ? "0" : `max(2px, ${(bin.count / most) * 100}%)` }}
              />
            </li>
          );
        })}
      </ul>
      <p class="flex justify-between gap-4 text-sm text-muted tabular-nums" aria-hidden="true">
        <span>{short(valueText(from))}</span>
        <span>{short(valueText(to))}</span>
      </p>
    </figure>
  );
});

function withShare(count: number, all: number): string {
  if (count === 0 || all === 0) return formatCount(count);
  return `${formatCount(count)} (${formatPercent(count / all)})`;
}

/** Values are shown this long in figures. */
const VALUE_CHARACTERS = 80;

function short(value: string): string {
  return value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS)}…` : value;
}
