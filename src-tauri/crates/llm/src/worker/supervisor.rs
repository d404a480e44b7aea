//! The thread that listens to the child, sees it end, and starts the next one.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::level_filters::LevelFilter;

use super::link::{self, Started};
use super::outbox::Outbox;
use super::protocol::{FrameError, FromWorker, LogLevel, PROTOCOL, ToWorker, read_frame};
use super::shared::Shared;
use super::{WorkerModel, WorkerNews, WorkerProgram, death};
use crate::LLMError;

/// Lines of the child that are kept for the report of its end.
const KEPT_LINES: usize = 20;
/// Bytes of one line that are kept.
const MOST_LINE_BYTES: u64 = 4096;
/// How long the rest of what a child printed is waited for once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub struct Supervisor {
    pub shared: Arc<Shared>,
    pub program: WorkerProgram,
    pub model: WorkerModel,
    pub news: Box<dyn Fn(WorkerNews) + Send>,
    /// Told how the first load went.
    pub first: Option<oneshot::Sender<Result<(), LLMError>>>,
}

/// How one child's life ended.
enum End {
    /// It could not be started, or refused the model.
    NoModel(LLMError),
    /// Any other way.
    Died(String),
}

impl Supervisor {
    /// Listens until there is no child and none will come.
    pub fn run(mut self) {
        let mut last_end = None;
        loop {
            match self.one_life(last_end.take()) {
                End::NoModel(error) => {
                    self.shared.end();
                    if let Some(first) = self.first.take() {
                        // Nobody waits if the load was stopped.
                        drop(first.send(Err(error)));
                    } else {
                        tracing::warn!(%error, "the engine's process cannot be replaced");
                    }
                    return;
                }
                End::Died(reason) => {
                    if let Some(first) = self.first.take() {
                        self.shared.end();
                        drop(first.send(Err(LLMError::WorkerDied { reason, requests: 0 })));
                        return;
                    }
                    if !self.shared.died(&reason) {
                        return;
                    }
                    tracing::info!(%reason, "the engine's process ended; another one is started");
                    last_end = Some(reason);
                }
            }
        }
    }

    /// Starts a child and listens until it ends.
    fn one_life(&mut self, last_end: Option<String>) -> End {
        let Started { child, mut frames_in, frames_out, printed } = match link::start(&self.program)
        {
            Ok(started) => started,
            Err(error) => return cannot_start(&self.program, &error),
        };
        let outbox = Arc::new(Outbox::default());
        let lines = Lines::default();
        let load = ToWorker::Load {
            path: self.model.path.clone(),
            options: self.model.options.clone(),
            log: wanted_log(),
        };
        if let Err(error) = self.shared.began(child, Arc::clone(&outbox), &load) {
            return self.reap(Some(&error.to_string()), None, &lines);
        }
        let writing = Arc::clone(&outbox);
        let writer = thread::Builder::new()
            .name("worker-writer".to_owned())
            .spawn(move || writing.write_to(frames_out));
        let printing = writer.and_then(|_| lines.listen(printed));
        let printing = match printing {
            Ok(printing) => printing,
            Err(error) => return self.reap(Some(&error.to_string()), None, &lines),
        };
        let mut life = Life { said_hello: false, last_end, refused: None };
        let fault = loop {
            match read_frame::<FromWorker>(&mut frames_in) {
                Ok(Some(frame)) => {
                    if let Err(fault) = self.take(frame, &mut life, &lines) {
                        break Some(fault);
                    }
                }
                // It may go in the middle of a frame, or with ours unread.
                Ok(None) | Err(FrameError::Io(_)) => break None,
                Err(error) => break Some(format!("it does not speak as it should ({error})")),
            }
        };
        let end = self.reap(fault.as_deref(), Some(printing), &lines);
        match life.refused {
            Some(error) => End::NoModel(error),
            None => end,
        }
    }

