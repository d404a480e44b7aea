//! One candidate: written, measured in turns with the original, compared with it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::TuneStage;

use super::super::quantise::{Quantisation, quantise};
use super::super::{LoadOptions, devices};
use super::likeness::{Likeness, Position, compare_labels};
use super::report::{Candidate, CandidateOutcome, Speed};
use super::subject::{Rates, Subject};
use super::{STAGES, Steps, TuneProgress, TuneRequest};
use crate::LLMError;

/// Measurements of each candidate, in turns with the original.
const ROUNDS: usize = 3;
/// A candidate that is slower than this in its first round is not measured again.
const HOPELESS: f64 = 0.9;
/// What a copy must gain to be worth its place on the disk.
pub const LEAST_GAIN: f64 = 1.1;
/// A typical row of a column: tokens of prompt behind the shared prefix, and tokens of answer.
const ROW_PROMPT: f64 = 48.0;
const ROW_ANSWER: f64 = 12.0;
/// The most bits a weight takes in any candidate, for it may fall back on Q8_0.
const MOST_BITS: f64 = 8.5;
/// Beside its weights: vocabulary and other metadata on the disk, context in memory.
const EXTRA_BYTES: u64 = 64 << 20;
const CONTEXT_BYTES: u64 = 256 << 20;

/// The original, with what is known of it.
pub struct Original {
    subject: Subject,
    /// Its speed beside each candidate.
    pub rates: Vec<Rates>,
    gpu_layers: i32,
    /// Asked for when a copy is worth comparing.
    said: Option<Said>,
}

/// What a model says about the built-in texts and questions.
struct Said {
    positions: Vec<Position>,
    labels: Vec<Vec<f64>>,
}

impl Original {
    pub fn load(request: &TuneRequest, stopped: &Arc<AtomicBool>) -> Result<Self, LLMError> {
        let gpu_layers = match request.gpu_layers {
            Some(layers) => i32::try_from(layers).unwrap_or(i32::MAX),
            None => devices::automatic_gpu_layers(&request.model, &LoadOptions::default()),
        };
        let subject = Subject::load(&request.model, gpu_layers, request.threads(), stopped)?;
        Ok(Self { subject, rates: Vec::new(), gpu_layers, said: None })
    }

    fn said(&mut self) -> Result<&Said, LLMError> {
        Ok(match &mut self.said {
            Some(said) => said,
            none => {
                let mut positions = Vec::new();
                self.subject.read_texts(|_, logits| positions.push(Position::new(logits)))?;
                let labels = self.subject.label_probabilities()?;
                none.insert(Said { positions, labels })
            }
        })
    }
}

/// One candidate on its way.
pub struct Trial<'a, F> {
    pub request: &'a TuneRequest,
    pub stopped: &'a Arc<AtomicBool>,
    pub quantisation: Quantisation,
    pub steps: &'a Steps<F>,
    /// Candidates before it.
    pub done: usize,
}

impl<F: Fn(TuneProgress) + Clone + Send + 'static> Trial<'_, F> {
    /// A candidate that is not tried.
    pub fn skipped(&self, reason: String) -> Candidate {
        Candidate {
            quantisation: self.quantisation,
            outcome: CandidateOutcome::Skipped { reason },
            size_bytes: None,
            speed: None,
            gain: None,
            likeness: None,
        }
    }

    fn tell(&self, stage: TuneStage, stages_done: f32) {
        let before = 1.0 + STAGES * self.done as f32;
        self.steps.tell(stage, Some(self.quantisation), before + stages_done);
    }

    /// Writes, measures and compares it. `kept_bytes` are taken by the best copy so far.
    pub fn run(&self, original: &mut Original, kept_bytes: u64) -> Result<Candidate, LLMError> {
        let weights = original.subject.parameter_count() as f64 * MOST_BITS / 8.0;
        let needed_bytes = weights as u64 + EXTRA_BYTES;
        let free = self.request.disk_bytes.map(|free| free.saturating_sub(kept_bytes));
        if let Some(free) = free.filter(|free| *free < needed_bytes) {
            return Ok(self.skipped(format!(
                "it may take {} MiB on the disk, and {} are free",
                needed_bytes >> 20,
                free >> 20
            )));
        }
        let path = self.request.copy_path(self.quantisation);
        let written = self.write(&path);
        self.check_stopped()?;
        let size_bytes = match written {
            Ok(size_bytes) => size_bytes,
            Err(LLMError::ModelBroken { reason, .. }) => return Ok(self.skipped(reason)),
            Err(error) => return Err(error),
        };
        let candidate = Candidate { size_bytes: Some(size_bytes), ..self.skipped(String::new()) };
        let needed_bytes = size_bytes + CONTEXT_BYTES;
        if let Some(free) = self.request.memory_bytes.filter(|free| *free < needed_bytes) {
            let reason = format!(
                "it takes {} MiB of memory, and {} are free",
                needed_bytes >> 20,
                free >> 20
            );
            return Ok(Candidate { outcome: CandidateOutcome::Skipped { reason }, ..candidate });
        }
        match self.measure(&path, original, candidate.clone()) {
            Err(LLMError::ModelBroken { reason, .. } | LLMError::InferenceFailed { reason }) => {
                Ok(Candidate { outcome: CandidateOutcome::Skipped { reason }, ..candidate })
            }
            other => other,
        }
    }

