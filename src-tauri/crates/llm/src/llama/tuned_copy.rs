//! A copy of a model in the quantisation that this machine computes fastest, as long as it stays
//! faithful to the original.
//!
//! [`tune`] is called by the workbench, in a process of its own where it can be ended at any
//! time. It writes each candidate to a folder of leftovers, measures it in turns with the
//! original, compares what both say about built-in texts and questions ([`texts`]), and leaves
//! the fastest faithful one there; last it measures how many rows at once are fastest with that.
//! The bounds are in [`likeness`]; how they were found is in
//! `docs/adr/0010-tuned-copies.md`. What it leaves out: where the copy is kept, and whether
//! anyone wants it.

mod likeness;
mod report;
mod subject;
mod texts;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use braincells_core::TuneStage;
use serde::{Deserialize, Serialize};

pub use self::likeness::{LEAST_LABEL_AGREEMENT, Likeness, MOST_FLIP_MARGIN, MOST_MEAN_KL};
pub use self::report::{Candidate, CandidateOutcome, Speed, TuneReport};
pub use self::trial::LEAST_GAIN;

use self::trial::{Original, Trial, median_speed};
use super::devices::physical_cores;
use super::ffi::MOST_THREADS;
use super::file::check_file;
use super::quantise::{Quantisation, TunedOrigin, quantisation_name};
use super::{LlamaEngine, LoadOptions, Tuning, TypicalSizes};
use crate::LLMError;

/// What to tune, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TuneRequest {
    /// The original's file.
    pub model: PathBuf,
    /// What copies say of where they came from.
    pub origin: TunedOrigin,
    /// A folder for copies, on the disk where the chosen one will stay.
    pub scratch: PathBuf,
    /// What to try; nothing means all that are worth it.
    pub candidates: Vec<Quantisation>,
    /// Threads; the default is the number of physical cores.
    pub threads: Option<u32>,
    /// Layers on the GPU; the default is as many as fit.
    pub gpu_layers: Option<u32>,
    /// Memory that may be taken, where that is known.
    pub memory_bytes: Option<u64>,
    /// Space on the disk that may be taken, where that is known.
    pub disk_bytes: Option<u64>,
}

impl TuneRequest {
    /// Where the copy in a quantisation is written.
    pub fn copy_path(&self, quantisation: Quantisation) -> PathBuf {
        self.scratch.join(format!("{}.part", quantisation.as_str()))
    }

    fn threads(&self) -> u32 {
        self.threads.unwrap_or(physical_cores() as u32).clamp(1, MOST_THREADS)
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuneProgress {
    /// What is being done.
    pub stage: TuneStage,
    /// Of which copy; `None` for the original.
    pub quantisation: Option<Quantisation>,
    /// Of everything, 0 to 1.
    pub fraction: f32,
}

/// Measures the candidates. The file of the chosen one is at [`TuneRequest::copy_path`] when this
/// returns, safe on disk; those of the others are gone, and after an error all are.
///
/// Ends in [`LLMError::Cancelled`] after `stopped`, at once while it computes, and at the end of
/// the present copy while one is written.
pub fn tune(
    request: &TuneRequest,
    stopped: &Arc<AtomicBool>,
    hear: impl Fn(TuneProgress) + Clone + Send + 'static,
) -> Result<TuneReport, LLMError> {
    let began = Instant::now();
    let written = Written(request);
    let original_size_bytes = check_file(&request.model)?;
    let own_name = quantisation_name(&request.model);
    let tried = match request.candidates.as_slice() {
        [] => DEFAULTS.to_vec(),
        named => named.to_vec(),
    };
    let steps = Steps { hear, all: 2.0 + STAGES * tried.len() as f32 };
    let mut original = None;
    let mut candidates: Vec<Candidate> = Vec::with_capacity(tried.len());
    for (at, quantisation) in tried.into_iter().enumerate() {
        let trial = Trial { request, stopped, quantisation, steps: &steps, done: at };
        let candidate = if own_name == Some(quantisation.as_str()) {
            trial.skipped("the original has it".to_owned())
        } else {
            let chosen = |one: &&Candidate| one.outcome == CandidateOutcome::Chosen;
            let kept = candidates.iter().find(chosen).and_then(|one| one.size_bytes);
            if original.is_none() {
                steps.tell(TuneStage::Original, None, 0.0);
            }
            let original = match &mut original {
                Some(original) => original,
                none => none.insert(Original::load(request, stopped)?),
            };
            trial.run(original, kept.unwrap_or(0))?
        };
        candidates.push(candidate);
        keep_the_best(request, &mut candidates);
    }
    if stopped.load(Ordering::Relaxed) {
        return Err(LLMError::Cancelled);
    }
    let original_speed = original.as_ref().and_then(|original| median_speed(&original.rates));
    // Its memory is for the model that is measured next.
    drop(original);
    let chosen = candidates.iter().find(|one| one.outcome == CandidateOutcome::Chosen);
    let chosen = chosen.map(|one| one.quantisation);
    steps.tell(TuneStage::Setup, chosen, steps.all - 1.0);
    let report = TuneReport {
        original_quantisation: own_name.map(str::to_owned),
        original_size_bytes,
        original_speed,
        setup: fastest_setup(request, chosen, stopped)?,
        candidates,
        elapsed_ms: began.elapsed().as_millis() as u64,
    };
    written.keep();
    Ok(report)
}

/// The fastest setup of the chosen copy, or of the original.
fn fastest_setup(
    request: &TuneRequest,
    chosen: Option<Quantisation>,
    stopped: &Arc<AtomicBool>,
) -> Result<Option<Tuning>, LLMError> {
    let path = chosen.map_or_else(|| request.model.clone(), |one| request.copy_path(one));
    let options = LoadOptions {
        threads: request.threads,
        gpu_layers: request.gpu_layers,
        available_memory_bytes: request.memory_bytes,
        ..LoadOptions::default()
    };
    let stop = Arc::clone(stopped);
    let goes_on = move |_fraction| !stop.load(Ordering::Relaxed);
    let measured = LlamaEngine::autotune(&path, &options, TypicalSizes::default(), goes_on);
    match measured {
        Ok(tuning) => Ok((tuning.row_us > 0).then_some(tuning)),
        Err(LLMError::Cancelled) => Err(LLMError::Cancelled),
        Err(error) => {
            // The copy is worth having all the same.
            tracing::warn!(%error, "the fastest setup could not be measured");
            Ok(None)
        }
    }
}

/// What is tried unless something else is named, by the measurements in the ADR.
const DEFAULTS: [Quantisation; 4] =
    [Quantisation::Q8_0, Quantisation::Q5_0, Quantisation::Q4KS, Quantisation::Q4_0];

/// Stages of a candidate, for the share of the whole.
const STAGES: f32 = 3.0;

/// Removes what was written, unless it is kept.
struct Written<'a>(&'a TuneRequest);

impl Written<'_> {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        for quantisation in Quantisation::ALL {
            // Most are not there.
            drop(std::fs::remove_file(self.0.copy_path(quantisation)));
        }
    }
}

