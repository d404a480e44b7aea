//! What a model's header says.

use std::path::PathBuf;

use braincells_core::AppError;
use braincells_models::fit::Judgement;
use serde::Serialize;

use super::{ModelFile, read_header, unknown_architecture};
use crate::Workbench;
use crate::blocking::blocking;

/// What the header of a model says, and whether the model fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ModelInfo {
    /// What a recipe calls it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size, with all its parts.
    pub bytes: u64,
    /// What it calls itself.
    pub title: Option<String>,
    /// How it is built, such as `llama` or `qwen3`.
    pub architecture: Option<String>,
    /// What it is quantised as, such as `Q4_K_M`.
    pub quantisation: Option<String>,
    /// How many parameters it has.
    pub parameters: Option<u64>,
    /// How many tokens it was trained to take.
    pub context_length: Option<u64>,
    /// How many layers it has.
    pub layers: Option<u64>,
    /// How many tokens its vocabulary has.
    pub vocabulary_size: Option<u64>,
    /// Its licence.
    pub licence: Option<String>,
    /// Whether it says how a conversation is written; a base model often does not.
    pub chat_template: bool,
    /// Whether it fits this machine; `None` where it cannot be told.
    pub fit: Option<Judgement>,
    /// Why it cannot be used, if it cannot.
    pub problem: Option<String>,
}

impl Workbench {
    /// Reads the header of a model. A file that is broken is no error but has a `problem`.
    pub async fn model_info(&self, name: &str) -> Result<ModelInfo, AppError> {
        let meant = self.model_meant(name).await?;
        let (model, room) = (self.model_named(&meant).await?, self.room().await?);
        blocking(move || {
            let ModelFile { name, path, size_bytes: bytes, .. } = model;
            let (parts, problem) = match read_header(&path) {
                Ok(parts) => (parts, None),
                Err(error) => (Vec::new(), Some(error.message)),
            };
            let (fit, problem) = match room.judge(&parts) {
                Ok(fit) => (Some(fit), problem),
                Err(error) => (None, problem.or(Some(error.message))),
            };
            let header = parts.first();
            let architecture = header.and_then(|gguf| gguf.architecture());
            let problem = problem.or_else(|| unknown_architecture(architecture));
            let text = |text: Option<&str>| text.map(str::to_owned);
            Ok::<_, AppError>(ModelInfo {
                name,
                path,
                bytes,
                title: header.and_then(|gguf| text(gguf.name())),
                architecture: text(architecture),
                quantisation: header.and_then(|gguf| text(gguf.quantisation())),
                parameters: header.map(|_| {
                    parts.iter().fold(0, |all: u64, gguf| all.saturating_add(gguf.parameters()))
                }),
                context_length: header.and_then(braincells_models::gguf::Gguf::context_length),
                layers: header.and_then(braincells_models::gguf::Gguf::block_count),
                vocabulary_size: header.and_then(braincells_models::gguf::Gguf::vocabulary_size),
                licence: header.and_then(|gguf| text(gguf.licence())),
                chat_template: header.is_some_and(braincells_models::gguf::Gguf::has_chat_template),
                fit,
                problem,
            })
        })
        .await
    }
}