    fn check_stopped(&self) -> Result<(), LLMError> {
        if self.stopped.load(Ordering::Relaxed) { Err(LLMError::Cancelled) } else { Ok(()) }
    }

    fn write(&self, path: &Path) -> Result<u64, LLMError> {
        self.tell(TuneStage::Writing, 0.0);
        let hear = self.steps.hear.clone();
        let (quantisation, all) = (self.quantisation, self.steps.all);
        let before = 1.0 + STAGES * self.done as f32;
        let heard = move |share: f32| {
            hear(TuneProgress {
                stage: TuneStage::Writing,
                quantisation: Some(quantisation),
                fraction: ((before + share) / all).min(1.0),
            });
        };
        let TuneRequest { model, origin, .. } = self.request;
        quantise(model, path, self.quantisation, origin, self.request.threads(), heard)
    }

    /// Speed, and likeness where that is worth it.
    fn measure(
        &self,
        path: &Path,
        original: &mut Original,
        candidate: Candidate,
    ) -> Result<Candidate, LLMError> {
        let threads = self.request.threads();
        let mut subject = Subject::load(path, original.gpu_layers, threads, self.stopped)?;
        let (mut own, mut gains) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            self.tell(TuneStage::Measuring, 1.0 + round as f32 / ROUNDS as f32);
            let (beside, rates) = (original.subject.rates()?, subject.rates()?);
            original.rates.push(beside);
            own.push(rates);
            gains.push(row_seconds(beside) / row_seconds(rates));
            if gains[0] < HOPELESS {
                break;
            }
        }
        let gain = median(gains);
        let candidate = Candidate { speed: median_speed(&own), gain: Some(gain), ..candidate };
        if gain < LEAST_GAIN || gain.is_nan() {
            return Ok(Candidate { outcome: CandidateOutcome::NoGain, ..candidate });
        }
        self.tell(TuneStage::Comparing, 2.0);
        let likeness = compare(original.said()?, &mut subject)?;
        let outcome = match likeness.fault() {
            Some(reason) => CandidateOutcome::Unfaithful { reason },
            // Which of the faithful ones is the fastest is seen when all are there.
            None => CandidateOutcome::Slower,
        };
        Ok(Candidate { outcome, likeness: Some(likeness), ..candidate })
    }
}

fn compare(original: &Said, copy: &mut Subject) -> Result<Likeness, LLMError> {
    let (mut sum, mut tokens_alike) = (0.0, 0);
    copy.read_texts(|at, logits| {
        sum += original.positions[at].divergence(logits);
        tokens_alike += u32::from(original.positions[at].agrees(logits));
    })?;
    let (labels, labels_alike, largest_flip_margin) =
        compare_labels(&original.labels, &copy.label_probabilities()?);
    Ok(Likeness {
        labels,
        labels_alike,
        largest_flip_margin,
        positions: original.positions.len() as u32,
        tokens_alike,
        mean_kl_nats: sum / original.positions.len() as f64,
    })
}

/// How long a typical row takes.
fn row_seconds(rates: Rates) -> f64 {
    ROW_PROMPT / rates.prefill + ROW_ANSWER / rates.decode
}

/// The speed in the middle of several measurements.
pub fn median_speed(rates: &[Rates]) -> Option<Speed> {
    (!rates.is_empty()).then(|| Speed {
        prefill_tokens_per_s: median(rates.iter().map(|rates| rates.prefill).collect()),
        decode_tokens_per_s: median(rates.iter().map(|rates| rates.decode).collect()),
    })
}

/// The middle one; of an even number the lower of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_follow_a_disturbed_round() {
        assert!((median(vec![1.0, 9.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(vec![3.0]) - 3.0).abs() < 1e-12);
        let rates = |prefill, decode| Rates { prefill, decode };
        assert!((row_seconds(rates(48.0, 12.0)) - 2.0).abs() < 1e-12);
        assert!(median_speed(&[]).is_none());
    }
}
