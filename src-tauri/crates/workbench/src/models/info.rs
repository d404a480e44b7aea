//! What a model's header says.

use std::path::PathBuf;

use braincells_core::AppError;
use braincells_mlx::{ChatFiles, Checkpoint, ModelConfig};
use braincells_models::catalogue::Runtime;
use braincells_models::fit::{Judgement, Layer, Shape};
use serde::Serialize;

use super::{ModelFile, Room, read_checkpoint, read_header, unknown_architecture};
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
        let is_run = self.engines().runs(model.runtime);
        blocking(move || {
            let mut info = match model.runtime {
                Runtime::Gguf => of_file(model, &room),
                Runtime::Mlx => of_folder(model, &room),
            };
            if !is_run && info.problem.is_none() {
                info.problem = Some(
                    "models for MLX run on Apple Silicon, with `braincells-mlx` beside the program"
                        .to_owned(),
                );
            }
            Ok::<_, AppError>(info)
        })
        .await
    }
}

impl ModelInfo {
    /// What is known without its header.
    fn unread(model: ModelFile) -> Self {
        let ModelFile { name, path, size_bytes: bytes, repository: title, .. } = model;
        Self {
            name,
            path,
            bytes,
            title,
            architecture: None,
            quantisation: None,
            parameters: None,
            context_length: None,
            layers: None,
            vocabulary_size: None,
            licence: None,
            chat_template: false,
            fit: None,
            problem: None,
        }
    }
}

fn of_file(model: ModelFile, room: &Room) -> ModelInfo {
    let unread = ModelInfo { title: None, ..ModelInfo::unread(model) };
    let (parts, problem) = match read_header(&unread.path) {
        Ok(parts) => (parts, None),
        Err(error) => (Vec::new(), Some(error.message)),
    };
    let (fit, problem) = match room.judge(&parts) {
        Ok(fit) => (Some(fit), problem),
        Err(error) => (None, problem.or(Some(error.message))),
    };
    let Some(header) = parts.first() else { return ModelInfo { fit, problem, ..unread } };
    let architecture = header.architecture();
    let problem = problem.or_else(|| unknown_architecture(Runtime::Gguf, architecture));
    let text = |text: Option<&str>| text.map(str::to_owned);
    let parameters = parts.iter().fold(0, |all: u64, gguf| all.saturating_add(gguf.parameters()));
    ModelInfo {
        title: text(header.name()),
        architecture: text(architecture),
        quantisation: text(header.quantisation()),
        parameters: Some(parameters),
        context_length: header.context_length(),
        layers: header.block_count(),
        vocabulary_size: header.vocabulary_size(),
        licence: text(header.licence()),
        chat_template: header.has_chat_template(),
        fit,
        problem,
        ..unread
    }
}

fn of_folder(model: ModelFile, room: &Room) -> ModelInfo {
    let unread = ModelInfo::unread(model);
    let (config, checkpoint) = match read_checkpoint(&unread.path) {
        Ok(read) => read,
        Err(error) => return ModelInfo { problem: Some(error.message), ..unread },
    };
    let bits = config.quantization.as_ref().map(|packed| packed.of_matrix("").bits);
    let template = ChatFiles::read(&unread.path).ok().and_then(|files| files.template);
    ModelInfo {
        architecture: Some(config.architecture.title().to_owned()),
        quantisation: bits.map(|bits| format!("{bits} bits")),
        context_length: Some(config.context_tokens.into()),
        layers: Some(config.layers.len() as u64),
        vocabulary_size: Some(config.vocabulary.into()),
        chat_template: template.is_some(),
        fit: Some(room.judge_shape(&shape_of(&config, &checkpoint))),
        ..unread
    }
}

/// What the memory of a checkpoint depends on. Keys and values are halves, as everything that MLX
/// computes on a GPU.
fn shape_of(config: &ModelConfig, checkpoint: &Checkpoint) -> Shape {
    const HALF_BYTES: u64 = 2;
    let cell_bytes = 2 * u64::from(config.key_heads) * u64::from(config.head_width) * HALF_BYTES;
    let embedding = format!("{}model.embed_tokens", config.weight_prefix);
    let of_embedding = ["weight", "scales", "biases"];
    let of_embedding = of_embedding.map(|part| format!("{embedding}.{part}"));
    let input_bytes = of_embedding
        .iter()
        .filter_map(|name| checkpoint.tensor(name))
        .map(|tensor| tensor.bytes)
        .sum::<u64>();
    let of_layers = checkpoint.bytes().saturating_sub(input_bytes);
    let layer_bytes = of_layers / config.layers.len().max(1) as u64;
    let layer = |layer: &braincells_mlx::Layer| Layer {
        weight_bytes: layer_bytes,
        cell_bytes,
        window: layer.window.map(u64::from),
        state_bytes: 0,
    };
    Shape {
        layers: config.layers.iter().map(layer).collect(),
        input_bytes,
        // The embedding is used where it lies; nothing is copied for the output.
        is_tied: false,
        active_bytes: of_layers,
        embedding_length: config.hidden.into(),
        feed_forward_length: config.intermediate.into(),
        heads: config.heads.into(),
        vocabulary_size: config.vocabulary.into(),
        context_length: config.context_tokens.into(),
        ..Shape::default()
    }
}
