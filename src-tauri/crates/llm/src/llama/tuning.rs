//! Which setup computes a column fastest: pure decisions over measured times. `autotune` measures.
//!
//! How many rows are computed together matters for generation, and for prompts only as long as
//! they do not fill a call. Times of a busy machine are only ever too long, so the shortest of
//! several counts. What is not clearly faster than the default is the default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A setup must be faster by this much to be taken instead of the default.
const LEAST_GAIN: f64 = 0.03;
/// How often each thing is measured, if time allows; and how often at least to be believed.
const ROUNDS: usize = 3;
const LEAST_ROUNDS: usize = 2;
/// From this many tokens a larger call is hardly faster per token.
const FULL_CALL: u32 = 256;

/// How large the requests are that a model is tuned for, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypicalSizes {
    /// What all prompts begin with.
    pub prefix_tokens: u32,
    /// What is each prompt's own.
    pub own_tokens: u32,
    /// What is generated for an answer; 0 where labels are scored.
    pub answer_tokens: u32,
}

impl Default for TypicalSizes {
    fn default() -> Self {
        Self { prefix_tokens: 200, own_tokens: 40, answer_tokens: 24 }
    }
}

/// A measured setup: what [`LlamaEngine::autotune`] found for a model on a device. Kept by the
/// caller under the model's hash and the options; [`LoadOptions::tuning`] takes it, and it counts
/// there only on the same device.
///
/// [`LlamaEngine::autotune`]: super::LlamaEngine::autotune
/// [`LoadOptions::tuning`]: super::LoadOptions::tuning
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Tuning {
    /// What it was measured on.
    pub device: String,
    /// Rows computed together.
    pub parallel_rows: u32,
    /// Threads.
    pub threads: u32,
    /// Estimated microseconds for one row with this setup; 0 if nothing could be measured.
    pub row_us: u64,
    /// The same with the default setup.
    pub default_row_us: u64,
}

/// A setup that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    /// Rows computed together.
    pub rows: u32,
    /// Threads.
    pub threads: u32,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// One call with this many tokens of prompts.
    Prompt {
        /// Tokens in the call.
        tokens: u32,
        /// Threads.
        threads: u32,
    },
    /// One call with a token of each of this many rows.
    Generation {
        /// Rows.
        rows: u32,
        /// Threads.
        threads: u32,
    },
}

impl Setup {
    fn prompt(self, sizes: TypicalSizes) -> Probe {
        let tokens = (self.rows * sizes.own_tokens.max(1)).min(FULL_CALL);
        Probe::Prompt { tokens, threads: self.threads }
    }

    fn probes(self, sizes: TypicalSizes) -> Vec<Probe> {
        let generation = Probe::Generation { rows: self.rows, threads: self.threads };
        let mut probes = vec![self.prompt(sizes)];
        if sizes.answer_tokens > 0 {
            probes.push(generation);
        }
        probes
    }

    /// Seconds for one row, from the shortest times.
    fn row_seconds(self, sizes: TypicalSizes, times: &Times) -> Option<f64> {
        let mut seconds = 0.0;
        for probe in self.probes(sizes) {
            let shortest = times.shortest(probe)?;
            seconds += match probe {
                Probe::Prompt { tokens, .. } => {
                    shortest * f64::from(sizes.own_tokens.max(1)) / f64::from(tokens)
                }
                Probe::Generation { rows, .. } => {
                    shortest * f64::from(sizes.answer_tokens) / f64::from(rows)
                }
            };
        }
        Some(seconds)
    }
}

#[derive(Default)]
struct Times(BTreeMap<Probe, Vec<f64>>);

impl Times {
    fn shortest(&self, probe: Probe) -> Option<f64> {
        let times = self.0.get(&probe).filter(|times| times.len() >= LEAST_ROUNDS)?;
        times.iter().copied().reduce(f64::min)
    }
}

/// A setup, chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The fastest setup.
    pub setup: Setup,
    /// Estimated microseconds for one row with it; 0 if nothing could be measured.
    pub row_us: u64,
    /// The same with the default setup.
    pub default_row_us: u64,
}

impl Choice {
    /// A setup that was not measured.
    pub fn unmeasured(setup: Setup) -> Self {
        Self { setup, row_us: 0, default_row_us: 0 }
    }

    /// The same as it is kept.
    pub fn on(self, device: String) -> Tuning {
        let Self { setup: Setup { rows, threads }, row_us, default_row_us } = self;
        Tuning { device, parallel_rows: rows, threads, row_us, default_row_us }
    }
}

