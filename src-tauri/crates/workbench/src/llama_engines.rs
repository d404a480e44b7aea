use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, Clock, Code, Event, EventSink};
use braincells_data::{Catalogue, DEFAULT_RESPONSE_BYTES, ResponseCache};
use braincells_llm::LLMEngine;
use braincells_llm::llama::{
    KeptPrefixes, LlamaEngine, LoadOptions, Tuning, build_info, check_file,
};
use braincells_llm::worker::{WorkerEngine, WorkerModel, WorkerNews, WorkerProgram};
use tokio::sync::Mutex;

use crate::blocking::blocking;
use crate::kept::Kept;
use crate::measured_setup::Measured;
use crate::model_hash::{known_sha256, model_sha256};
use crate::models::{list_models, resolve_model};
use crate::transfer::StopOnDrop;
use crate::{EngineOptions, EngineSource, Home, ModelTuner, ProcessTuner, TUNE_VERB, TuneHere};

/// The lane of all models that llama.cpp runs on this machine.
const LANE: &str = "llama.cpp";

/// Engines made of GGUF files by llama.cpp. Keeps the last one loaded, and lets one run work at a
/// time: two models may not fit into memory, and two runs of one model would not be faster
/// together.
pub struct LlamaEngines {
    home: Home,
    clock: Arc<dyn Clock>,
    place: Place,
    loaded: Mutex<Option<Loaded>>,
}

/// Where llama.cpp runs.
#[derive(Clone)]
enum Place {
    /// In this process, which ends when llama.cpp does.
    Here,
    /// In a process of its own.
    Worker(WorkerProgram),
}

struct Loaded {
    path: PathBuf,
    options: EngineOptions,
    kept: Kept<dyn LLMEngine>,
}

impl LlamaEngines {
    /// A source for the models that this home lists, which run in this process. The clock says how
    /// long a model was idle, and is for chat templates that print today's date.
    pub fn new(home: Home, clock: Arc<dyn Clock>) -> Self {
        Self { home, clock, place: Place::Here, loaded: Mutex::new(None) }
    }

    /// [`LlamaEngines::new`], but each model runs in a process of its own, started as `program`
    /// says: a crash there is told by [`Event::EngineRestarted`] and costs no row.
    pub fn in_worker(home: Home, clock: Arc<dyn Clock>, program: WorkerProgram) -> Self {
        Self { home, clock, place: Place::Worker(program), loaded: Mutex::new(None) }
    }
}

#[async_trait]
impl EngineSource for LlamaEngines {
    async fn check(&self, model: &str) -> Result<(), AppError> {
        let (home, name) = (self.home.clone(), model.to_owned());
        blocking(move || find_model(&home, &name)).await.map(drop)
    }

    fn build(&self) -> Option<String> {
        Some(build_info())
    }

    async fn engine(
        &self,
        model: &str,
        options: &EngineOptions,
        events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        let (home, name) = (self.home.clone(), model.to_owned());
        let path = blocking(move || find_model(&home, &name)).await?;
        // Held while loading, so that two runs cannot load two models at once.
        let mut loaded = self.loaded.lock().await;
        if let Some(loaded) = loaded.as_mut()
            && loaded.path == path
            && loaded.options == *options
            && loaded.kept.engine().is_ready().await
        {
            return Ok(loaded.kept.take_up(self.clock.now_ms()));
        }
        // The old model goes first: there may not be memory for two.
        let_go(loaded.take()).await;
        let responses = self.home.responses();
        let responses = blocking(move || {
            Ok::<_, AppError>(ResponseCache::open(&responses, DEFAULT_RESPONSE_BYTES))
        });
        let remembered = Arc::new(responses.await?);
        let options_now = self.load_options(&path, options, Arc::clone(&remembered)).await;
        let engine = self.place.load(&path, options_now, remembered, events).await?;
        let kept = Kept::new(Arc::clone(&engine), self.clock.now_ms());
        *loaded = Some(Loaded { path, options: options.clone(), kept });
        Ok(engine)
    }

