//! Calibrating a finished column anew: which cells get which value. Pure; asks nobody.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use braincells_core::{
    Calibration, CalibrationMode, CellState, CheckedScores, Output, RowId, Value, raw_shares,
    render_value,
};
use braincells_data::{Recalibrated, ScoredCell, StoredCalibration};

use super::estimate::{Prior, estimate};
use super::figures::CheckedFigures;
use super::scoring::decided;

/// Parts that the checked cells are cut into to see how good a calibration is on cells that it
/// was not made of.
const PARTS: usize = 10;

/// The cells of a column that can be calibrated together: those that were asked for alike.
pub(crate) struct Group<'a> {
    prompt: String,
    lead_in: Option<String>,
    prior: Prior,
    /// What a person says of the labels, as far as this prompt was asked.
    pub(crate) checked: Vec<CheckedScores>,
    /// Cells that a run made and nobody touched.
    pub(crate) made: Vec<&'a ScoredCell>,
    /// The calibration that most of these have.
    pub(crate) used: Option<&'a Calibration>,
}

/// A checked cell: its row, what is said of its labels, and the index of the right one.
pub(crate) type Judged = (RowId, Vec<f64>, usize);

/// What calibrating anew does.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) calibrations: Vec<Calibration>,
    /// Those whose value, confidence or calibration changes.
    pub(crate) cells: Vec<Recalibrated>,
    /// Cells of prompts that no prior was measured for.
    pub(crate) without_prior: u64,
}

/// The index of the label that a value is.
pub(crate) fn label_of(labels: &[String], value: &Value) -> Option<usize> {
    let value = render_value(value);
    labels.iter().position(|label| label == value.trim())
}

/// The checks that hold: of rows whose label a person says now, in `labels_now`, each with that
/// label. A check that was taken back is none, and of two of a row the first counts.
pub(crate) fn still_so<'a>(
    checked: impl Iterator<Item = &'a CheckedScores>,
    labels_now: &HashMap<RowId, usize>,
) -> Vec<CheckedScores> {
    let mut rows: HashSet<RowId> = HashSet::new();
    let firsts = checked.filter(|cell| rows.insert(cell.row));
    let now = |cell: &CheckedScores| {
        let label = *labels_now.get(&cell.row)?;
        Some(CheckedScores { label, ..cell.clone() })
    };
    firsts.filter_map(now).collect()
}

/// Groups the cells by the prompt that they were asked with. `labels_now` are the labels that a
/// person wrote or approved. `asks_like_now` says of a version of the recipe whether its labels and
/// its question are the present ones; other cells are left out.
pub(crate) fn groups<'a>(
    labels: &[String],
    cells: &'a [ScoredCell],
    calibrations: &'a [StoredCalibration],
    labels_now: &HashMap<RowId, usize>,
    asks_like_now: impl Fn(i64) -> bool,
) -> Vec<Group<'a>> {
    let known: HashMap<i64, &Calibration> =
        calibrations.iter().map(|one| (one.id, &one.calibration)).collect();
    let mut versions: HashMap<i64, bool> = HashMap::new();
    let mut by_prompt: BTreeMap<&str, Vec<&ScoredCell>> = BTreeMap::new();
    for cell in cells {
        let version = cell.recipe_version;
        // A copy of a column begins with the recipe that its values were made by.
        let version = version.unwrap_or(1);
        let is_now = *versions.entry(version).or_insert_with(|| asks_like_now(version));
        if is_now && cell.scores.len() == labels.len() {
            let used = cell.calibration.and_then(|id| known.get(&id));
            by_prompt.entry(used.map_or("", |one| &one.prompt)).or_default().push(cell);
        }
    }
    let group = |(prompt, cells): (&str, Vec<&'a ScoredCell>)| {
        // What a person wrote or approved keeps the calibration of before.
        let mut ids: BTreeMap<i64, usize> = BTreeMap::new();
        let made = cells.iter().filter(|cell| cell.state == CellState::Done);
        for id in made.filter_map(|cell| cell.calibration) {
            *ids.entry(id).or_default() += 1;
        }
        let commonest = ids.iter().max_by_key(|(id, count)| (**count, **id));
        // The latest first, so that the newest measurement counts.
        let of_prompt =
            || calibrations.iter().map(|one| &one.calibration).filter(|one| one.prompt == prompt);
        let mut checked: Vec<CheckedScores> = cells
            .iter()
            .filter(|cell| cell.state.is_by_hand())
            .filter_map(|cell| {
                let (row, scores) = (cell.row, cell.scores.clone());
                Some(CheckedScores { row, scores, label: label_of(labels, &cell.value)? })
            })
            .collect();
        let mut rows: HashSet<RowId> = checked.iter().map(|cell| cell.row).collect();
        let asked = still_so(of_prompt().flat_map(|one| &one.checked), labels_now);
        checked.extend(asked.into_iter().filter(|cell| rows.insert(cell.row)));
        Group {
            prompt: prompt.to_owned(),
            lead_in: of_prompt().find_map(|one| one.lead_in.clone()),
            prior: of_prompt().find_map(Prior::of_calibration).unwrap_or_default(),
            checked,
            used: commonest.and_then(|(id, _)| known.get(id)).copied(),
            made: cells.into_iter().filter(|cell| cell.state == CellState::Done).collect(),
        }
    };
    by_prompt.into_iter().map(group).collect()
}

