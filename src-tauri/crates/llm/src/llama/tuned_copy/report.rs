//! What is told of the candidates.

use serde::{Deserialize, Serialize};

use super::super::quantise::Quantisation;
use super::super::tuning::Tuning;
use super::likeness::Likeness;

/// How fast a model is on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Speed {
    /// Prompt tokens a second, 256 in one call.
    pub prefill_tokens_per_s: f64,
    /// Generated tokens a second, 16 rows at once.
    pub decode_tokens_per_s: f64,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum CandidateOutcome {
    /// The fastest that is faithful.
    Chosen,
    /// Faithful, but another is faster.
    Slower,
    /// Not worth it: hardly faster than the original, or not at all.
    NoGain,
    /// Too unlike the original.
    Unfaithful {
        /// In which way.
        reason: String,
    },
    /// Not tried, or not usable.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// A candidate with its figures, as far as it got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Candidate {
    /// Its quantisation.
    pub quantisation: Quantisation,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: CandidateOutcome,
    /// Its size, once it was written.
    pub size_bytes: Option<u64>,
    /// Its speed, once it was measured.
    pub speed: Option<Speed>,
    /// How many times as fast as the original it does a typical row: 48 tokens of prompt of its
    /// own and 12 of answer.
    pub gain: Option<f64>,
    /// How like the original it is, where it is faster.
    pub likeness: Option<Likeness>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct TuneReport {
    /// What the original is quantised as, where its file says.
    pub original_quantisation: Option<String>,
    /// The original's size.
    pub original_size_bytes: u64,
    /// The original's speed; `None` if no candidate was measured.
    pub original_speed: Option<Speed>,
    /// The candidates, in the order in which they were tried.
    pub candidates: Vec<Candidate>,
    /// How many rows at once and how many threads are fastest for the chosen one, or for the
    /// original where none was chosen; `None` where that could not be measured.
    pub setup: Option<Tuning>,
    /// How long it took.
    pub elapsed_ms: u64,
}

impl TuneReport {
    /// The candidate that was chosen.
    pub fn chosen(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|one| one.outcome == CandidateOutcome::Chosen)
    }
}
