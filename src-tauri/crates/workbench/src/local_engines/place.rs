//! Where engines run, and how a model gets there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{AppError, Code, Event, EventSink};
use braincells_data::ResponseCache;
use braincells_llm::LLMEngine;
use braincells_llm::llama::{LlamaEngine, LoadOptions};
use braincells_llm::mlx::{self, MlxHelper};
use braincells_llm::worker::{WorkerEngine, WorkerModel, WorkerNews, WorkerProgram};

use crate::blocking::blocking;
use crate::model_hash::model_sha256;
use crate::transfer::StopOnDrop;

/// Where llama.cpp runs.
#[derive(Clone)]
pub(super) enum Place {
    /// In this process, which ends when llama.cpp does.
    Here,
    /// In a process of its own.
    Worker(WorkerProgram),
}

/// A model on its way into memory.
pub(super) struct Loading {
    path: PathBuf,
    remembered: Arc<ResponseCache>,
    told: Told,
}

impl Loading {
    /// The model at this path. The hash by which its answers are kept is remembered there, and
    /// who listens hears how far it is.
    pub(super) fn new(
        path: &Path,
        remembered: Arc<ResponseCache>,
        events: Arc<dyn EventSink>,
    ) -> Self {
        let model = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { path: path.to_owned(), remembered, told: Told { model, events } }
    }

    /// Reads the model once more for its hash, unless that is known.
    async fn hash(
        path: PathBuf,
        remembered: Arc<ResponseCache>,
        stop: Arc<AtomicBool>,
    ) -> Option<String> {
        let hash = blocking(move || model_sha256(&path, &remembered, &stop)).await;
        hash.inspect_err(|error| tracing::warn!(%error, "answers of this model are not kept")).ok()
    }
}

impl Place {
    /// Loads a GGUF file, and reads it once more beside that for the hash by which its answers are
    /// kept, unless the hash is known.
    pub(super) async fn load(
        &self,
        loading: Loading,
        options: LoadOptions,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        let stop = StopOnDrop::default();
        let Loading { path, remembered, told } = loading;
        let hash = Loading::hash(path.clone(), remembered, Arc::clone(&stop.stopped));
        match self {
            Self::Here => load_here(&path, options, hash, told, &stop).await,
            Self::Worker(program) => {
                let options = serde_json::to_value(&options).map_err(|error| {
                    AppError::new(Code::Internal, format!("the options cannot be told: {error}"))
                })?;
                let model = WorkerModel { path, options };
                let engine =
                    WorkerEngine::load(program.clone(), model, hash, move |news| told.take(news));
                Ok(Arc::new(engine.await?))
            }
        }
    }
}

/// Loads a checkpoint in the helper, with a hash as [`Place::load`] has it.
pub(super) async fn load_mlx(
    helper: &MlxHelper,
    loading: Loading,
    options: &mlx::LoadOptions,
) -> Result<Arc<dyn LLMEngine>, AppError> {
    let stop = StopOnDrop::default();
    let Loading { path, remembered, told } = loading;
    let hash = Loading::hash(path.clone(), remembered, Arc::clone(&stop.stopped));
    let engine = helper.load(path, options, hash, move |news| told.take(news));
    Ok(Arc::new(engine.await?))
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
    fn take(&self, news: WorkerNews) {
        match news {
            WorkerNews::Loading(fraction) => self.loading(fraction),
            WorkerNews::Restarted { reason } => self.restarted(reason),
        }
    }

    fn loading(&self, fraction: f32) {
        self.events.emit(Event::ModelLoading { model: self.model.clone(), fraction });
    }

    fn restarted(&self, reason: String) {
        self.events.emit(Event::EngineRestarted { model: self.model.clone(), reason });
    }
}
