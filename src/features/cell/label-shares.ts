/** What a model thought of each label of a cell, as the rows that are shown of it. */

import type { LabelShare, Value } from "~/ipc";

/** One label: both shares from 0 to 1, and whether the cell holds it. */
export interface ShareRow {
  label: string;
  raw: number;
  /** Null where nothing was calibrated. */
  calibrated: number | null;
  isValue: boolean;
}

/** Labels shown before a person asks for the others. */
export const SHOWN_LABELS = 8;

/** The labels, the likeliest first; ties keep the order of the recipe. */
export function shareRows(shares: readonly LabelShare[], value: Value): ShareRow[] {
  // A calibration of one mode only leaves shares as they are: nothing is side by side then.
  const isCalibrated = shares.some(
    ({ raw, calibrated }) => calibrated !== null && Math.abs(calibrated - (raw ?? 0)) > 5e-4,
  );
  return shares
    .map(({ label, raw, calibrated }) => ({
      label,
      raw: raw ?? 0,
      calibrated: isCalibrated ? calibrated : null,
      isValue: label === value || (typeof value === "boolean" && label === String(value)),
    }))
    .sort((one, other) => counting(other) - counting(one));
}

/** The share that decides: the calibrated one where there is one. */
function counting(row: ShareRow): number {
  return row.calibrated ?? row.raw;
}

/** Whether the calibration changed which label is the likeliest. */
export function isOverturned(rows: readonly ShareRow[]): boolean {
  const [first] = rows;
  if (first === undefined || first.calibrated === null) return false;
  return rows.some((row) => row.raw > first.raw);
}