struct Steps<F> {
    hear: F,
    all: f32,
}

impl<F: Fn(TuneProgress)> Steps<F> {
    fn tell(&self, stage: TuneStage, quantisation: Option<Quantisation>, done: f32) {
        (self.hear)(TuneProgress { stage, quantisation, fraction: (done / self.all).min(1.0) });
    }
}

/// Marks the fastest faithful candidate, and removes the files of the others.
fn keep_the_best(request: &TuneRequest, candidates: &mut [Candidate]) {
    let is_faithful = |candidate: &Candidate| {
        matches!(candidate.outcome, CandidateOutcome::Chosen | CandidateOutcome::Slower)
    };
    let faithful = candidates.iter().enumerate().filter(|(_, one)| is_faithful(one));
    let best = faithful
        .max_by(|(_, one), (_, other)| {
            one.gain.unwrap_or(0.0).total_cmp(&other.gain.unwrap_or(0.0))
        })
        .map(|(at, _)| at);
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if Some(at) == best {
            candidate.outcome = CandidateOutcome::Chosen;
            continue;
        }
        if is_faithful(candidate) {
            candidate.outcome = CandidateOutcome::Slower;
        }
        drop(std::fs::remove_file(request.copy_path(candidate.quantisation)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(quantisation: Quantisation, gain: f64, outcome: CandidateOutcome) -> Candidate {
        Candidate {
            quantisation,
            outcome,
            size_bytes: Some(1),
            speed: None,
            gain: Some(gain),
            likeness: None,
        }
    }

    #[test]
    fn the_fastest_faithful_copy_stays_and_the_others_go() {
        let folder = tempfile::tempdir().unwrap();
        let request = TuneRequest {
            model: PathBuf::new(),
            origin: TunedOrigin { file: String::new(), sha256: String::new(), at_ms: 0 },
            scratch: folder.path().to_owned(),
            candidates: Vec::new(),
            threads: None,
            gpu_layers: None,
            memory_bytes: None,
            disk_bytes: None,
        };
        let slower = || CandidateOutcome::Slower;
        let unfaithful = CandidateOutcome::Unfaithful { reason: "x".to_owned() };
        let mut candidates = Vec::new();
        for (one, chosen) in [
            (candidate(Quantisation::Q8_0, 1.8, slower()), Some(Quantisation::Q8_0)),
            (candidate(Quantisation::Q5_0, 1.5, slower()), Some(Quantisation::Q8_0)),
            (candidate(Quantisation::Q4KS, 2.1, slower()), Some(Quantisation::Q4KS)),
            (candidate(Quantisation::Q4_0, 2.5, unfaithful), Some(Quantisation::Q4KS)),
        ] {
            std::fs::write(request.copy_path(one.quantisation), "x").unwrap();
            candidates.push(one);
            keep_the_best(&request, &mut candidates);
            let found = candidates.iter().filter(|one| one.outcome == CandidateOutcome::Chosen);
            let found: Vec<Quantisation> = found.map(|one| one.quantisation).collect();
            assert_eq!(found, Vec::from_iter(chosen));
            let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
            assert_eq!(files.len(), 1);
            assert!(request.copy_path(found[0]).exists());
        }
        drop(Written(&request));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
