use braincells_core::{CheckedScores, RowId, likeliest};
use proptest::prelude::*;

use super::*;

/// The scores of a model that likes label 0 by `bias` and is otherwise right by `margin`.
fn liking(bias: f64, margin: f64, right: usize) -> Vec<f64> {
    let sign = if right == 0 { 1.0 } else { -1.0 };
    log_shares(&[bias / 2.0 + sign * margin / 2.0, -bias / 2.0 - sign * margin / 2.0])
}

fn log_shares(logits: &[f64]) -> Vec<f64> {
    braincells_core::raw_shares(logits).into_iter().map(f64::ln).collect()
}

fn checked(cells: impl IntoIterator<Item = (Vec<f64>, usize)>) -> Vec<CheckedScores> {
    let cell = |(row, (scores, label))| CheckedScores { row: RowId(row), scores, label };
    (1..).zip(cells).map(cell).collect()
}

fn prior(scores: Vec<f64>) -> Prior {
    Prior { scores, inputs: 32 }
}

fn calibrate(mode: CalibrationMode, prior: &Prior, checked: &[CheckedScores]) -> Calibration {
    estimate(mode, 2, "prompt", prior, checked, &[]).unwrap()
}

fn decides(calibration: &Calibration, scores: &[f64]) -> usize {
    likeliest(&calibration.shares(scores).unwrap()).unwrap()
}

#[test]
fn a_measured_liking_is_taken_back() {
    let measured = prior(liking(3.0, 0.0, 0));
    let calibration = calibrate(CalibrationMode::Prior, &measured, &[]);
    assert!((calibration.bias[0] - (3.0 - MOST_LEFT) / 2.0).abs() < 1e-9);
    assert!((calibration.bias.iter().sum::<f64>()).abs() < 1e-9);
    assert_eq!((calibration.temperature, calibration.checked_cells), (1.0, 0));
    for right in [0, 1] {
        assert_eq!(decides(&calibration, &liking(3.0, 2.0, right)), right);
    }
    assert_eq!(likeliest(&liking(3.0, 2.0, 1)), Some(0), "it was wrong before");
}

#[test]
fn half_of_a_small_liking_is_taken_back_and_all_but_a_part_of_a_great_one() {
    let fair = calibrate(CalibrationMode::Prior, &prior(liking(0.0, 0.0, 0)), &[]);
    assert_eq!(fair.bias, [0.0, 0.0]);
    let three = prior(vec![-1.0, -1.0, -3.0]);
    let bias = estimate(CalibrationMode::Prior, 3, "p", &three, &[], &[]).unwrap().bias;
    assert!((bias[0] - bias[2] - (2.0 - MOST_LEFT)).abs() < 1e-9, "{bias:?}");
    assert!((bias[0] - bias[1]).abs() < 1e-9, "{bias:?}");
    let half = calibrate(CalibrationMode::Prior, &prior(liking(0.8, 0.0, 0)), &[]);
    assert!((half.bias[0] - half.bias[1] - PART * 0.8).abs() < 1e-9, "{half:?}");
}

#[test]
fn every_label_counts_alike_in_a_prior_however_often_it_was_named() {
    let answers = [(0, vec![-1.0, -3.0]), (1, vec![-2.0, -1.0]), (0, vec![-3.0, -5.0])];
    let prior = Prior::of(&answers);
    assert_eq!((prior.scores, prior.inputs), (vec![-2.0, -2.5], 3));
    assert_eq!(Prior::of(&[]), Prior::default());
}

#[test]
fn nothing_measured_and_nothing_checked_is_no_prior() {
    let nothing = Prior::default();
    assert_eq!(estimate(CalibrationMode::Prior, 2, "p", &nothing, &[], &[]), None);
    assert_eq!(estimate(CalibrationMode::Batch, 2, "p", &nothing, &[], &[]), None);
    let none = estimate(CalibrationMode::None, 2, "p", &nothing, &[], &[]).unwrap();
    assert_eq!((none.bias, none.temperature), (vec![0.0, 0.0], 1.0));
}

#[test]
fn what_was_measured_is_kept_in_every_mode() {
    let measured = prior(liking(1.0, 0.0, 0));
    let rows = liking(1.0, 1.0, 0);
    for mode in CalibrationMode::ALL {
        let made = estimate(mode, 2, "p", &measured, &[], &[&rows]).unwrap();
        assert_eq!(Prior::of_calibration(&made), Some(measured.clone()), "{mode:?}");
        assert_eq!((made.mode, made.prompt.as_str()), (mode, "p"));
    }
}

#[test]
fn checked_cells_move_the_bias_the_more_of_them_there_are() {
    let measured = prior(liking(0.0, 0.0, 0));
    // A quarter of them are wrong, so that no bias gets them all right.
    let right = |at: usize| if at % 8 < 6 { at % 2 } else { 1 - at % 2 };
    let cells = |count: usize| checked((0..count).map(|at| (liking(3.0, 1.0, right(at)), at % 2)));
    let mut last = 0.0;
    for count in [8, 16, 64, 256] {
        let made = calibrate(CalibrationMode::Prior, &measured, &cells(count));
        assert!(made.bias[0] > last, "{count} cells: {:?} after {last}", made.bias);
        assert_eq!(made.checked_cells as usize, count);
        last = made.bias[0];
    }
    assert!((last - 1.5).abs() < 0.1, "with many cells it is what it is: {last}");
}

