//! How much two models are alike: pure functions over what they said about the built-in texts.
//!
//! The Kullback-Leibler divergence of a position is computed over the original's
//! [`KEPT_TOKENS`] likeliest tokens and all others as one, so that what is kept of the original
//! does not grow with its vocabulary. Lumping outcomes together never makes a divergence larger;
//! what it hides is among tokens that the original gives next to nothing.

use serde::{Deserialize, Serialize};

use super::super::ffi::Token;
use super::super::sample::argmax;

/// Tokens of a position that are told apart.
const KEPT_TOKENS: usize = 256;
/// Less than this share of the probability is rounding.
const NOTHING: f64 = 1e-9;

/// A copy gives the same label at least this often.
pub const LEAST_LABEL_AGREEMENT: f64 = 0.95;
/// Where it gives another, the original was undecided: its label was ahead of the copy's by less
/// than this, in logits.
pub const MOST_FLIP_MARGIN: f64 = 0.5;
/// The most that next tokens may diverge on average, in nats.
pub const MOST_MEAN_KL: f64 = 0.02;

/// How like its original a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Likeness {
    /// Label questions that were asked.
    pub labels: u32,
    /// Of those, how many got the same label.
    pub labels_alike: u32,
    /// Of those with another label: by how many logits the original was surest of its own against
    /// the copy's. `None` if all are alike.
    pub largest_flip_margin: Option<f64>,
    /// Positions of text that were compared.
    pub positions: u32,
    /// Of those, how many have the same likeliest token.
    pub tokens_alike: u32,
    /// The mean divergence of the copy's next token from the original's, in nats.
    pub mean_kl_nats: f64,
}

impl Likeness {
    /// Why the copy is not faithful; `None` if it is.
    pub fn fault(&self) -> Option<String> {
        let share = f64::from(self.labels_alike) / f64::from(self.labels.max(1));
        if share < LEAST_LABEL_AGREEMENT {
            return Some(format!("only {} of {} labels are alike", self.labels_alike, self.labels));
        }
        if let Some(margin) = self.largest_flip_margin
            && (margin >= MOST_FLIP_MARGIN || margin.is_nan())
        {
            return Some(format!("a label changed that was ahead by {margin:.2} logits"));
        }
        if self.mean_kl_nats > MOST_MEAN_KL || self.mean_kl_nats.is_nan() {
            return Some(format!("its next tokens diverge by {:.4} nats", self.mean_kl_nats));
        }
        None
    }
}

/// What is kept of the original's next token at one position.
#[derive(Clone, Debug)]
pub struct Position {
    /// The likeliest tokens, in no order, with the logarithm of their probability.
    kept: Vec<(Token, f64)>,
    likeliest: Token,
}

impl Position {
    /// What to keep of a position.
    pub fn new(logits: &[f32]) -> Self {
        let total = log_total(logits);
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        let highest_first =
            |one: &u32, other: &u32| logits[*other as usize].total_cmp(&logits[*one as usize]);
        if order.len() > KEPT_TOKENS {
            order.select_nth_unstable_by(KEPT_TOKENS, highest_first);
            order.truncate(KEPT_TOKENS);
        }
        let kept = order
            .into_iter()
            .map(|token| (token as Token, f64::from(logits[token as usize]) - total))
            .collect();
        Self { kept, likeliest: argmax(logits) }
    }

    /// The divergence of another model's next token from this one, in nats.
    pub fn divergence(&self, logits: &[f32]) -> f64 {
        let total = log_total(logits);
        let (mut sum, mut rest, mut other_rest) = (0.0, 1.0, 1.0);
        for &(token, logarithm) in &self.kept {
            let Some(logit) = logits.get(token as usize) else { return f64::INFINITY };
            let other = f64::from(*logit) - total;
            sum += logarithm.exp() * (logarithm - other);
            rest -= logarithm.exp();
            other_rest -= other.exp();
        }
        if rest > NOTHING {
            sum += rest * (rest / other_rest.max(NOTHING)).ln();
        }
        sum.max(0.0)
    }

    /// Whether the likeliest token is the same.
    pub fn agrees(&self, logits: &[f32]) -> bool {
        argmax(logits) == self.likeliest
    }
}

