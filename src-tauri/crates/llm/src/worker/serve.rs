//! The child's side: a model is loaded, requests are answered.
//!
//! The calling thread reads frames and never waits for anything else, so that a cancel or the end
//! of the parent is seen at once. Batches are tasks on a small runtime, the load and the counting
//! of tokens run beside them.

mod batches;
mod log;
mod output;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use self::batches::Batches;
use self::output::Output;
use super::link;
use super::protocol::{FrameError, FromWorker, LogLevel, PROTOCOL, ToWorker, read_frame};
use crate::{LLMEngine, LLMError};

/// How long the end of what runs is waited for when the parent asks to end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Threads that carry requests and events; the engine has its own.
const CARRIERS: usize = 2;

/// Told how much is loaded, 0 to 1; answers whether to go on.
pub type LoadProgress = Box<dyn FnMut(f32) -> bool + Send>;

/// Loads what a child is asked for.
pub trait Loader: Send + Sync + 'static {
    /// Loads a model. Blocks. `model_hash` waits until it is known what the file holds, and is to
    /// be asked last; `None` keeps no answers.
    fn load(
        &self,
        path: &Path,
        options: Value,
        model_hash: &mut dyn FnMut() -> Option<String>,
        progress: LoadProgress,
    ) -> Result<Arc<dyn LLMEngine>, LLMError>;
}

/// A load as most are: the options read, the model loaded, and its hash told to it with `named`.
pub fn load_with<O: DeserializeOwned, E: LLMEngine + 'static>(
    options: Value,
    load: impl FnOnce(O) -> Result<E, LLMError>,
    model_hash: &mut dyn FnMut() -> Option<String>,
    named: impl FnOnce(E, &str) -> E,
) -> Result<Arc<dyn LLMEngine>, LLMError> {
    let options = serde_json::from_value(options)
        .map_err(|error| LLMError::InvalidRequest { reason: error.to_string() })?;
    let engine = load(options)?;
    Ok(Arc::new(match model_hash() {
        Some(hash) => named(engine, &hash),
        None => engine,
    }))
}

/// What becomes of the log of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// The parent gets what it wants of it. Only for a process of its own: it becomes the
    /// process's log.
    Forwarded,
    /// It stays with whoever listens in this process.
    Kept,
}

/// How serving ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Served {
    /// The parent asked for it; the model is dropped.
    ShutDown,
    /// The parent is gone. Everything is left as it is, in the middle of its work: the process is
    /// to be ended at once, without running destructors.
    ParentGone,
    /// The parent was told why it cannot go on. Everything is left as it is, as above.
    Broken,
}

/// All that the child process does: says hello to the parent that started it, loads a model and
/// answers until it is told to end or the parent is gone.
pub fn serve_process(loader: impl Loader) -> Served {
    link::prepare_own_process();
    match link::own_ends() {
        Ok((frames_in, frames_out)) => serve(frames_in, frames_out, loader, Logs::Forwarded),
        Err(_nobody_there) => Served::ParentGone,
    }
}

/// [`serve_process`] over any two ends.
pub fn serve(
    mut frames_in: impl Read,
    frames_out: impl Write + Send + 'static,
    loader: impl Loader,
    logs: Logs,
) -> Served {
    let output = Arc::new(Output::new(frames_out));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    output.send(&FromWorker::Hello { protocol: PROTOCOL, version });
    let runtime = Builder::new_multi_thread()
        .worker_threads(CARRIERS)
        .thread_name("worker-carrier")
        .enable_time()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = format!("its threads cannot be started: {error}");
            output.send(&FromWorker::Fatal { reason });
            return Served::Broken;
        }
    };
    let mut serving = Serving {
        batches: Batches::new(Arc::clone(&output)),
        output,
        loader: Arc::new(loader),
        engine: Arc::default(),
        hash: None,
        stop_loading: Arc::default(),
        logs,
        runtime,
    };
    loop {
        let fault = match read_frame::<ToWorker>(&mut frames_in) {
            Ok(Some(ToWorker::Shutdown)) => return serving.shut_down(),
            Ok(Some(frame)) => serving.take(frame).err(),
            Ok(None) | Err(FrameError::Io(_)) => return serving.leave(Served::ParentGone),
            Err(error) => Some(format!("it cannot read what it is asked ({error})")),
        };
        if let Some(reason) = fault {
            serving.output.send(&FromWorker::Fatal { reason });
            return serving.leave(Served::Broken);
        }
    }
}

