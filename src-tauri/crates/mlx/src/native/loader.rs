//! What the helper loads.

use std::path::Path;
use std::sync::Arc;

use braincells_llm::worker::{LoadProgress, Loader, load_with};
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
        let load = |options: LoadOptions| MlxEngine::load(path, &options, progress);
        load_with(options, load, model_hash, MlxEngine::with_model_hash)
    }
}