/// Measures setups in turn until `budget_seconds` are spent and chooses: first how many rows,
/// then how many threads. `measure` answers with the seconds of one call.
pub fn choose<E>(
    default: Setup,
    rows: &[u32],
    threads: &[u32],
    sizes: TypicalSizes,
    budget_seconds: f64,
    mut measure: impl FnMut(Probe) -> Result<f64, E>,
) -> Result<Choice, E> {
    let mut times = Times::default();
    let mut spent = 0.0;
    let mut best = default;
    let by_rows: Vec<Setup> = rows.iter().map(|&rows| Setup { rows, ..default }).collect();
    // Two thirds of the time for the rows, and all that is left then for the threads.
    for (is_last, share) in [(false, 2.0 / 3.0), (true, 1.0)] {
        let others = if is_last {
            threads.iter().map(|&threads| Setup { threads, ..best }).collect()
        } else {
            by_rows.clone()
        };
        let mut setups = vec![default, best];
        setups.extend(others);
        let mut probes: Vec<Probe> = setups.iter().flat_map(|setup| setup.probes(sizes)).collect();
        let mut seen = std::collections::BTreeSet::new();
        probes.retain(|&probe| seen.insert(probe));
        for round in 1..=ROUNDS {
            for &probe in &probes {
                let done = times.0.get(&probe).map_or(0, Vec::len);
                if done >= round || spent > budget_seconds * share {
                    continue;
                }
                let seconds = measure(probe)?;
                spent += seconds;
                times.0.entry(probe).or_default().push(seconds);
            }
        }
        let Some(usual) = best.row_seconds(sizes, &times) else { break };
        let found = setups
            .iter()
            .filter_map(|&setup| Some((setup.row_seconds(sizes, &times)?, setup)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((seconds, setup)) = found
            && seconds < usual * (1.0 - LEAST_GAIN)
        {
            best = setup;
        }
    }
    let micros = |setup: Setup| {
        setup.row_seconds(sizes, &times).map_or(0, |seconds| (seconds * 1e6).round() as u64)
    };
    Ok(Choice { setup: best, row_us: micros(best), default_row_us: micros(default) })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    const DEFAULT: Setup = Setup { rows: 16, threads: 4 };
    const ROWS: [u32; 5] = [8, 16, 24, 32, 48];

    fn tuned(
        sizes: TypicalSizes,
        budget: f64,
        mut cost: impl FnMut(Probe) -> f64,
    ) -> (Choice, usize) {
        let mut calls = 0;
        let found = choose(DEFAULT, &ROWS, &[4, 3], sizes, budget, |probe| {
            calls += 1;
            Ok::<_, Infallible>(cost(probe))
        });
        (found.unwrap(), calls)
    }

    /// 1 ms for a prompt token, and for a generated one of few rows 5 ms, of many rows less.
    fn usual(probe: Probe) -> f64 {
        match probe {
            Probe::Prompt { tokens, .. } => f64::from(tokens) * 1e-3,
            Probe::Generation { rows, .. } => 0.02 + f64::from(rows) * 1e-3,
        }
    }

    #[test]
    fn more_rows_are_taken_where_they_are_clearly_faster() {
        let (found, _) = tuned(TypicalSizes::default(), 100.0, usual);
        assert_eq!(found.setup, Setup { rows: 48, threads: 4 });
        assert!(found.row_us < found.default_row_us * 97 / 100, "{found:?}");
    }

    #[test]
    fn what_is_hardly_faster_is_not_taken() {
        let flat = |probe| match probe {
            Probe::Generation { rows: 16, .. } => 16e-3,
            Probe::Generation { rows, .. } => f64::from(rows) * 0.98e-3,
            Probe::Prompt { tokens, .. } => f64::from(tokens) * 1e-3,
        };
        let (found, _) = tuned(TypicalSizes::default(), 100.0, flat);
        assert_eq!(found.setup, Setup { rows: 16, threads: 4 });
        assert_eq!(found.row_us, found.default_row_us);
    }

    #[test]
    fn fewer_threads_are_taken_where_the_last_core_is_busy() {
        let busy = |probe: Probe| match probe {
            Probe::Prompt { threads: 4, .. } | Probe::Generation { threads: 4, .. } => {
                1.5 * usual(probe)
            }
            _ => usual(probe),
        };
        let (found, _) = tuned(TypicalSizes::default(), 100.0, busy);
        assert_eq!(found.setup, Setup { rows: 48, threads: 3 });
    }

    #[test]
    fn a_single_slow_moment_changes_nothing() {
        let mut calls = 0;
        let (found, _) = tuned(TypicalSizes::default(), 100.0, |probe| {
            calls += 1;
            usual(probe) * if calls % 5 == 0 { 9.0 } else { 1.0 }
        });
        assert_eq!(found.setup.rows, 48);
    }

    #[test]
    fn a_slow_model_is_not_measured_for_long_and_keeps_the_default() {
        let (found, calls) = tuned(TypicalSizes::default(), 4.0, |_| 3.0);
        assert_eq!(found, Choice::unmeasured(DEFAULT));
        assert!(calls <= 3, "{calls}");
    }

    #[test]
    fn where_labels_are_scored_only_prompts_are_measured() {
        let sizes = TypicalSizes { answer_tokens: 0, ..TypicalSizes::default() };
        let (found, _) = tuned(sizes, 100.0, |probe| {
            assert!(matches!(probe, Probe::Prompt { .. }), "{probe:?}");
            usual(probe)
        });
        assert_eq!(found.setup.rows, 16);
    }

    proptest! {
        #[test]
        fn the_choice_is_never_slower_than_the_default(
            costs in proptest::collection::vec(1_u32..1000, 32),
            budget in 0.0_f64..5.0,
        ) {
            let cost = |probe: Probe| {
                let index = match probe {
                    Probe::Prompt { tokens, threads } => tokens + threads,
                    Probe::Generation { rows, threads } => rows + 7 * threads,
                };
                f64::from(costs[index as usize % costs.len()]) * 1e-4
            };
            let (found, _) = tuned(TypicalSizes::default(), budget, cost);
            prop_assert!(found.row_us <= found.default_row_us || found.default_row_us == 0);
        }
    }
}
