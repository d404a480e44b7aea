//! Where a model is tuned: a trait, this process, and what the process of its own does.

use std::io::{self, BufRead, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use braincells_core::AppError;
use braincells_llm::llama::{TuneProgress, TuneReport, TuneRequest, tune};
use serde::{Deserialize, Serialize};

use crate::own_program::end_with_parent;

/// Hears how far it is.
pub type HearTuning = Arc<dyn Fn(TuneProgress) + Send + Sync>;

/// Measures copies of models.
pub trait ModelTuner: Send + Sync {
    /// Does what `braincells_llm::llama::tune` promises; waits for the end of it. What a failure
    /// leaves in the scratch folder is the caller's to remove.
    fn tune(
        &self,
        request: &TuneRequest,
        stopped: &Arc<AtomicBool>,
        hear: HearTuning,
    ) -> Result<TuneReport, AppError>;
}

/// Tunes in this process. llama.cpp cannot be stopped while it writes a copy, so that a stop waits
/// for that; the result is then thrown away.
#[derive(Clone, Copy, Debug, Default)]
pub struct TuneHere;

impl ModelTuner for TuneHere {
    fn tune(
        &self,
        request: &TuneRequest,
        stopped: &Arc<AtomicBool>,
        hear: HearTuning,
    ) -> Result<TuneReport, AppError> {
        Ok(tune(request, stopped, move |progress| hear(progress))?)
    }
}

/// What the process that tunes says, a line of JSON each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// How far it is.
    Progress(TuneProgress),
    /// The last word of a success.
    Done(Box<TuneReport>),
    /// The last word of a failure.
    Failed(AppError),
}

/// The exit code for a question that cannot be understood.
const WRONG_USAGE: u8 = 2;
/// The exit code when nobody waits for the answer.
const UNHEARD: u8 = 1;

/// What the process that [`super::ProcessTuner`] starts does, all of it: reads what to tune from
/// stdin, a line of JSON, tunes it, and writes what happens to stdout. Returns the exit code.
///
/// Ends the process at once when stdin ends: whoever asked is gone.
pub fn answer_tune() -> u8 {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).is_err() {
        return WRONG_USAGE;
    }
    let Ok(request) = serde_json::from_str::<TuneRequest>(&line) else { return WRONG_USAGE };
    if !end_with_parent(UNHEARD) {
        return UNHEARD;
    }
    let last = Arc::new(Mutex::new(None));
    let hear = move |progress: TuneProgress| {
        // llama.cpp tells of hundreds of tensors; a person sees whole per cents.
        let shown = (progress.stage, progress.quantisation, (progress.fraction * 100.0) as u32);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(shown) != Some(shown) {
            // If nobody hears it, stdin ends.
            drop(say(&Said::Progress(progress)));
        }
    };
    let last_word = match tune(&request, &Arc::default(), hear) {
        Ok(report) => Said::Done(Box::new(report)),
        Err(error) => Said::Failed(error.into()),
    };
    match say(&last_word) {
        Ok(()) => 0,
        Err(_nobody_reads) => UNHEARD,
    }
}

fn say(said: &Said) -> io::Result<()> {
    let line = serde_json::to_string(said).expect("what is said has only text keys");
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
