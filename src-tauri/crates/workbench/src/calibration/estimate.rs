//! Finding a calibration: from what the model says of texts that only name labels, from cells
//! whose label a person knows, and from the rows. Pure functions of scores; the same scores give
//! the same calibration to the last bit.

use std::collections::BTreeMap;

use braincells_core::{Calibration, CalibrationMode, CheckedScores};

/// Labels beyond which checked cells do not refine a calibration: a bias for each would be told by
/// hardly a cell, and finding them takes time with the third power of their number.
const MOST_REFINED_LABELS: usize = 100;

/// The part of the measured liking that is taken back, and the most of it that stays: a difference
/// between logarithms of shares. Texts that name a label are not read quite like rows, and a
/// column of one label loses by every correction. Chosen by measuring, see
/// `docs/adr/0009-calibrated-labels.md`.
const PART: f64 = 0.5;
const MOST_LEFT: f64 = 0.8;

/// Rows that the prior counts for beside those of a batch: a handful of rows says less about the
/// model's liking than the texts that name labels.
const PRIOR_ROWS: f64 = 16.0;

/// How far the true bias is expected from the measured one, and the logarithm of the temperature
/// from 0: standard deviations of the priors that checked cells argue against.
const BIAS_DEVIATION: f64 = 0.5;
const TEMPERATURE_DEVIATION: f64 = 1.0;

/// Checked cells below this say too little; the same where all have one label, because then any
/// bias towards it looks good.
const LEAST_CHECKED: usize = 4;

/// The most checked cells that are used and kept with a calibration. They tell the bias to about
/// 0.1; ten times as many would only cost time and room.
const MOST_REFINING: usize = 512;

/// The most steps of the descent, the change of the loss below which it has arrived, and how far
/// beside a point its curvature is looked for.
const MOST_STEPS: usize = 100;
const ARRIVED: f64 = 1e-12;
const BESIDE: f64 = 1e-5;

/// What the model says of texts that name a label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Prior {
    /// The mean scores; empty where nothing was asked.
    pub(crate) scores: Vec<f64>,
    /// How many inputs were answered.
    pub(crate) inputs: u32,
}

impl Prior {
    /// The mean over the labels of what was said of each, in the space of logarithms. An answer is
    /// the label that was named and the scores.
    pub(crate) fn of(answers: &[(usize, Vec<f64>)]) -> Self {
        let mut by_label: BTreeMap<usize, Vec<&[f64]>> = BTreeMap::new();
        for (label, scores) in answers {
            by_label.entry(*label).or_default().push(scores);
        }
        let means: Vec<Vec<f64>> = by_label.values().filter_map(|some| mean(some)).collect();
        Self { scores: mean(&means).unwrap_or_default(), inputs: answers.len() as u32 }
    }

    /// The one that was measured for a calibration.
    pub(crate) fn of_calibration(calibration: &Calibration) -> Option<Self> {
        let Calibration { prior, inputs, .. } = calibration;
        (!prior.is_empty()).then(|| Self { scores: prior.clone(), inputs: *inputs })
    }

    fn bias(&self, labels: usize) -> Vec<f64> {
        if self.scores.len() != labels {
            return vec![0.0; labels];
        }
        let liking = centred(&self.scores);
        let greatest = liking.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = liking.iter().copied().fold(f64::INFINITY, f64::min);
        let apart = greatest - least;
        let taken = (PART * apart).max(apart - MOST_LEFT);
        // Equal scores are no distance apart.
        let part = if taken > 0.0 { taken / apart } else { 0.0 };
        liking.into_iter().map(|liking| liking * part).collect()
    }
}

