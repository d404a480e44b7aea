import { component$ } from "@builder.io/qwik";
import type { CellView, Column } from "~/ipc";
import { harmless } from "~/lib/harmless";
import { labelColours, labelsIn, labelsOfColumn } from "~/lib/label-colours";
import { LabelChip } from "~/ui";
import { text as words } from "./strings";

/** A cell of a label column in the colours of its labels. */
export const LabelValue = component$<{ cell: CellView; column: Column }>(({ cell, column }) => {
  const labels = labelsIn(cell.value, labelsOfColumn(column) ?? []) ?? [];
  const colours = labelColours(labelsOfColumn(column) ?? []);
  if (labels.length === 0) return <p class="text-faint">{words.noLabels}</p>;
  return (
    <ul class="flex flex-wrap gap-1 select-text" data-testid="cell-value-labels">
      {labels.map((label, at) => (
        <li key={at} class="max-w-full">
          <LabelChip label={harmless(label)} colour={colours.get(label) ?? null} />
        </li>
      ))}
    </ul>
  );
});
