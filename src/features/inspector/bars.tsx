import { component$ } from "@builder.io/qwik";
import { formatCount, formatPercent } from "~/lib/format";
import { text } from "./strings";

/** One bar: a name, how often, and its share of all from 0 to 1. */
interface Bar {
  name: string;
  count: number;
  share: number;
}

/** Counts as bars one below the other, each as long as its share of the longest. */
export const Bars = component$<{ bars: readonly Bar[] }>(({ bars }) => {
  const most = Math.max(0.0001, ...bars.map((bar) => bar.share));
  return (
    <ul class="flex flex-col gap-0.5" data-testid="inspector-top-values">
      {bars.map((bar) => {
        const count = formatCount(bar.count);
        return (
          <li
            key={bar.name}
            title={text.data.topShare(bar.name, count, formatPercent(bar.share))}
            class="relative flex h-6 items-center gap-2 overflow-hidden rounded-sm px-1.5"
          >
            <span
              aria-hidden="true"
              class="absolute inset-y-0 left-0 rounded-sm bg-accent-soft"
              style={{ width: `${(bar.share / most) * 100}%` }}
            />
            <span class="relative min-w-0 flex-1 truncate text-normal [unicode-bidi:isolate]">
              {bar.name}
            </span>
            <span class="relative shrink-0 text-sm text-muted tabular-nums">
              {count} · {formatPercent(bar.share)}
            </span>
          </li>
        );
      })}
    </ul>
  );
});
