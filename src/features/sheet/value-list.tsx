import { $, component$, type QRL, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import {
  type AppError,
  type ColumnId,
  type DistinctValues,
  failureOf,
  ipc,
  type Selection,
  type Value,
} from "~/ipc";
import { formatCount, valueText } from "~/lib/format";
import { Button, Checkbox, Spinner, TextField } from "~/ui";
import { short } from "./condition-text";
import { filterOf, partsOf } from "./conditions";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** Values that are listed; the others are found by searching. */
const mostListed = 200;
const searchAfterMs = 200;

/** Whether two values are the same cell content. */
export function isSameValue(a: Value, b: Value): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function holds(values: readonly Value[], value: Value): boolean {
  return values.some((other) => isSameValue(other, value));
}

interface ValueListProps {
  column: ColumnId;
  index: number | null;
  chosen: Value[];
  onChange$: QRL<(values: Value[]) => void>;
}

/** The different values of a column with their counts, to choose from. */
export const ValueList = component$<ValueListProps>(({ column, index, chosen, onChange$ }) => {
  const { sheet } = useSheetTools();
  const search = useSignal("");
  const found = useSignal<DistinctValues | null>(null);
  const failure = useStore<{ error: AppError | null }>({ error: null });

  useTask$(({ track, cleanup }) => {
    const looked = track(search);
    let left = false;
    async function read(): Promise<void> {
      try {
        const selection = otherConditions(sheet.filter, index);
        const wanted = looked === "" ? null : looked;
        const values = await ipc.distinctValues(
          sheet.info.id,
          column,
          selection,
          wanted,
          mostListed,
        );
        if (left) return;
        found.value = values;
        failure.error = null;
      } catch (thrown) {
        const { code, message, hint } = failureOf(thrown);
        if (!left) failure.error = { code, message, hint };
      }
    }
    const timer = setTimeout(() => void read(), looked === "" ? 0 : searchAfterMs);
    cleanup(() => {
      left = true;
      clearTimeout(timer);
    });
  });

  const toggle = $((value: Value, checked: boolean) => {
    const others = chosen.filter((other) => !isSameValue(other, value));
    return onChange$(checked ? [...others, value] : others);
  });
  const listed = found.value;
  const showEmpty = listed !== null && listed.empty > 0 && search.value === "";
  const values = listed?.values ?? [];
  return (
    <div class="flex flex-col gap-2">
      <TextField
        label={text.filter.search}
        hideLabel
        icon="search"
        placeholder={text.filter.search}
        value={search.value}
        onInput$={(value: string) => {
          search.value = value;
        }}
        testId="condition-search"
      />
      {failure.error && <FailureNotice failure={failure.error} />}
      {listed === null && failure.error === null && <Spinner label={text.filter.counting} />}
      {listed !== null && (
        <>
          <div class="flex gap-1">
            <Button
              size="s"
              variant="ghost"
              disabled={values.length === 0}
              onClick$={() => {
                const added = values
                  .map(({ value }) => value)
                  .filter((value) => !holds(chosen, value));
                return onChange$([...chosen, ...added]);
              }}
            >
              {text.filter.allShown}
            </Button>
            <Button
              size="s"
              variant="ghost"
              disabled={chosen.length === 0}
              onClick$={() => onChange$([])}
            >
              {text.filter.noneShown}
            </Button>
          </div>
          <ul
            class="scroll-area flex max-h-[min(14rem,26vh)] flex-col gap-1 rounded-md border border-line p-2"
            aria-label={text.filter.values}
          >
            {showEmpty && (
              <Choice
                label={text.filter.emptyValue}
                count={listed.empty}
                checked={holds(chosen, null)}
                onChange$={(checked) => toggle(null, checked)}
              />
            )}
            {values.map(({ value, count }) => (
              <Choice
                key={JSON.stringify(value)}
                label={short(valueText(value), 80)}
                count={count}
                checked={holds(chosen, value)}
                onChange$={(checked) => toggle(value, checked)}
              />
            ))}
            {values.length === 0 && !showEmpty && (
              <li class="text-muted">{text.filter.noValues}</li>
            )}
          </ul>
          {listed.total > values.length && (
            <p class="text-sm text-muted">
              {text.filter.more(formatCount(values.length), formatCount(listed.total))}
            </p>
          )}
        </>
      )}
    </div>
  );
});

interface ChoiceProps {
  label: string;
  count: number;
  checked: boolean;
  onChange$: QRL<(checked: boolean) => void>;
}

const Choice = component$<ChoiceProps>((props) => (
  <li class="flex items-start gap-2">
    <Checkbox
      label={props.label}
      checked={props.checked}
      onChange$={props.onChange$}
      class="min-w-0 flex-1 break-words"
    />
    <span class="text-sm text-faint tabular-nums">{formatCount(props.count)}</span>
  </li>
));

/** The rows that the other conditions leave, so that the counts are what choosing would show. */
function otherConditions(filter: Parameters<typeof partsOf>[0], index: number | null): Selection {
  const parts = partsOf(filter);
  if (!parts) return filter === null ? { rows: "all" } : { rows: "where", filter };
  // Conditions of which any may hold do not narrow each other.
  if (parts.match === "any" && parts.conditions.length > 1) return { rows: "all" };
  const others = parts.conditions.filter((_, place) => place !== index);
  const rest = filterOf({ match: parts.match, conditions: others });
  return rest === null ? { rows: "all" } : { rows: "where", filter: rest };
}
