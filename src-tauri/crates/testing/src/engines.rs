use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use braincells_core::{AppError, EventSink};
use braincells_llm::LLMEngine;
use braincells_workbench::{EngineOptions, EngineSource};

/// Hands out one engine whatever model is asked for, and remembers what was asked for.
pub struct ScriptedEngines {
    engine: Arc<dyn LLMEngine>,
    models: Mutex<Vec<String>>,
}

impl ScriptedEngines {
    /// A source that always hands out `engine`.
    pub fn new(engine: Arc<dyn LLMEngine>) -> Self {
        Self { engine, models: Mutex::default() }
    }

    /// The models that were asked for, in order.
    pub fn models_asked(&self) -> Vec<String> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl EngineSource for ScriptedEngines {
    async fn check(&self, _model: &str) -> Result<(), AppError> {
        Ok(())
    }

    async fn engine(
        &self,
        model: &str,
        _options: &EngineOptions,
        _events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).push(model.to_owned());
        Ok(Arc::clone(&self.engine))
    }

    async fn loaded(&self, model: &str) -> Option<Arc<dyn LLMEngine>> {
        self.models_asked().last().filter(|last| *last == model).map(|_| Arc::clone(&self.engine))
    }
}
