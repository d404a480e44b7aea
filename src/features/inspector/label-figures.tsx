import {
  component$,
  type NoSerialize,
  noSerialize,
  useContext,
  useSignal,
  useTask$,
} from "@builder.io/qwik";
import { sentence } from "~/errors";
import { type CheckedFigures, type ColumnId, failureOf, ipc, type LabelFigures } from "~/ipc";
import { formatCount, formatPercent } from "~/lib/format";
import { labelColours } from "~/lib/label-colours";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { LabelChip, Notice } from "~/ui";
import { Disclosure } from "./disclosure";
import {
  hasNoFigures,
  isCalibrated,
  labelRows,
  leadInText,
  likingText,
  reliabilityRows,
  sourceText,
} from "./label-facts";
import { text } from "./strings";

/** How often each label is in a column, and how good the labels are where a person checked them. */
export const LabelFiguresPanel = component$<{ column: ColumnId }>((props) => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const isOpen = useSignal(false);
  const figures = useSignal<NoSerialize<LabelFigures>>();
  const failure = useSignal<string | null>(null);

  useTask$(({ track, cleanup }) => {
    const isWanted = track(isOpen);
    const column = track(() => props.column);
    track(() => [sheet.changed, runs.ended]);
    if (!isWanted) return;
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    ipc.labelFigures(sheet.info.id, column).then(
      (found) => {
        if (!isCurrent) return;
        figures.value = noSerialize(found);
        failure.value = null;
      },
      (thrown: unknown) => {
        if (isCurrent) failure.value = failureOf(thrown).message;
      },
    );
  });

  const found = figures.value;
  return (
    <Disclosure title={text.labelFigures.title} open={isOpen} testId="inspector-label-figures">
      {failure.value !== null && (
        <Notice kind="error" title={text.labelFigures.failed}>
          {sentence(failure.value)}
        </Notice>
      )}
      {failure.value === null && found === undefined && <div class="h-24" />}
      {failure.value === null && found !== undefined && <Figures figures={found} />}
    </Disclosure>
  );
});

const Figures = component$<{ figures: LabelFigures }>(({ figures }) => {
  if (hasNoFigures(figures)) {
    return (
      <p class="text-muted">
        {figures.unscored > 0
          ? text.labelFigures.unscored(figures.unscored)
          : text.labelFigures.empty}
      </p>
    );
  }
  const said = [
    sourceText(figures.calibration),
    ...(figures.unscored > 0 ? [text.labelFigures.unscored(figures.unscored)] : []),
  ];
  return (
    <div class="flex flex-col gap-3 select-text" data-testid="inspector-label-table">
      {figures.cells > 0 && <Counts figures={figures} />}
      <p class="text-sm text-muted">{said.join(text.separator)}</p>
      <LeadIn figures={figures} />
      <Checked figures={figures} />
    </div>
  );
});

const LeadIn = component$<{ figures: LabelFigures }>(({ figures }) => {
  const said = leadInText(figures.calibration);
  if (said === null) return null;
  return (
    <p class="text-sm text-muted" title={text.labelFigures.leadInHint} data-testid="label-lead-in">
      {said}
    </p>
  );
});

const Counts = component$<{ figures: LabelFigures }>(({ figures }) => {
  const rows = labelRows(figures);
  const colours = labelColours(rows.map((row) => row.label));
  const hasMoved = isCalibrated(figures);
  return (
    <table class="w-full border-separate border-spacing-y-1 tabular-nums">
      <caption class="sr-only">{text.labelFigures.counts}</caption>
      <thead class="text-left text-sm text-muted">
        <tr>
          <th class="font-normal">{text.labelFigures.label}</th>
          <th class="ps-2 text-right font-normal">{text.labelFigures.raw}</th>
          {hasMoved && (
            <>
              <th class="ps-2 text-right font-normal">{text.labelFigures.calibrated}</th>
              <th class="ps-2 text-right font-normal" title={text.labelFigures.likingHint}>
                {text.labelFigures.liking}
              </th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.label}>
            <th scope="row" class="max-w-0 text-left font-normal">
              <LabelChip label={row.label} colour={colours.get(row.label) ?? null} />
            </th>
            <td class="w-20 ps-2 text-right text-muted">{withShare(row.raw, figures.cells)}</td>
            {row.calibrated !== null && (
              <td class="w-20 ps-2 text-right text-strong">
                {withShare(row.calibrated, figures.cells)}
              </td>
            )}
            {row.liking !== null && (
              <td class="w-16 ps-2 text-right text-muted">{likingText(row.liking)}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
});

const Checked = component$<{ figures: LabelFigures }>(({ figures }) => {
  const { checked_raw: raw } = figures;
  const calibrated = isCalibrated(figures) ? figures.checked_calibrated : null;
  const shown = calibrated ?? raw;
  if (shown === null) return <p class="text-sm text-muted">{text.labelFigures.unchecked}</p>;
  const both: { name: string; of: CheckedFigures }[] = [
    ...(raw === null ? [] : [{ name: text.labelFigures.raw, of: raw }]),
    ...(calibrated === null ? [] : [{ name: text.labelFigures.calibrated, of: calibrated }]),
  ];
  return (
    <>
      <table class="w-full border-separate border-spacing-y-1 tabular-nums">
        <caption class="text-left text-sm font-medium text-normal">
          {text.labelFigures.checked(shown.cells)}
        </caption>
        <thead class="text-right text-sm text-muted">
          <tr>
            <td />
            {both.map(({ name }) => (
              <th key={name} class="ps-2 font-normal">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" class="text-left font-normal text-muted">
              {text.labelFigures.accuracy}
            </th>
            {both.map(({ name, of }) => (
              <td key={name} class="ps-2 text-right text-strong">
                {formatPercent(of.accuracy ?? 0)}
              </td>
            ))}
          </tr>
          <tr>
            <th
              scope="row"
              class="text-left font-normal text-muted"
              title={text.labelFigures.errorHint}
            >
              {text.labelFigures.error}
            </th>
            {both.map(({ name, of }) => (
              <td key={name} class="ps-2 text-right text-strong">
                {formatPercent(of.calibration_error ?? 0)}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      <table class="w-full border-separate border-spacing-y-1 tabular-nums">
        <caption class="text-left text-sm font-medium text-normal">
          {text.labelFigures.reliability}
        </caption>
        <thead class="text-right text-sm text-muted">
          <tr>
            <th class="text-left font-normal">{text.labelFigures.confidence}</th>
            <th class="ps-2 font-normal">{text.labelFigures.cells}</th>
            <th class="ps-2 font-normal">{text.labelFigures.sure}</th>
            <th class="ps-2 font-normal">{text.labelFigures.accuracy}</th>
          </tr>
        </thead>
        <tbody>
          {reliabilityRows(shown).map((row) => (
            <tr key={row.range} class="text-right">
              <th scope="row" class="text-left font-normal text-muted">
                {row.range}
              </th>
              <td class="ps-2">{formatCount(row.cells)}</td>
              <td class="ps-2">{formatPercent(row.confidence)}</td>
              <td class="ps-2 text-strong">{formatPercent(row.accuracy)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
});

function withShare(count: number, all: number): string {
  if (all === 0) return formatCount(count);
  return `${formatCount(count)} · ${formatPercent(count / all)}`;
}
