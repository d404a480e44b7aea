//! The loader of a child that runs llama.cpp.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{LoadProgress, Loader};
use crate::llama::{LlamaEngine, LoadOptions};
use crate::{LLMEngine, LLMError};

/// Loads GGUF files with llama.cpp. Its options are [`LoadOptions`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadLlama;

impl Loader for LoadLlama {
    fn load(
        &self,
        path: &Path,
        options: Value,
        model_hash: &mut dyn FnMut() -> Option<String>,
        progress: LoadProgress,
    ) -> Result<Arc<dyn LLMEngine>, LLMError> {
        let options: LoadOptions = serde_json::from_value(options)
            .map_err(|error| LLMError::InvalidRequest { reason: error.to_string() })?;
        let engine = LlamaEngine::load(path, &options, progress)?;
        Ok(Arc::new(match model_hash() {
            Some(hash) => engine.with_model_hash(&hash),
            None => engine,
        }))
    }
}