struct Serving<L> {
    output: Arc<Output>,
    loader: Arc<L>,
    engine: Arc<OnceLock<Arc<dyn LLMEngine>>>,
    /// Where the load waits for the hash of the model, once it has begun.
    hash: Option<SyncSender<Option<String>>>,
    stop_loading: Arc<AtomicBool>,
    batches: Batches,
    logs: Logs,
    runtime: Runtime,
}

impl<L: Loader> Serving<L> {
    /// Does what a frame asks; an error if it cannot be.
    fn take(&mut self, frame: ToWorker) -> Result<(), String> {
        match frame {
            ToWorker::Load { path, options, log } => self.load(path, options, log)?,
            ToWorker::ModelHash { sha256 } => {
                let known = self.hash.as_ref().map(|hash| hash.try_send(sha256));
                if !matches!(known, Some(Ok(()))) {
                    return Err("it was told a model's hash that it cannot use".to_owned());
                }
            }
            ToWorker::Generate { batch, id, request } => {
                let engine = self.engine.get().ok_or("it was asked before it was loaded")?;
                self.batches.ask(&self.runtime, engine, batch, (id, *request))?;
            }
            ToWorker::EndBatch { batch } => self.batches.end(batch),
            ToWorker::Cancel { batch } => self.batches.cancel(batch),
            ToWorker::Credit { batch, events } => self.batches.give_credit(batch, events),
            ToWorker::Count { id, texts } => self.count(id, texts),
            ToWorker::Shutdown => {}
        }
        Ok(())
    }

    fn load(&mut self, path: PathBuf, options: Value, log: Option<LogLevel>) -> Result<(), String> {
        if self.hash.is_some() {
            return Err("it was asked to load twice".to_owned());
        }
        if let (Logs::Forwarded, Some(level)) = (self.logs, log) {
            log::forward(level, &self.output);
        }
        // Room for the hash, so that telling it never waits.
        let (hash, known) = sync_channel(1);
        self.hash = Some(hash);
        let (output, loader) = (Arc::clone(&self.output), Arc::clone(&self.loader));
        let (engine_place, stop) = (Arc::clone(&self.engine), Arc::clone(&self.stop_loading));
        self.runtime.spawn_blocking(move || {
            let _guard = output.tell_of_panic();
            let progress = progress(Arc::clone(&output), stop);
            // Nobody tells it any more when the parent is gone.
            let mut model_hash = || known.recv().ok().flatten();
            let frame = match loader.load(&path, options, &mut model_hash, progress) {
                Ok(engine) => {
                    let capabilities = engine.capabilities();
                    // There is one load, so the place is free.
                    drop(engine_place.set(engine));
                    FromWorker::Loaded { capabilities }
                }
                Err(error) => FromWorker::LoadFailed { error },
            };
            output.send(&frame);
        });
        Ok(())
    }

    fn count(&self, id: u64, texts: Vec<String>) {
        let (output, engine) = (Arc::clone(&self.output), Arc::clone(&self.engine));
        self.runtime.spawn_blocking(move || {
            let count = |text: &String| engine.get().and_then(|engine| engine.count_tokens(text));
            output.send(&FromWorker::Counted { id, counts: texts.iter().map(count).collect() });
        });
    }

    /// Ends in order: what runs is cancelled, then the model is dropped.
    fn shut_down(self) -> Served {
        let Self { mut batches, runtime, engine, hash, stop_loading, .. } = self;
        stop_loading.store(true, Ordering::Relaxed);
        drop(hash);
        batches.cancel_all();
        runtime.shutdown_timeout(LAST_WORDS);
        drop(engine);
        Served::ShutDown
    }

    /// Nothing waits for a call into C++ that may take long.
    fn leave(self, served: Served) -> Served {
        std::mem::forget(self);
        served
    }
}

/// Tells the parent about a load, a hundred times at most.
fn progress(output: Arc<Output>, stop: Arc<AtomicBool>) -> LoadProgress {
    let mut told = -1;
    Box::new(move |fraction: f32| {
        let percent = (fraction.clamp(0.0, 1.0) * 100.0) as i32;
        if percent > told {
            told = percent;
            output.send(&FromWorker::LoadProgress { fraction });
        }
        !stop.load(Ordering::Relaxed)
    })
}
