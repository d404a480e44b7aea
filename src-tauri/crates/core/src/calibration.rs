//! Calibrated labels: what a small model says about labels depends on the wording, because it
//! likes some of them before it has read anything. A calibration takes that liking back.
//!
//! The engine gives every label's share (its probability among the allowed labels); the shares
//! are kept with the cell as natural logarithms. A [`Calibration`] turns them into calibrated
//! shares, `softmax((score - bias) / temperature)`: contextual calibration (arXiv 2102.09690) and
//! batch calibration (arXiv 2309.17249) in the space of logarithms. It is pure arithmetic, so a
//! finished column is calibrated anew without asking a model.
//!
//! The runs and `recalibrate` in `workbench` make calibrations; `data` keeps them. How a
//! calibration is found is not here but in `workbench`.

use serde::{Deserialize, Serialize};

use crate::RowId;

/// A share below this counts as this, so that every score is finite.
const LEAST_SHARE: f64 = 1e-300;

/// How the labels of a column are calibrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum CalibrationMode {
    /// As the model says.
    None,
    /// By what the model says of texts that only name labels, and by the cells that a person
    /// approved or corrected. Does not depend on what the rows are.
    #[default]
    Prior,
    /// By the mean over the rows. For columns in which all labels are about as frequent: where
    /// they are not, it takes some rows from the frequent ones.
    Batch,
}

impl CalibrationMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Prior, Self::Batch];

    /// The stable word used in files, on the command line and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Prior => "prior",
            Self::Batch => "batch",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is taken back from every cell's label scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Calibration {
    /// How it was found.
    pub mode: CalibrationMode,
    /// For each label, in the recipe's order, how much too likely the model holds it: a natural
    /// logarithm. Their mean is 0.
    pub bias: Vec<f64>,
    /// What the differences are divided by; 1 leaves them, more makes the model less certain.
    pub temperature: f64,
    /// The mean scores of texts that name a label, each label counted alike;
    /// empty where none were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prior: Vec<f64>,
    /// How many such texts were answered.
    #[serde(default)]
    pub inputs: u32,
    /// How many approved and corrected cells refined it.
    #[serde(default)]
    pub checked_cells: u32,
    /// The scores of cells that a person approved or corrected, as the model gave them to this
    /// prompt; also of those that were too few to refine anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checked: Vec<CheckedScores>,
    /// How many rows it is the mean of, in batch mode.
    #[serde(default)]
    pub rows: u64,
    /// Names what all prompts shared that it was found for: model, instruction, examples and
    /// lead-in. Scores are compared within the same one only.
    #[serde(default)]
    pub prompt: String,
    /// The words behind the prompt behind which the labels were scored: what the model would
    /// write before it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_in: Option<String>,
}

impl Calibration {
    /// One that changes nothing, for cells as the model says.
    pub fn unchanged(labels: usize, prompt: impl Into<String>) -> Self {
        Self {
            mode: CalibrationMode::None,
            bias: vec![0.0; labels],
            temperature: 1.0,
            prior: Vec::new(),
            inputs: 0,
            checked_cells: 0,
            checked: Vec::new(),
            rows: 0,
            prompt: prompt.into(),
            lead_in: None,
        }
    }

    /// Every label's calibrated share, 0 to 1, from its scores; `None` if the scores are not of
    /// these labels.
    pub fn shares(&self, scores: &[f64]) -> Option<Vec<f64>> {
        let fits = !scores.is_empty() && scores.len() == self.bias.len();
        let moved = scores.iter().zip(&self.bias);
        fits.then(|| softmax(moved.map(|(score, bias)| (score - bias) / self.temperature)))
    }

    /// The shares of all labels of a cell, raw and by the calibration that was used for it; none
    /// if the scores are not of these labels.
    pub fn label_shares(used: Option<&Self>, labels: &[String], scores: &[f64]) -> Vec<LabelShare> {
        if labels.len() != scores.len() {
            return Vec::new();
        }
        let used = used.filter(|used| used.mode != CalibrationMode::None);
        let calibrated = used.and_then(|used| used.shares(scores));
        let share = |(at, (label, raw)): (usize, (&String, f64))| LabelShare {
            label: label.clone(),
            raw,
            calibrated: calibrated.as_ref().map(|shares| shares[at]),
        };
        labels.iter().zip(raw_shares(scores)).enumerate().map(share).collect()
    }
}

/// What the model said of a cell whose label a person knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CheckedScores {
    /// The row.
    pub row: RowId,
    /// The scores of all labels.
    pub scores: Vec<f64>,
    /// The index of the label that the cell has.
    pub label: usize,
}

