import { component$, useSignal } from "@builder.io/qwik";
import type { Column, LabelShare, Value } from "~/ipc";
import { formatPercent } from "~/lib/format";
import { harmless } from "~/lib/harmless";
import { type LabelColour, labelColours, labelsOfColumn } from "~/lib/label-colours";
import { Button, LabelChip } from "~/ui";
import { isOverturned, SHOWN_LABELS, type ShareRow, shareRows } from "./label-shares";
import { text as words } from "./strings";

interface LabelBarsProps {
  shares: LabelShare[];
  /** The whole cell: Qwik would take `value={cell.value}` for a signal that never changes. */
  cell: { value: Value };
  column: Column;
}

/** How likely the model held each label, raw and calibrated side by side where both are known. */
export const LabelBars = component$<LabelBarsProps>(({ shares, cell, column }) => {
  const isWhole = useSignal(false);
  const rows = shareRows(shares, cell.value);
  const shown = isWhole.value ? rows : rows.slice(0, SHOWN_LABELS);
  const colours = labelColours(labelsOfColumn(column) ?? []);
  const isCalibrated = rows.some((row) => row.calibrated !== null);
  return (
    <section class="flex flex-col gap-1.5" data-testid="cell-labels">
      <table class="w-full table-fixed border-separate border-spacing-y-1">
        <caption class="mb-1 text-left text-sm font-medium text-normal">{words.labels}</caption>
        <thead class={isCalibrated ? "text-left text-sm text-muted" : "sr-only"}>
          <tr>
            <th class="w-2/5 font-normal">{words.label}</th>
            {isCalibrated && <th class="font-normal">{words.calibrated}</th>}
            <th class="font-normal">{words.raw}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.label} data-testid="cell-label">
              <th scope="row" class="max-w-0 pe-2 text-left font-normal">
                <Name row={row} colour={colours.get(row.label) ?? null} />
              </th>
              {isCalibrated && (
                <td class="pe-2">
                  <Share share={row.calibrated ?? 0} isMain />
                </td>
              )}
              <td>
                <Share share={row.raw} isMain={!isCalibrated} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isOverturned(rows) && <p class="text-sm text-muted">{words.overturned}</p>}
      {rows.length > shown.length && (
        <Button
          size="s"
          variant="ghost"
          class="self-start"
          onClick$={() => {
            isWhole.value = true;
          }}
        >
          {words.moreLabels(rows.length - shown.length)}
        </Button>
      )}
    </section>
  );
});

const Name = component$<{ row: ShareRow; colour: LabelColour | null }>(({ row, colour }) => (
  <span class="flex min-w-0 items-center gap-1">
    <LabelChip label={harmless(row.label)} colour={colour} />
    {row.isValue && <span class="sr-only">{words.isValue}</span>}
  </span>
));

const Share = component$<{ share: number; isMain: boolean }>(({ share, isMain }) => (
  <span class="flex items-center gap-2">
    <span aria-hidden="true" class="h-2 min-w-0 flex-1 overflow-hidden rounded-full bg-hover">
      <span
        class={["block h-full rounded-full", isMain ? "bg-accent" : "bg-strongline"]}
        style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
      />
    </span>
    <span
      class={[
        "w-10 flex-none text-right text-sm tabular-nums",
        isMain ? "text-normal" : "text-muted",
      ]}
    >
      {formatPercent(share)}
    </span>
  </span>
));