/// The calibration of a mode for cells that were asked for with one prompt. `rows` are their
/// scores, for the batch mode. `None` if there is nothing to find one by.
pub(crate) fn estimate(
    mode: CalibrationMode,
    labels: usize,
    prompt: &str,
    prior: &Prior,
    checked: &[CheckedScores],
    rows: &[&[f64]],
) -> Option<Calibration> {
    let checked = spread(checked.to_vec(), MOST_REFINING);
    let plain = Calibration {
        mode,
        prior: prior.scores.clone(),
        inputs: prior.inputs,
        checked: checked.clone(),
        ..Calibration::unchanged(labels, prompt)
    };
    match mode {
        CalibrationMode::None => Some(plain),
        CalibrationMode::Prior => {
            let bias = prior.bias(labels);
            match refined(&bias, &checked) {
                Some((bias, temperature)) => {
                    let checked_cells = checked.len() as u32;
                    Some(Calibration { bias, temperature, checked_cells, ..plain })
                }
                None if prior.scores.is_empty() => None,
                None => Some(Calibration { bias, ..plain }),
            }
        }
        CalibrationMode::Batch => {
            let mean = mean(rows)?;
            let count = rows.len() as f64;
            let weight = if prior.scores.is_empty() { 0.0 } else { PRIOR_ROWS };
            let mixed = centred(&mean)
                .into_iter()
                .zip(prior.bias(labels))
                .map(|(rows, prior)| (rows * count + prior * weight) / (count + weight));
            Some(Calibration { bias: mixed.collect(), rows: rows.len() as u64, ..plain })
        }
    }
}

/// Bias and temperature that make the checked cells' labels likeliest, as far as the prior lets
/// them: regularised maximum likelihood, so that the prior weighs less the more cells there are.
pub(crate) fn refined(prior: &[f64], checked: &[CheckedScores]) -> Option<(Vec<f64>, f64)> {
    let first = checked.first()?.label;
    let one_label = checked.iter().all(|cell| cell.label == first);
    if checked.len() < LEAST_CHECKED || one_label {
        return None;
    }
    let labels = prior.len();
    if labels > MOST_REFINED_LABELS {
        return None;
    }
    let usable = |cell: &CheckedScores| cell.scores.len() == labels && cell.label < labels;
    if !checked.iter().all(usable) {
        return None;
    }
    let mut at = Point { bias: prior.to_vec(), cold: 0.0 };
    let mut loss = at.loss(prior, checked);
    // Newton's method, damped as Levenberg and Marquardt do: the loss is not convex everywhere.
    let mut damping = 1.0;
    for _ in 0..MOST_STEPS {
        let slope = at.slope(prior, checked);
        let Some(step) = solved(at.curvature(&slope, prior, checked), slope, damping) else {
            damping *= 8.0;
            continue;
        };
        let next = at.moved(&step);
        let next_loss = next.loss(prior, checked);
        if next_loss < loss {
            let gained = loss - next_loss;
            (at, loss) = (next, next_loss);
            damping /= 8.0;
            if gained < ARRIVED {
                break;
            }
        } else if damping > 1e12 {
            break;
        } else {
            damping *= 8.0;
        }
    }
    Some((centred(&at.bias), (-at.cold).exp()))
}

/// A bias and the logarithm of what differences are multiplied by.
struct Point {
    bias: Vec<f64>,
    cold: f64,
}

impl Point {
    fn moved(&self, step: &[f64]) -> Self {
        let bias = self.bias.iter().zip(step).map(|(bias, step)| bias - step).collect();
        Self { bias, cold: self.cold - step[self.bias.len()] }
    }

    /// How the slope changes along each of its parts.
    fn curvature(&self, slope: &[f64], prior: &[f64], checked: &[CheckedScores]) -> Vec<Vec<f64>> {
        let beside = |part: usize| {
            let mut point = Self { bias: self.bias.clone(), cold: self.cold };
            match point.bias.get_mut(part) {
                Some(bias) => *bias += BESIDE,
                None => point.cold += BESIDE,
            }
            let there = point.slope(prior, checked);
            there.iter().zip(slope).map(|(there, here)| (there - here) / BESIDE).collect()
        };
        (0..slope.len()).map(beside).collect()
    }

