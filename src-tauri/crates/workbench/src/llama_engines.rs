use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use braincells_core::{AppError, Clock, Event, EventSink};
use braincells_data::Catalogue;
use braincells_llm::LLMEngine;
use braincells_llm::llama::{LlamaEngine, LoadOptions, build_info, check_file};
use tokio::sync::Mutex;

use crate::blocking::blocking;
use crate::models::{list_models, resolve_model};
use crate::transfer::StopOnDrop;
use crate::{EngineOptions, EngineSource, Home};

/// Engines made of GGUF files by llama.cpp in this process. Keeps the last one loaded.
pub struct LlamaEngines {
    home: Home,
    clock: Arc<dyn Clock>,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    path: PathBuf,
    options: EngineOptions,
    engine: Arc<LlamaEngine>,
}

impl LlamaEngines {
    /// A source for the models that this home lists. The clock is for chat templates that print
    /// today's date.
    pub fn new(home: Home, clock: Arc<dyn Clock>) -> Self {
        Self { home, clock, loaded: Mutex::new(None) }
    }

    /// Lets go of the loaded model; its memory is free once no run uses it.
    pub async fn unload(&self) {
        self.loaded.lock().await.take();
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
        if let Some(loaded) = loaded.as_ref()
            && loaded.path == path
            && loaded.options == *options
            && loaded.engine.is_ready().await
        {
            return Ok(Arc::clone(&loaded.engine) as Arc<dyn LLMEngine>);
        }
        // The old model goes first: there may not be memory for two. Its thread is waited for.
        let old = loaded.take();
        blocking(move || {
            drop(old);
            Ok::<_, AppError>(())
        })
        .await?;
        let engine = load(&path, load_options(options, self.clock.now_ms()), events).await?;
        *loaded = Some(Loaded { path, options: options.clone(), engine: Arc::clone(&engine) });
        Ok(engine)
    }
}

fn find_model(home: &Home, name: &str) -> Result<PathBuf, AppError> {
    let catalogue = Catalogue::open(&home.catalogue())?;
    let path = resolve_model(name, &list_models(&home.models(), &catalogue)?)?;
    check_file(&path)?;
    Ok(path)
}

async fn load(
    path: &Path,
    options: LoadOptions,
    events: Arc<dyn EventSink>,
) -> Result<Arc<LlamaEngine>, AppError> {
    let model = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stop = StopOnDrop::default();
    let stopped = Arc::clone(&stop.stopped);
    let progress = move |fraction: f32| {
        events.emit(Event::ModelLoading { model: model.clone(), fraction });
        !stopped.load(Ordering::Relaxed)
    };
    let path = path.to_owned();
    blocking(move || LlamaEngine::load(&path, &options, progress).map(Arc::new)).await
}

fn load_options(options: &EngineOptions, now_ms: i64) -> LoadOptions {
    LoadOptions {
        parallel_rows: options.parallel_rows,
        context_tokens: options.context_tokens,
        gpu_layers: options.gpu_layers,
        threads: options.threads,
        exact: options.exact,
        now_ms: Some(now_ms),
    }
}