    async fn loaded(&self, model: &str) -> Option<Arc<dyn LLMEngine>> {
        let (home, name) = (self.home.clone(), model.to_owned());
        let path = blocking(move || find_model(&home, &name)).await.ok()?;
        // While one is being loaded, none is there to count tokens with.
        let loaded = self.loaded.try_lock().ok()?;
        let loaded = loaded.as_ref().filter(|loaded| loaded.path == path)?;
        Some(Arc::clone(loaded.kept.engine()))
    }

    async fn unload(&self) {
        // Held until its memory is free: the next one may be waiting to be loaded.
        let mut loaded = self.loaded.lock().await;
        let_go(loaded.take()).await;
    }

    async fn unload_when_idle(&self, after: Duration) -> bool {
        // While one is being loaded, none is idle.
        let Ok(mut loaded) = self.loaded.try_lock() else { return false };
        let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let now_ms = self.clock.now_ms();
        if !loaded.as_mut().is_some_and(|loaded| loaded.kept.is_idle(after_ms, now_ms)) {
            return false;
        }
        let_go(loaded.take()).await;
        true
    }

    fn tuner(&self) -> Arc<dyn ModelTuner> {
        match &self.place {
            Place::Here => Arc::new(TuneHere),
            Place::Worker(WorkerProgram { program, environment, .. }) => Arc::new(
                ProcessTuner::new(program.clone(), vec![TUNE_VERB.into()], environment.clone()),
            ),
        }
    }

    fn lane(&self, _model: &str) -> String {
        LANE.to_owned()
    }
}

impl LlamaEngines {
    async fn load_options(
        &self,
        path: &Path,
        options: &EngineOptions,
        remembered: Arc<ResponseCache>,
    ) -> LoadOptions {
        let now_ms = self.clock.now_ms();
        let (home, path, asked) = (self.home.clone(), path.to_owned(), options.clone());
        let setup =
            blocking(move || measured_setup(&home, &path, &asked, &remembered, now_ms)).await;
        let setup = setup.inspect_err(|error: &AppError| {
            tracing::warn!(%error, "what was measured of the model is not used");
        });
        LoadOptions {
            parallel_rows: options.parallel_rows,
            context_tokens: options.context_tokens,
            gpu_layers: options.gpu_layers,
            threads: options.threads,
            exact: options.exact,
            now_ms: Some(now_ms),
            tuning: setup.unwrap_or_default(),
            // Options travel as JSON, which has no word for a folder that is no Unicode.
            kept_prefixes: self.home.prefixes().to_str().map(KeptPrefixes::new),
            ..LoadOptions::default()
        }
    }
}

/// What tuning the model has found. A file that was never read whole has not been tuned, so that
/// nothing waits for its hash.
fn measured_setup(
    home: &Home,
    path: &Path,
    options: &EngineOptions,
    remembered: &ResponseCache,
    now_ms: i64,
) -> Result<Option<Tuning>, AppError> {
    let Some(sha256) = known_sha256(path, remembered) else { return Ok(None) };
    let build = build_info();
    let measured = Measured { model_sha256: &sha256, build: &build, options };
    Ok(measured.known(&Catalogue::open(&home.catalogue())?, now_ms)?)
}

/// Drops a model; where nobody else has it, its thread or process is waited for.
async fn let_go(loaded: Option<Loaded>) {
    let dropped = blocking(move || {
        drop(loaded);
        Ok::<_, AppError>(())
    });
    if let Err(error) = dropped.await {
        tracing::warn!(%error, "a model was not unloaded well");
    }
}

fn find_model(home: &Home, name: &str) -> Result<PathBuf, AppError> {
    let catalogue = Catalogue::open(&home.catalogue())?;
    let path = resolve_model(name, &list_models(&home.models(), &catalogue)?)?;
    check_file(&path)?;
    Ok(path)
}

