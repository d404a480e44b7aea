import type {
  Calibration,
  CalibrationMode,
  CheckedFigures,
  Column,
  LabelShare,
  Output,
  Recipe,
  RowId,
  Value,
} from "../bindings";
import type { Part } from "./commands";
import { refuse } from "./failure";
import type { Runner } from "./runs";
import type { FakeSheet } from "./sheet";
import { hashOf } from "./values";
import type { World } from "./world";

/** What a column does when its recipe says nothing. */
const USUAL: CalibrationMode = "prior";
/** Inputs that say nothing, of a make-believe measurement. */
const INPUTS = 12;
const BINS = 10;

/** The labels whose shares an engine knows: those of an output with one of a fixed set. */
export function scoredLabels(output: Output | undefined): string[] {
  if (output?.type === "label") return output.labels.map((label) => label.trim());
  return output?.type === "boolean" ? ["true", "false"] : [];
}

/** How much too likely the make-believe model holds each label; the mean is 0. */
export function priorOf(labels: readonly string[]): number[] {
  return centred(labels.map((label) => (hashOf(`bias ${label}`) % 1000) / 400));
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0) / Math.max(1, numbers.length);

function centred(numbers: readonly number[]): number[] {
  const middle = mean(numbers);
  return numbers.map((each) => each - middle);
}

function softmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - highest));
  const total = weights.reduce((sum, each) => sum + each, 0);
  return weights.map((weight) => weight / total);
}

const sharesOf = (scores: readonly number[], bias: readonly number[]): number[] =>
  softmax(scores.map((score, at) => score - (bias[at] ?? 0)));

const bestOf = (shares: readonly number[]): number => shares.indexOf(Math.max(...shares));

/** The shares of every label of an answer, as the history tells them. */
export function labelShares(
  recipe: Recipe | null,
  scores: readonly (number | null)[],
): LabelShare[] {
  const labels = scoredLabels(recipe?.output);
  const known = scores.map((score) => score ?? -20);
  if (labels.length === 0 || labels.length !== known.length) return [];
  const raw = softmax(known);
  const mode = recipe?.calibration ?? USUAL;
  const calibrated = mode === "none" ? null : sharesOf(known, priorOf(labels));
  return labels.map((label, at) => ({
    label,
    raw: raw[at] ?? 0,
    calibrated: calibrated?.[at] ?? null,
  }));
}

interface Scored {
  row: RowId;
  scores: number[];
  /** The label that the cell holds now, by its place; -1 for none of them. */
  label: number;
  isChecked: boolean;
  isDone: boolean;
}

function recipeOf(column: Column): { recipe: Recipe; labels: string[] } {
  const recipe = column.kind.kind === "ai" ? column.kind.recipe : null;
  const labels = scoredLabels(recipe?.output);
  if (recipe === null || labels.length === 0) {
    return refuse(
      "bad_input",
      `the cells of \`${column.name}\` are not one of a fixed set`,
      "only label columns and those of yes or no are calibrated",
    );
  }
  return { recipe, labels };
}

function scoredCells(sheet: FakeSheet, column: Column, labels: readonly string[]): Scored[] {
  const found: Scored[] = [];
  for (const [row, entries] of sheet.entries.get(column.id) ?? []) {
    const scores = entries.findLast((entry) => entry.figures.label_scores)?.figures.label_scores;
    if (!scores || scores.length !== labels.length || sheet.positionOf(row) < 0) continue;
    const { value, state } = sheet.cell(row, column);
    found.push({
      row,
      scores: scores.map((score) => score ?? -20),
      label: labels.indexOf(String(value)),
      isChecked: state === "edited" || state === "validated",
      isDone: state === "done",
    });
  }
  return found;
}