    fn values(&self, scores: &[f64]) -> Vec<f64> {
        let factor = self.cold.exp();
        scores.iter().zip(&self.bias).map(|(score, bias)| (score - bias) * factor).collect()
    }

    fn loss(&self, prior: &[f64], checked: &[CheckedScores]) -> f64 {
        let surprise = checked.iter().map(|cell| {
            let values = self.values(&cell.scores);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = values.iter().map(|value| (value - highest).exp()).sum();
            highest + total.ln() - values[cell.label]
        });
        let away = self.bias.iter().zip(prior);
        let away = away.map(|(bias, prior)| ((bias - prior) / BIAS_DEVIATION).powi(2));
        let colder = (self.cold / TEMPERATURE_DEVIATION).powi(2);
        surprise.sum::<f64>() + 0.5 * (away.sum::<f64>() + colder)
    }

    /// The derivatives of the loss by each bias, and by `cold` as the last.
    fn slope(&self, prior: &[f64], checked: &[CheckedScores]) -> Vec<f64> {
        let factor = self.cold.exp();
        let away = self.bias.iter().zip(prior);
        let away = away.map(|(bias, prior)| (bias - prior) / BIAS_DEVIATION.powi(2));
        let mut slope: Vec<f64> = away.chain([self.cold / TEMPERATURE_DEVIATION.powi(2)]).collect();
        let cold = self.bias.len();
        for cell in checked {
            let values = self.values(&cell.scores);
            let shares = braincells_core::raw_shares(&values);
            for (label, (share, value)) in shares.iter().zip(&values).enumerate() {
                let too_much = share - f64::from(u8::from(label == cell.label));
                slope[label] -= too_much * factor;
                slope[cold] += too_much * value;
            }
        }
        slope
    }
}

/// The step for a curvature and a slope (Gauss's elimination); `None` if there is none.
fn solved(mut curvature: Vec<Vec<f64>>, mut slope: Vec<f64>, damping: f64) -> Option<Vec<f64>> {
    let size = slope.len();
    for (at, row) in curvature.iter_mut().enumerate() {
        row[at] += damping;
    }
    for column in 0..size {
        let pivot = (column..size).max_by(|one, other| {
            curvature[*one][column].abs().total_cmp(&curvature[*other][column].abs())
        })?;
        curvature.swap(column, pivot);
        slope.swap(column, pivot);
        let (done, rest) = curvature.split_at_mut(column + 1);
        let own = &done[column];
        if own[column].abs() < 1e-12 {
            return None;
        }
        for (below, row) in rest.iter_mut().enumerate() {
            let factor = row[column] / own[column];
            for (value, own) in row.iter_mut().zip(own).skip(column) {
                *value -= factor * own;
            }
            slope[column + 1 + below] -= factor * slope[column];
        }
    }
    for column in (0..size).rev() {
        let known: f64 = (column + 1..size).map(|at| curvature[column][at] * slope[at]).sum();
        slope[column] = (slope[column] - known) / curvature[column][column];
    }
    slope.iter().all(|step| step.is_finite()).then_some(slope)
}

/// At most so many of the items, evenly spread.
pub(crate) fn spread<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let count = items.len();
    if count <= most {
        return items;
    }
    let chosen = |at: usize| (at + 1) * most / count > at * most / count;
    items.into_iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, item)| item).collect()
}

/// The mean of each label's scores; `None` of none.
fn mean<S: AsRef<[f64]>>(all: &[S]) -> Option<Vec<f64>> {
    let count = all.len() as f64;
    let labels = all.first()?.as_ref().len();
    let sum = |label: usize| all.iter().map(|scores| scores.as_ref()[label]).sum::<f64>();
    Some((0..labels).map(|label| sum(label) / count).collect())
}

/// The same differences around 0.
fn centred(values: &[f64]) -> Vec<f64> {
    let middle = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| value - middle).collect()
}

#[cfg(test)]
#[path = "estimate/tests.rs"]
mod tests;
