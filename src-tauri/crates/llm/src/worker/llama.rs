//! The loader of a child that runs llama.cpp.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{LoadProgress, Loader, load_with};
use crate::llama::LlamaEngine;
use crate::{LLMEngine, LLMError};

/// Loads GGUF files with llama.cpp. Its options are [`LoadOptions`](crate::llama::LoadOptions).
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
        let load = |options| LlamaEngine::load(path, &options, progress);
        load_with(options, load, model_hash, LlamaEngine::with_model_hash)
    }
}