/// Which cells get which value in a mode.
pub(crate) fn plan(
    output: &Output,
    labels: &[String],
    groups: &[Group<'_>],
    mode: CalibrationMode,
) -> Plan {
    let mut plan = Plan::default();
    for group in groups {
        let rows: Vec<&[f64]> = group.made.iter().map(|cell| cell.scores.as_slice()).collect();
        let found =
            estimate(mode, labels.len(), &group.prompt, &group.prior, &group.checked, &rows);
        let Some(mut calibration) = found else {
            plan.without_prior += group.made.len() as u64;
            continue;
        };
        calibration.lead_in.clone_from(&group.lead_in);
        let (index, cells_before) = (plan.calibrations.len(), plan.cells.len());
        let is_used = group.used == Some(&calibration);
        for &cell in &group.made {
            let Some((label, confidence)) = decided(&calibration, &cell.scores) else { continue };
            let value = output.label_value(&labels[label]);
            // A second time changes nothing, to the last bit.
            if is_used && value == cell.value && cell.confidence == Some(confidence) {
                continue;
            }
            plan.cells.push(Recalibrated {
                cell: cell.clone(),
                value,
                confidence,
                calibration: index,
            });
        }
        if plan.cells.len() > cells_before {
            plan.calibrations.push(calibration);
        }
    }
    plan
}

impl Group<'_> {
    /// How good the model's own labels and confidences are.
    pub(crate) fn checked_raw(&self) -> Vec<Judged> {
        let judged = |cell: &CheckedScores| (cell.row, raw_shares(&cell.scores), cell.label);
        self.checked.iter().map(judged).collect()
    }

    /// The calibrated shares of the checked cells, each by a calibration that was made without it:
    /// else the cells would speak for themselves.
    pub(crate) fn checked_calibrated(&self, labels: usize, mode: CalibrationMode) -> Vec<Judged> {
        let parts = PARTS.min(self.checked.len());
        let rows: Vec<&[f64]> = self.made.iter().map(|cell| cell.scores.as_slice()).collect();
        let part = |part: usize| {
            let others = self.checked.iter().enumerate().filter(move |(at, _)| at % parts != part);
            let others: Vec<CheckedScores> = others.map(|(_, cell)| cell.clone()).collect();
            let found = estimate(mode, labels, &self.prompt, &self.prior, &others, &rows);
            let own = self.checked.iter().enumerate().filter(move |(at, _)| at % parts == part);
            own.filter_map(move |(_, cell)| {
                let shares = match &found {
                    Some(calibration) => calibration.shares(&cell.scores)?,
                    None => raw_shares(&cell.scores),
                };
                Some((cell.row, shares, cell.label))
            })
            .collect::<Vec<_>>()
        };
        (0..parts).flat_map(part).collect()
    }
}

/// The figures of checked cells of all groups. Of a row that was asked for with several prompts,
/// the one with the most cells counts.
pub(crate) fn checked_figures<'a>(
    groups: &[Group<'a>],
    judged: impl Fn(&Group<'a>) -> Vec<Judged>,
) -> Option<CheckedFigures> {
    let mut by_size: Vec<&Group<'a>> = groups.iter().collect();
    by_size.sort_by_key(|group| Reverse(group.made.len()));
    let mut rows: HashSet<RowId> = HashSet::new();
    let cells = by_size.into_iter().flat_map(judged).filter(|(row, ..)| rows.insert(*row));
    CheckedFigures::of(cells.map(|(_, shares, label)| (shares, label)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_was_taken_back_is_none_and_another_one_is_what_it_is_now() {
        let check = |row: i64, scores: [f64; 2], label: usize| CheckedScores {
            row: RowId(row),
            scores: scores.to_vec(),
            label,
        };
        let latest_first = [
            check(1, [-0.1, -2.4], 1),
            check(3, [-0.2, -1.7], 0),
            check(1, [-0.3, -1.3], 1),
            check(2, [-0.4, -1.1], 1),
        ];
        let now = HashMap::from([(RowId(1), 0), (RowId(2), 1), (RowId(4), 1)]);
        let found = still_so(latest_first.iter(), &now);
        assert_eq!(found, [check(1, [-0.1, -2.4], 0), check(2, [-0.4, -1.1], 1)]);
    }
}