function calibrationOf(
  mode: CalibrationMode,
  labels: readonly string[],
  cells: readonly Scored[],
): Calibration {
  const batch = labels.map((_, at) => mean(cells.map((cell) => cell.scores[at] ?? 0)));
  const none = labels.map(() => 0);
  const bias = mode === "prior" ? priorOf(labels) : mode === "batch" ? centred(batch) : none;
  return {
    mode,
    bias,
    temperature: 1,
    prior: priorOf(labels),
    inputs: mode === "prior" ? INPUTS : 0,
    checked_cells: mode === "prior" ? cells.filter((cell) => cell.isChecked).length : 0,
    rows: mode === "batch" ? cells.length : 0,
    lead_in: "The answer is ",
  };
}

function checkedFigures(cells: readonly Scored[], bias: readonly number[]): CheckedFigures | null {
  const checked = cells.filter((cell) => cell.isChecked && cell.label >= 0);
  if (checked.length === 0) return null;
  const judged = checked.map((cell) => {
    const shares = sharesOf(cell.scores, bias);
    const best = bestOf(shares);
    return { confidence: shares[best] ?? 0, isRight: best === cell.label };
  });
  const reliability = Array.from({ length: BINS }, (_, bin) => {
    const inside = judged.filter(
      ({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin,
    );
    return {
      cells: inside.length,
      confidence: inside.length === 0 ? 0 : mean(inside.map((each) => each.confidence)),
      accuracy: inside.length === 0 ? 0 : mean(inside.map((each) => Number(each.isRight))),
    };
  });
  const apart = reliability.map((bin) => bin.cells * Math.abs(bin.confidence - bin.accuracy));
  return {
    cells: judged.length,
    accuracy: mean(judged.map((each) => Number(each.isRight))),
    calibration_error: apart.reduce((sum, each) => sum + each, 0) / judged.length,
    reliability,
  };
}

const labelValue = (output: Output | undefined, label: string): Value =>
  output?.type === "boolean" ? label === "true" : label;

export function labelCommands(world: World, runner: Runner): Part<LabelCommand> {
  return {
    recalibrate: (id, columnId, mode) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      runner.refuseBusy(sheet, column);
      const { recipe, labels } = recipeOf(column);
      const cells = scoredCells(sheet, column, labels);
      const { bias } = calibrationOf(mode, labels, cells);
      return sheet.act(`Calibrate \`${column.name}\` anew`, () => {
        let changed = 0;
        const done = cells.filter((cell) => cell.isDone);
        for (const cell of done) {
          const shares = sharesOf(
            cell.scores,
            bias.map((each) => each ?? 0),
          );
          const best = bestOf(shares);
          if (best !== cell.label) changed += 1;
          sheet.putCell(cell.row, columnId, {
            value: labelValue(recipe.output, labels[best] ?? ""),
            state: "done",
            error: null,
            confidence: shares[best] ?? null,
            recipe_version: column.kind.kind === "ai" ? column.kind.recipe_version : null,
          });
        }
        sheet.setColumns(
          sheet.columns.map((each) =>
            each.id === columnId && each.kind.kind === "ai"
              ? { ...each, kind: { ...each.kind, recipe: { ...recipe, calibration: mode } } }
              : each,
          ),
        );
        return { cells: done.length, changed, unscored: 0, without_prior: 0 };
      });
    },
    labelFigures: (id, columnId) => {
      const sheet = world.sheet(id);
      const column = sheet.column(columnId);
      const { recipe, labels } = recipeOf(column);
      const mode = recipe.calibration ?? USUAL;
      const cells = scoredCells(sheet, column, labels);
      const made = cells.filter((cell) => cell.isDone);
      const calibration = calibrationOf(mode, labels, cells);
      const bias = calibration.bias.map((each) => each ?? 0);
      return {
        mode,
        counts: labels.map((label, at) => ({
          label,
          raw: made.filter((cell) => bestOf(cell.scores) === at).length,
          calibrated: made.filter((cell) => cell.label === at).length,
        })),
        cells: made.length,
        unscored: 0,
        calibration: made.length === 0 ? null : calibration,
        checked_raw: checkedFigures(cells, []),
        checked_calibrated: mode === "none" ? null : checkedFigures(cells, bias),
      };
    },
  };
}

type LabelCommand = "recalibrate" | "labelFigures";