    /// Takes one frame; an error if the child is to be given up.
    fn take(&mut self, frame: FromWorker, life: &mut Life, lines: &Lines) -> Result<(), String> {
        match frame {
            FromWorker::Hello { protocol, version } => {
                let own = env!("CARGO_PKG_VERSION");
                if protocol != PROTOCOL || version != own {
                    let reason = format!(
                        "the program on disk is version {version} and this one is {own}: start \
                         it again"
                    );
                    life.refused = Some(LLMError::InferenceFailed { reason: reason.clone() });
                    return Err(reason);
                }
                life.said_hello = true;
            }
            _ if !life.said_hello => return Err("it does not say hello".to_owned()),
            FromWorker::LoadProgress { fraction } => (self.news)(WorkerNews::Loading(fraction)),
            FromWorker::Loaded { capabilities } => {
                self.shared.loaded(capabilities);
                if let Some(first) = self.first.take() {
                    drop(first.send(Ok(())));
                }
                if let Some(reason) = life.last_end.take() {
                    (self.news)(WorkerNews::Restarted { reason });
                }
            }
            FromWorker::LoadFailed { error } => {
                life.refused = Some(error);
                return Err("it could not load the model".to_owned());
            }
            FromWorker::Events { batch, events, figures } => {
                self.shared.take_figures(figures);
                self.shared.take_events(batch, events)?;
            }
            FromWorker::Counted { id, counts } => self.shared.take_counts(id, counts),
            FromWorker::Log { level, target, text } => {
                if level == LogLevel::Error {
                    lines.add(&text);
                }
                log(level, &target, &text);
            }
            FromWorker::Fatal { reason } => return Err(reason),
        }
        Ok(())
    }

    /// Waits for the child's end, which has come or is brought about, and says how it came.
    fn reap(&self, fault: Option<&str>, printing: Option<Receiver<()>>, lines: &Lines) -> End {
        let status = self.shared.take_child().and_then(|mut child| {
            // One that has closed its end has its exit code already; one that has not must go.
            drop(child.kill());
            child.wait().ok()
        });
        if let Some(printing) = printing {
            // Disconnects when everything is read.
            let _all_read = printing.recv_timeout(LAST_WORDS).is_err();
        }
        End::Died(death::reason(status, fault, lines.last().as_deref()))
    }
}

/// What is known of one child.
struct Life {
    said_hello: bool,
    /// How the one before ended, until this one has loaded the model.
    last_end: Option<String>,
    /// Why there is no use in starting another.
    refused: Option<LLMError>,
}

fn cannot_start(program: &WorkerProgram, error: &std::io::Error) -> End {
    let program = program.program.display();
    End::NoModel(LLMError::InferenceFailed {
        reason: format!("the engine's process `{program}` cannot be started: {error}"),
    })
}

/// The last lines that a child prints.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    fn add(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The line that tells most: a failed assertion or a panic, else the last.
    fn last(&self) -> Option<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = |line: &&String| line.contains("ASSERT") || line.contains("panicked");
        lines.iter().find(tells).or_else(|| lines.back()).cloned()
    }

    /// Reads what a child prints in a thread of its own. The receiver is disconnected at its end.
    fn listen(&self, printed: impl Read + Send + 'static) -> std::io::Result<Receiver<()>> {
        let (ended, ends) = sync_channel(1);
        let lines = self.clone();
        thread::Builder::new().name("worker-prints".to_owned()).spawn(move || {
            let _ended = ended;
            let mut printed = BufReader::new(printed);
            let mut line = Vec::new();
            loop {
                line.clear();
                match printed.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {
                        let text = String::from_utf8_lossy(&line);
                        let text = text.trim_end();
                        if !text.is_empty() {
                            tracing::debug!("the engine's process prints: {text}");
                            lines.add(text);
                        }
                    }
                }
            }
        })?;
        Ok(ends)
    }
}

/// The least important lines that anybody here listens to.
fn wanted_log() -> Option<LogLevel> {
    match LevelFilter::current() {
        LevelFilter::OFF => None,
        LevelFilter::ERROR => Some(LogLevel::Error),
        LevelFilter::WARN => Some(LogLevel::Warn),
        LevelFilter::INFO => Some(LogLevel::Info),
        LevelFilter::DEBUG => Some(LogLevel::Debug),
        LevelFilter::TRACE => Some(LogLevel::Trace),
    }
}

/// A line of the child's log, as one of ours. Targets are part of the program, so the one that
/// filters know keeps its name, and the others are named in the text.
fn log(level: LogLevel, target: &str, text: &str) {
    macro_rules! at {
        ($level:ident) => {
            if target == "llama.cpp" {
                tracing::$level!(target: "llama.cpp", "{text}")
            } else {
                tracing::$level!(target: "braincells_llm::worker", "{target}: {text}")
            }
        };
    }
    match level {
        LogLevel::Error => at!(error),
        LogLevel::Warn => at!(warn),
        LogLevel::Info => at!(info),
        LogLevel::Debug => at!(debug),
        LogLevel::Trace => at!(trace),
    }
}