/// The logarithm of the sum of the exponentials.
fn log_total(logits: &[f32]) -> f64 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let highest = f64::from(highest);
    let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - highest).exp()).sum();
    highest + sum.ln()
}

/// Compares the labels of two models: how many questions, how many alike, and the largest margin
/// of the original among the others. Each entry holds the probabilities of one question's labels.
pub fn compare_labels(original: &[Vec<f64>], copy: &[Vec<f64>]) -> (u32, u32, Option<f64>) {
    let best = |probabilities: &[f64]| {
        let best = probabilities.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1));
        best.map_or(0, |(label, _)| label)
    };
    let margins: Vec<f64> = original
        .iter()
        .zip(copy)
        .filter_map(|(original, copy)| {
            let (own, other) = (best(original), best(copy));
            (own != other).then(|| (original[own] / original[other]).ln())
        })
        .collect();
    let alike = original.len().min(copy.len()) - margins.len();
    (original.len() as u32, alike as u32, margins.into_iter().reduce(f64::max))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The divergence over the whole vocabulary.
    fn exact(original: &[f32], copy: &[f32]) -> f64 {
        let (total, other) = (log_total(original), log_total(copy));
        original
            .iter()
            .zip(copy)
            .map(|(p, q)| {
                let (p, q) = (f64::from(*p) - total, f64::from(*q) - other);
                p.exp() * (p - q)
            })
            .sum()
    }

    fn likeness() -> Likeness {
        Likeness {
            labels: 40,
            labels_alike: 38,
            largest_flip_margin: Some(0.49),
            positions: 600,
            tokens_alike: 580,
            mean_kl_nats: MOST_MEAN_KL,
        }
    }

    #[test]
    fn a_copy_is_faithful_up_to_its_bounds_and_not_beyond() {
        assert_eq!(likeness().fault(), None);
        let faults = [
            Likeness { labels_alike: 37, ..likeness() },
            Likeness { largest_flip_margin: Some(0.5), ..likeness() },
            Likeness { largest_flip_margin: Some(f64::NAN), ..likeness() },
            Likeness { mean_kl_nats: MOST_MEAN_KL * 1.01, ..likeness() },
            Likeness { mean_kl_nats: f64::NAN, ..likeness() },
        ];
        for fault in faults {
            assert!(fault.fault().is_some(), "{fault:?}");
        }
    }

    #[test]
    fn a_flip_counts_with_the_margin_that_the_original_had() {
        let original = [vec![0.6, 0.4], vec![0.9, 0.1], vec![0.2, 0.5, 0.3]];
        let copy = [vec![0.4, 0.6], vec![0.8, 0.2], vec![0.3, 0.3, 0.4]];
        let (asked, alike, margin) = compare_labels(&original, &copy);
        assert_eq!((asked, alike), (3, 1));
        assert!((margin.unwrap() - (0.5_f64 / 0.3).ln()).abs() < 1e-12);
        assert_eq!(compare_labels(&original, &original), (3, 3, None));
    }

    proptest! {
        #[test]
        fn the_divergence_is_that_of_the_whole_vocabulary_while_it_is_kept_whole(
            pairs in prop::collection::vec((-20.0_f32..20.0, -20.0_f32..20.0), 1..200)
        ) {
            let (original, copy): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let found = Position::new(&original).divergence(&copy);
            let expected = exact(&original, &copy);
            prop_assert!((found - expected).abs() < 1e-6 * (1.0 + expected), "{found} {expected}");
        }

        #[test]
        fn a_large_vocabulary_gives_at_most_the_divergence_and_zero_for_the_same(
            seed in prop::collection::vec((-8.0_f32..8.0, -0.5_f32..0.5), 400..900)
        ) {
            let original: Vec<f32> = seed.iter().map(|(logit, _)| *logit).collect();
            let copy: Vec<f32> = seed.iter().map(|(logit, noise)| logit + noise).collect();
            let position = Position::new(&original);
            prop_assert!(position.divergence(&original) < 1e-9);
            prop_assert!(position.agrees(&original));
            let (found, whole) = (position.divergence(&copy), exact(&original, &copy));
            prop_assert!(found <= whole + 1e-9, "{found} {whole}");
            prop_assert!(found >= 0.3 * whole, "{found} {whole}");
        }
    }
}