#[test]
fn cells_of_one_label_and_too_few_cells_refine_nothing() {
    let measured = prior(liking(1.0, 0.0, 0));
    let plain = calibrate(CalibrationMode::Prior, &measured, &[]);
    let one = checked((0..50).map(|_| (liking(1.0, 1.0, 1), 1)));
    let few = checked([(liking(1.0, 1.0, 1), 1), (liking(1.0, 1.0, 0), 0)]);
    for cells in [one, few] {
        let made = calibrate(CalibrationMode::Prior, &measured, &cells);
        assert_eq!((&made.bias, made.temperature), (&plain.bias, 1.0));
        assert_eq!((made.checked, made.checked_cells), (cells, 0), "they are kept for later");
    }
}

#[test]
fn a_model_that_is_too_unsure_is_made_surer_and_one_that_is_too_sure_less() {
    let measured = prior(liking(0.0, 0.0, 0));
    let unsure = checked((0..60).map(|at| (liking(0.0, 0.3, at % 2), at % 2)));
    assert!(calibrate(CalibrationMode::Prior, &measured, &unsure).temperature < 0.5);
    // Right in half of the cells, and very sure in all.
    let sure = checked((0..60).map(|at| (liking(0.0, 6.0, at % 2), at / 2 % 2)));
    assert!(calibrate(CalibrationMode::Prior, &measured, &sure).temperature > 3.0);
}

#[test]
fn a_batch_is_the_mean_of_its_rows_with_the_prior_as_a_few_rows_more() {
    let rows: Vec<Vec<f64>> = (0..1600).map(|at| liking(2.0, 1.0, at % 2)).collect();
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let measured = prior(liking(0.0, 0.0, 0));
    let bias = |rows: &[&[f64]], prior: &Prior| {
        let made = estimate(CalibrationMode::Batch, 2, "p", prior, &[], rows).unwrap();
        assert_eq!(made.rows, rows.len() as u64);
        made.bias[0]
    };
    assert!((bias(&rows, &Prior::default()) - 1.0).abs() < 1e-9);
    assert!((bias(&rows, &measured) - 0.99).abs() < 0.001);
    assert!(bias(&rows[..4], &measured) < 0.3, "four rows say little");
}

#[test]
fn of_very_many_checked_cells_some_from_everywhere_are_used() {
    let cells = checked((0..5_000).map(|at| (liking(1.0, 1.0, at % 2), at % 2)));
    let made = calibrate(CalibrationMode::Prior, &prior(liking(0.0, 0.0, 0)), &cells);
    assert_eq!((made.checked_cells as usize, made.checked.len()), (MOST_REFINING, MOST_REFINING));
    let rows: Vec<i64> = made.checked.iter().map(|cell| cell.row.0).collect();
    assert!(rows[0] < 20 && rows[MOST_REFINING - 1] > 4_980, "{rows:?}");
}

#[test]
fn a_spread_has_as_many_as_wanted_from_everywhere() {
    assert_eq!(spread(vec![1, 2, 3], 5), [1, 2, 3]);
    assert_eq!(spread((0..10).collect(), 5), [1, 3, 5, 7, 9]);
    assert_eq!(spread((0..1000).collect::<Vec<_>>(), 7).len(), 7);
    assert_eq!(spread(vec![1, 2], 0), [0; 0]);
}

#[test]
fn scores_of_other_labels_refine_nothing() {
    let wrong = checked((0..8).map(|at| (vec![-1.0; 3], at % 2)));
    assert_eq!(refined(&[0.0, 0.0], &wrong), None);
    let beyond = checked((0..8).map(|at| (vec![-1.0; 2], at % 3)));
    assert_eq!(refined(&[0.0, 0.0], &beyond), None);
}

fn cells() -> impl Strategy<Value = Vec<CheckedScores>> {
    (2_usize..5).prop_flat_map(|labels| {
        let scores = prop::collection::vec(-8.0..8.0_f64, labels).prop_map(|l| log_shares(&l));
        prop::collection::vec((scores, 0..labels), 4..40).prop_map(checked)
    })
}

proptest! {
    #[test]
    fn the_descent_arrives_where_no_direction_leads_further_down(cells in cells()) {
        let prior = vec![0.0; cells[0].scores.len()];
        if let Some((bias, temperature)) = refined(&prior, &cells) {
            prop_assert!(temperature.is_finite() && temperature > 0.0);
            // Shares do not depend on a shift of all biases, only the distance to the prior does.
            let at = Point { bias, cold: -temperature.ln() };
            let found = at.loss(&prior, &cells);
            let start = Point { bias: prior.clone(), cold: 0.0 }.loss(&prior, &cells);
            prop_assert!(found <= start + 1e-9);
            for label in 0..prior.len() {
                for step in [-0.05, 0.05] {
                    let mut bias = at.bias.clone();
                    bias[label] += step;
                    let beside = Point { bias, cold: at.cold }.loss(&prior, &cells);
                    prop_assert!(beside >= found - 1e-9, "{found} and {beside}");
                }
            }
        }
    }

    #[test]
    fn it_does_not_matter_which_cell_was_checked_first(cells in cells()) {
        let prior = vec![0.1; cells[0].scores.len()];
        let backwards: Vec<CheckedScores> = cells.iter().rev().cloned().collect();
        match (refined(&prior, &cells), refined(&prior, &backwards)) {
            (Some((bias, temperature)), Some((other_bias, other_temperature))) => {
                let pairs = bias.iter().chain([&temperature]).zip(other_bias.iter().chain([&other_temperature]));
                for (one, other) in pairs {
                    prop_assert!((one - other).abs() <= 1e-6 * one.abs().max(1.0), "{one} and {other}");
                }
            }
            (one, other) => prop_assert_eq!(one.is_some(), other.is_some()),
        }
    }
}
