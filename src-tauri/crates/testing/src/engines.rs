use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, EventSink};
use braincells_llm::LLMEngine;
use braincells_workbench::{EngineOptions, EngineSource, Runtime};

/// Hands out one engine whatever model is asked for, and remembers what was asked for.
pub struct ScriptedEngines {
    engine: Arc<dyn LLMEngine>,
    models: Mutex<Vec<String>>,
    options: Mutex<Vec<EngineOptions>>,
    idle_limits: Mutex<Vec<Duration>>,
    runs_mlx: bool,
    failures_forgotten: Mutex<Vec<PathBuf>>,
}

impl ScriptedEngines {
    /// A source that always hands out `engine`.
    pub fn new(engine: Arc<dyn LLMEngine>) -> Self {
        Self {
            engine,
            models: Mutex::default(),
            options: Mutex::default(),
            idle_limits: Mutex::default(),
            runs_mlx: false,
            failures_forgotten: Mutex::default(),
        }
    }

    /// The same on a machine that runs models for MLX.
    #[must_use]
    pub fn with_mlx(self) -> Self {
        Self { runs_mlx: true, ..self }
    }

    /// The models that were asked for, in order.
    pub fn models_asked(&self) -> Vec<String> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How engines were to be set up, in order.
    pub fn options_asked(&self) -> Vec<EngineOptions> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long an engine had to be idle to be let go, each time that this was asked.
    pub fn idle_limits_asked(&self) -> Vec<Duration> {
        self.idle_limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files of which an earlier failure was to be forgotten, in order.
    pub fn failures_forgotten(&self) -> Vec<PathBuf> {
        self.failures_forgotten.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl EngineSource for ScriptedEngines {
    async fn check(&self, _model: &str) -> Result<(), AppError> {
        Ok(())
    }

    fn runs(&self, runtime: Runtime) -> bool {
        runtime == Runtime::Gguf || self.runs_mlx
    }

    async fn engine(
        &self,
        model: &str,
        options: &EngineOptions,
        _events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).push(model.to_owned());
        self.options.lock().unwrap_or_else(PoisonError::into_inner).push(options.clone());
        Ok(Arc::clone(&self.engine))
    }

    async fn loaded(&self, model: &str) -> Option<Arc<dyn LLMEngine>> {
        self.models_asked().last().filter(|last| *last == model).map(|_| Arc::clone(&self.engine))
    }

    async fn unload_when_idle(&self, after: Duration) -> bool {
        self.idle_limits.lock().unwrap_or_else(PoisonError::into_inner).push(after);
        true
    }

    fn forget_failure(&self, path: &Path) {
        let mut forgotten = self.failures_forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        forgotten.push(path.to_owned());
    }
}