impl Place {
    /// Loads a model, and reads its file once more beside that for the hash by which its answers
    /// are kept, unless the hash is known.
    async fn load(
        &self,
        path: &Path,
        options: LoadOptions,
        remembered: Arc<ResponseCache>,
        events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        let stop = StopOnDrop::default();
        let (hashing, hashed) = (Arc::clone(&stop.stopped), path.to_owned());
        let hash = blocking(move || model_sha256(&hashed, &remembered, &hashing));
        let hash = async {
            let hash = hash.await;
            hash.inspect_err(|error| tracing::warn!(%error, "answers of this model are not kept"))
                .ok()
        };
        let told = Told {
            model: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            events,
        };
        match self {
            Self::Here => load_here(path, options, hash, told, &stop).await,
            Self::Worker(program) => {
                let options = serde_json::to_value(&options).map_err(|error| {
                    AppError::new(Code::Internal, format!("the options cannot be told: {error}"))
                })?;
                let model = WorkerModel { path: path.to_owned(), options };
                let engine =
                    WorkerEngine::load(program.clone(), model, hash, move |news| match news {
                        WorkerNews::Loading(fraction) => told.loading(fraction),
                        WorkerNews::Restarted { reason } => told.restarted(reason),
                    });
                Ok(Arc::new(engine.await?))
            }
        }
    }
}

async fn load_here(
    path: &Path,
    options: LoadOptions,
    hash: impl Future<Output = Option<String>>,
    told: Told,
    stop: &StopOnDrop,
) -> Result<Arc<dyn LLMEngine>, AppError> {
    let (path, stopped) = (path.to_owned(), Arc::clone(&stop.stopped));
    let progress = move |fraction: f32| {
        told.loading(fraction);
        !stopped.load(Ordering::Relaxed)
    };
    let engine = blocking(move || LlamaEngine::load(&path, &options, progress));
    // Of the two, only loading can fail; a broken model does not wait for its hash.
    let (engine, hash) = tokio::try_join!(engine, async { Ok(hash.await) })?;
    Ok(Arc::new(match hash {
        Some(hash) => engine.with_model_hash(&hash),
        None => engine,
    }))
}

/// Who hears about a model.
struct Told {
    model: String,
    events: Arc<dyn EventSink>,
}

impl Told {
    fn loading(&self, fraction: f32) {
        self.events.emit(Event::ModelLoading { model: self.model.clone(), fraction });
    }

    fn restarted(&self, reason: String) {
        self.events.emit(Event::EngineRestarted { model: self.model.clone(), reason });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use braincells_testing::{ManualClock, TempHome};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tuned_model_is_loaded_with_the_setup_that_was_measured() {
        const NOW_MS: i64 = 1_800_000_000_000;
        let temporary = TempHome::new();
        let home = Home::new(temporary.outside().to_owned());
        let path = temporary.write("model.gguf", "what it holds");
        let setup = Tuning {
            device: "a processor".to_owned(),
            parallel_rows: 24,
            threads: 3,
            row_us: 900,
            default_row_us: 1000,
        };
        let options = EngineOptions::default();
        let engines = LlamaEngines::new(home.clone(), Arc::new(ManualClock::at(NOW_MS)));
        let catalogue = Catalogue::open(&home.catalogue()).unwrap();
        let remembered = Arc::new(ResponseCache::open(&home.responses(), 1 << 20));
        let tuning = async |options| {
            engines.load_options(&path, options, Arc::clone(&remembered)).await.tuning
        };
        assert_eq!(tuning(&options).await, None);
        let sha256 = model_sha256(&path, &remembered, &AtomicBool::new(false)).unwrap();
        let build = build_info();
        let measured = Measured { model_sha256: &sha256, build: &build, options: &options };
        measured.remember(&catalogue, setup.clone(), NOW_MS).unwrap();
        assert_eq!(tuning(&options).await, Some(setup));
        let exact = EngineOptions { exact: true, ..EngineOptions::default() };
        assert_eq!(tuning(&exact).await, None);
    }
}
