use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::LLMError;
use braincells_llm::llama::{TuneReport, TuneRequest};

use super::tuner::{HearTuning, ModelTuner, Said};
use crate::error::WorkbenchError;

/// How soon a stop is seen.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Lines that may wait to be heard.
const LINES: usize = 64;

/// Tunes each model in a process of its own, which can be ended at any moment and whose crash does
/// no harm.
///
/// The process gets no environment but what is named here, so no keys, and no output of ours but a
/// pipe. It ends when this process does.
#[derive(Clone, Debug)]
pub struct ProcessTuner {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl ProcessTuner {
    /// A tuner that runs `program` with `arguments`, which is to call
    /// [`answer_tune`](super::answer_tune).
    pub fn new(
        program: PathBuf,
        arguments: Vec<OsString>,
        environment: Vec<(OsString, OsString)>,
    ) -> Self {
        Self { program, arguments, environment }
    }

    fn ended(what: impl std::fmt::Display) -> AppError {
        WorkbenchError::TuningEnded { what: what.to_string() }.into()
    }
}

impl ModelTuner for ProcessTuner {
    fn tune(
        &self,
        request: &TuneRequest,
        stopped: &Arc<AtomicBool>,
        hear: HearTuning,
    ) -> Result<TuneReport, AppError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let not_started =
            |error: std::io::Error| Self::ended(format!("cannot be started: {error}"));
        let mut started = Started(command.spawn().map_err(not_started)?);
        let lines = listen(&mut started.0).map_err(not_started)?;
        let question = serde_json::to_string(request)
            .map_err(|error| Self::ended(format!("cannot be asked: {error}")))?;
        // Kept open: its end is what tells the process that nobody waits any more.
        let mut stdin = started.0.stdin.take().expect("its stdin is piped");
        // If it does not take the question, its end says so below.
        drop(writeln!(stdin, "{question}").and_then(|()| stdin.flush()));
        loop {
            if stopped.load(Ordering::Relaxed) {
                return Err(LLMError::Cancelled.into());
            }
            match lines.recv_timeout(LOOK_EVERY) {
                // What is no message of ours is C's.
                Ok(line) => match serde_json::from_str(&line) {
                    Ok(Said::Progress(progress)) => hear(progress),
                    Ok(Said::Done(report)) => return Ok(*report),
                    Ok(Said::Failed(error)) => return Err(error),
                    Err(_) => {}
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(match started.0.wait() {
                        Ok(status) => Self::ended(format!("ended early: {status}")),
                        Err(error) => Self::ended(format!("is lost: {error}")),
                    });
                }
            }
        }
    }
}

/// A child that does not outlive the interest in it.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail only when it has ended, which is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What the child says, line by line, until it ends.
fn listen(child: &mut Child) -> std::io::Result<Receiver<String>> {
    let stdout = child.stdout.take().expect("its stdout is piped");
    let (sender, receiver) = sync_channel(LINES);
    thread::Builder::new().name("model-tuner".to_owned()).spawn(move || {
        for line in BufReader::new(stdout).split(b'\n') {
            let Ok(line) = line else { return };
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}
