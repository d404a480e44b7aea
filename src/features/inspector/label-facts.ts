/** The labels of a column in figures, as the rows and sentences that are shown of them. */

import type { Calibration, CheckedFigures, LabelFigures, Recalibration } from "~/ipc";
import { formatCount, formatPercent } from "~/lib/format";
import { text } from "./strings";

/** One label: how often it is there, and how much too likely the model holds it. */
export interface LabelRow {
  label: string;
  raw: number;
  /** Null where nothing is calibrated. */
  calibrated: number | null;
  /** How many times too likely; null where nothing is calibrated. */
  liking: number | null;
}

/** Whether a calibration is in use that moves anything. */
export function isCalibrated(figures: LabelFigures): boolean {
  const { calibration } = figures;
  return calibration !== null && calibration.mode !== "none";
}

/** The labels in the order of the recipe. */
export function labelRows(figures: LabelFigures): LabelRow[] {
  const { calibration } = figures;
  const hasMoved = isCalibrated(figures);
  return figures.counts.map(({ label, raw, calibrated }, at) => ({
    label,
    raw,
    calibrated: hasMoved ? calibrated : null,
    liking: hasMoved ? Math.exp(calibration?.bias[at] ?? 0) : null,
  }));
}

/** How much too likely, in words: `×1.8`, `÷2.3`, or as it should be. */
export function likingText(liking: number): string {
  const factor = liking >= 1 ? liking : 1 / liking;
  if (factor < 1.05) return text.labelFigures.fair;
  const shown = factor >= 10 ? formatCount(Math.round(factor)) : factor.toFixed(1);
  return liking >= 1 ? text.labelFigures.more(shown) : text.labelFigures.less(shown);
}

/** Whether there is nothing to say of a column: no cell with scores, and none that was checked. */
export function hasNoFigures(figures: LabelFigures): boolean {
  const { cells, checked_raw, checked_calibrated } = figures;
  return cells === 0 && checked_raw === null && checked_calibrated === null;
}

/** What a calibration was found by, as one sentence. */
export function sourceText(calibration: Calibration | null): string {
  if (calibration === null || calibration.mode === "none") return text.labelFigures.none;
  const { mode, inputs = 0, checked_cells: checked = 0, rows = 0 } = calibration;
  if (mode === "batch") return text.labelFigures.ofRows(rows);
  return checked > 0
    ? text.labelFigures.ofInputsAndCells(inputs, checked)
    : text.labelFigures.ofInputs(inputs);
}

/** Behind which words of the model the labels were scored; null where they stand alone. */
export function leadInText(calibration: Calibration | null): string | null {
  const leadIn = calibration?.lead_in?.trimEnd();
  return leadIn ? text.labelFigures.leadIn(leadIn) : null;
}

/** What calibrating a column anew did, in one line. */
export function recalibrationText(done: Recalibration): string {
  const parts = [
    done.cells === 0 ? text.calibration.saved : text.calibration.done(done.cells, done.changed),
  ];
  if (done.unscored > 0) parts.push(text.calibration.unscored(done.unscored));
  if (done.without_prior > 0) parts.push(text.calibration.withoutPrior(done.without_prior));
  return parts.join(text.separator);
}

/** One line of the reliability table: bins without cells are left out. */
export interface ReliabilityRow {
  range: string;
  cells: number;
  confidence: number;
  accuracy: number;
}

/** The bins of a reliability table that have cells. */
export function reliabilityRows(figures: CheckedFigures): ReliabilityRow[] {
  const width = 1 / Math.max(1, figures.reliability.length);
  return figures.reliability.flatMap((bin, at) =>
    bin.cells === 0
      ? []
      : [
          {
            range: text.labelFigures.range(
              formatPercent(at * width),
              formatPercent((at + 1) * width),
            ),
            cells: bin.cells,
            confidence: bin.confidence ?? 0,
            accuracy: bin.accuracy ?? 0,
          },
        ],
  );
}