/// The share of one label in one cell, as the model said it and calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LabelShare {
    /// The label.
    pub label: String,
    /// What the model said, 0 to 1.
    pub raw: f64,
    /// The same, calibrated; `None` where nothing was calibrated.
    pub calibrated: Option<f64>,
}

/// The score of a share: its natural logarithm, always finite.
pub fn label_score(share: f64) -> f64 {
    // Written so that NaN is the least too.
    if share > LEAST_SHARE { share.min(1.0).ln() } else { LEAST_SHARE.ln() }
}

/// Every label's raw share from its scores: their probabilities, made to add up to 1.
pub fn raw_shares(scores: &[f64]) -> Vec<f64> {
    softmax(scores.iter().copied())
}

/// The index of the greatest share, the first of equals; `None` if there is none.
pub fn likeliest(shares: &[f64]) -> Option<usize> {
    let best =
        shares.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(index, _)| index)
}

fn softmax(values: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let highest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = values.map(|value| (value - highest).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calibration(bias: Vec<f64>, temperature: f64) -> Calibration {
        Calibration { bias, temperature, ..Calibration::unchanged(0, "p") }
    }

    #[test]
    fn a_label_that_was_liked_too_much_loses_what_it_had_too_much() {
        let scores = [0.8_f64.ln(), 0.2_f64.ln()];
        let prior = calibration(vec![0.9_f64.ln(), 0.1_f64.ln()], 1.0);
        let shares = prior.shares(&scores).unwrap();
        // 0.8 / 0.9 against 0.2 / 0.1
        assert!((shares[0] - 0.8 / 0.9 / (0.8 / 0.9 + 2.0)).abs() < 1e-12);
        assert_eq!((likeliest(&raw_shares(&scores)), likeliest(&shares)), (Some(0), Some(1)));
    }

    #[test]
    fn no_bias_and_temperature_1_change_nothing() {
        let scores = [0.7_f64.ln(), 0.1_f64.ln(), 0.2_f64.ln()];
        let shares = calibration(vec![0.0; 3], 1.0).shares(&scores).unwrap();
        for (share, expected) in shares.iter().zip([0.7, 0.1, 0.2]) {
            assert!((share - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn scores_of_other_labels_are_refused() {
        let calibration = calibration(vec![0.0; 2], 1.0);
        assert_eq!(calibration.shares(&[-0.1]), None);
        assert_eq!(calibration.shares(&[]), None);
        assert_eq!(likeliest(&[]), None);
    }

    #[test]
    fn a_share_of_nothing_has_a_finite_score() {
        for share in [0.0, -1.0, f64::NAN, 1e-310] {
            assert!(label_score(share).is_finite() && label_score(share) < -690.0, "{share}");
        }
        assert!(label_score(1.000_000_1).abs() < 1e-12, "rounding gives no more than all");
    }

    #[test]
    fn every_mode_is_written_as_its_word() {
        for mode in CalibrationMode::ALL {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
            assert_eq!(
                serde_json::from_value::<CalibrationMode>(mode.as_str().into()).unwrap(),
                mode
            );
        }
    }

    fn scores() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        (2_usize..7).prop_flat_map(|count| {
            let score = prop::collection::vec(-690.0..0.0_f64, count);
            (score, prop::collection::vec(-20.0..20.0_f64, count))
        })
    }

    proptest! {
        #[test]
        fn shares_add_up_to_one_and_only_differences_of_biases_count(
            (scores, bias) in scores(), temperature in 0.05..20.0_f64, shift in -50.0..50.0_f64,
        ) {
            let shares = calibration(bias.clone(), temperature).shares(&scores).unwrap();
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
            let moved = bias.iter().map(|bias| bias + shift).collect();
            let same = calibration(moved, temperature).shares(&scores).unwrap();
            prop_assert!(shares.iter().zip(same).all(|(one, other)| (one - other).abs() < 1e-9));
        }

        #[test]
        fn the_temperature_never_changes_which_label_wins(
            (scores, bias) in scores(), temperature in 0.5..5.0_f64,
        ) {
            let one = calibration(bias.clone(), 1.0).shares(&scores).unwrap();
            let other = calibration(bias, temperature).shares(&scores).unwrap();
            let winner = likeliest(&one).unwrap();
            prop_assert!(other[winner] >= other.iter().copied().fold(0.0, f64::max) - 1e-12);
        }
    }
}
