//! What an engine has computed, in figures.

use serde::{Deserialize, Serialize};

/// What an engine has computed since it was loaded, and where its time went. Differences of two
/// readings are the figures of what lies between.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineFigures {
    /// Requests that were answered.
    pub rows: u64,
    /// Tokens of prompts that were computed, those of shared prefixes counted once.
    pub prompt_tokens: u64,
    /// Tokens of prompts that were not computed because a prefix had them.
    pub shared_tokens: u64,
    /// Tokens computed one after another for answers.
    pub generated_tokens: u64,
    /// Tokens of typed answers that were certain and so not chosen: they are computed together.
    pub forced_tokens: u64,
    /// Prefixes that were computed.
    pub prefixes: u64,
    /// Prefixes that were read from the disk instead.
    pub prefixes_read: u64,
    /// Rows that had to wait in the middle of their answer because the memory was full.
    pub interrupted: u64,
    /// Calls of the model.
    pub calls: u64,
    /// Seconds in calls for prompts.
    pub prompt_seconds: f64,
    /// Seconds in calls for answers.
    pub generation_seconds: f64,
    /// Seconds between these calls, while there was work: choosing tokens, sharing, planning.
    pub other_seconds: f64,
}

impl EngineFigures {
    /// Seconds in calls of the model.
    #[must_use]
    pub fn compute_seconds(&self) -> f64 {
        self.prompt_seconds + self.generation_seconds
    }

    /// The share of the working time that was not spent in the model, 0 to 1.
    #[must_use]
    pub fn other_share(&self) -> f64 {
        let total = self.compute_seconds() + self.other_seconds;
        if total > 0.0 { self.other_seconds / total } else { 0.0 }
    }

    /// What was done since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            rows: self.rows.saturating_sub(earlier.rows),
            prompt_tokens: self.prompt_tokens.saturating_sub(earlier.prompt_tokens),
            shared_tokens: self.shared_tokens.saturating_sub(earlier.shared_tokens),
            generated_tokens: self.generated_tokens.saturating_sub(earlier.generated_tokens),
            forced_tokens: self.forced_tokens.saturating_sub(earlier.forced_tokens),
            prefixes: self.prefixes.saturating_sub(earlier.prefixes),
            prefixes_read: self.prefixes_read.saturating_sub(earlier.prefixes_read),
            interrupted: self.interrupted.saturating_sub(earlier.interrupted),
            calls: self.calls.saturating_sub(earlier.calls),
            prompt_seconds: (self.prompt_seconds - earlier.prompt_seconds).max(0.0),
            generation_seconds: (self.generation_seconds - earlier.generation_seconds).max(0.0),
            other_seconds: (self.other_seconds - earlier.other_seconds).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_run_are_the_difference_of_two_readings() {
        let before = EngineFigures { rows: 3, prompt_seconds: 1.0, ..EngineFigures::default() };
        let after = EngineFigures {
            rows: 5,
            prompt_seconds: 3.0,
            generation_seconds: 1.0,
            other_seconds: 1.0,
            ..EngineFigures::default()
        };
        let run = after.since(&before);
        assert_eq!(run.rows, 2);
        assert!((run.compute_seconds() - 3.0).abs() < 1e-9);
        assert!((run.other_share() - 0.25).abs() < 1e-9);
        assert!(EngineFigures::default().other_share().abs() < 1e-9, "no work, no share");
    }
}
