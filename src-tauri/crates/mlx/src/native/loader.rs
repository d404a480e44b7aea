//! What the helper loads.

use std::path::Path;
use std::sync::Arc;

use braincells_llm::worker::{LoadProgress, Loader};
use braincells_llm::{LLMEngine, LLMError};
use serde_json::Value;

use super::MlxEngine;
use crate::LoadOptions;

/// Loads folders with checkpoints. Its options are [`LoadOptions`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadMlx;

impl Loader for LoadMlx {
    fn load(
        &self,
        path: &Path,
        options: Value,
        model_hash: &mut dyn FnMut() -> Option<String>,
        progress: LoadProgress,
    ) -> Result<Arc<dyn LLMEngine>, LLMError> {
        let options: LoadOptions = serde_json::from_value(options)
            .map_err(|error| LLMError::InvalidRequest { reason: error.to_string() })?;
        let engine = MlxEngine::load(path, &options, progress)?;
        Ok(Arc::new(match model_hash() {
            Some(hash) => engine.with_model_hash(&hash),
            None => engine,
        }))
    }
}
