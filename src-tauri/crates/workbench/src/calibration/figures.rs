//! How good labels are, where a person has said what they should be. Pure functions.

use braincells_core::likeliest;
use serde::{Deserialize, Serialize};

/// Bins of a reliability table.
const BINS: usize = 10;

/// How often a label is in a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// Cells that have it as the model says.
    pub raw: u64,
    /// Cells that have it by the calibration of each.
    pub calibrated: u64,
}

/// Cells whose confidence lies between two tenths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ReliabilityBin {
    /// Cells in it.
    pub cells: u64,
    /// Their mean confidence; 0 if there are none.
    pub confidence: f64,
    /// The share of them that are right; 0 if there are none.
    pub accuracy: f64,
}

/// How good confidences are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CheckedFigures {
    /// Cells whose label a person approved or corrected.
    pub cells: u64,
    /// The share of them that are right.
    pub accuracy: f64,
    /// The expected calibration error: the mean distance between confidence and accuracy over the
    /// bins, weighed by their cells (Naeini et al. 2015). 0 is best.
    pub calibration_error: f64,
    /// Ten bins, the least confident first: 0 to 0.1, and so on.
    pub reliability: Vec<ReliabilityBin>,
}

impl CheckedFigures {
    /// From the shares of all labels and the index of the right one, for each cell; `None` of
    /// none.
    pub(crate) fn of(cells: impl IntoIterator<Item = (Vec<f64>, usize)>) -> Option<Self> {
        // Cells, confidences and right answers of each bin.
        let mut bins = [(0_u64, 0.0_f64, 0_u64); BINS];
        for (shares, right) in cells {
            let Some(best) = likeliest(&shares) else { continue };
            let confidence = shares[best].clamp(0.0, 1.0);
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.0 += 1;
            bin.1 += confidence;
            bin.2 += u64::from(best == right);
        }
        let cells: u64 = bins.iter().map(|bin| bin.0).sum();
        if cells == 0 {
            return None;
        }
        let right: u64 = bins.iter().map(|bin| bin.2).sum();
        let apart: f64 = bins.iter().map(|(_, sure, right)| (sure - *right as f64).abs()).sum();
        let bin = |(cells, sure, right): (u64, f64, u64)| {
            let mean = |sum: f64| if cells == 0 { 0.0 } else { sum / cells as f64 };
            ReliabilityBin { cells, confidence: mean(sure), accuracy: mean(right as f64) }
        };
        Some(Self {
            cells,
            accuracy: right as f64 / cells as f64,
            calibration_error: apart / cells as f64,
            reliability: bins.into_iter().map(bin).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_model_that_is_as_sure_as_it_is_right_has_no_calibration_error() {
        let cells = (0..10).map(|cell| (vec![0.7, 0.3], usize::from(cell >= 7)));
        let figures = CheckedFigures::of(cells).unwrap();
        assert_eq!((figures.cells, figures.accuracy), (10, 0.7));
        assert!(figures.calibration_error < 1e-9);
        assert_eq!(figures.reliability[7].cells, 10);
    }

    #[test]
    fn a_model_that_is_sure_and_wrong_has_all_of_it() {
        let figures = CheckedFigures::of([(vec![1.0, 0.0], 1), (vec![0.0, 1.0], 0)]).unwrap();
        assert_eq!((figures.accuracy, figures.calibration_error), (0.0, 1.0));
        let last = figures.reliability[9];
        assert_eq!((last.cells, last.confidence, last.accuracy), (2, 1.0, 0.0));
        assert_eq!(CheckedFigures::of([]), None);
    }

    proptest! {
        #[test]
        fn every_cell_is_in_one_bin_and_the_bins_say_the_accuracy(
            cells in prop::collection::vec((0.0..=1.0_f64, 0_usize..2), 1..60),
        ) {
            let count = cells.len() as u64;
            let cells = cells.into_iter().map(|(share, right)| (vec![share, 1.0 - share], right));
            let figures = CheckedFigures::of(cells).unwrap();
            prop_assert_eq!(figures.reliability.len(), BINS);
            prop_assert_eq!(figures.reliability.iter().map(|bin| bin.cells).sum::<u64>(), count);
            let right: f64 =
                figures.reliability.iter().map(|bin| bin.accuracy * bin.cells as f64).sum();
            prop_assert!((right / count as f64 - figures.accuracy).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&figures.calibration_error));
        }
    }
}
