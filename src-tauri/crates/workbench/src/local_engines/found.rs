//! What a name means, whether its engine can load it, and what of the options it takes.

use std::path::PathBuf;

use braincells_core::{AppError, Code};
use braincells_data::Catalogue;
use braincells_llm::mlx::{self, MlxHelper, MlxUnavailable};
use braincells_models::catalogue::Runtime;

use crate::models::{list_models, read_checkpoint, read_header, resolve_model, runtime_of};
use crate::{EngineOptions, Home};

/// The file or folder that a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundModel {
    /// What the list of models calls it.
    pub(super) name: String,
    pub(super) runtime: Runtime,
    pub(super) path: PathBuf,
}

/// The model that a name means. Blocks.
pub(super) fn find_model(home: &Home, name: &str) -> Result<FoundModel, AppError> {
    let models = list_models(home, &Catalogue::open(&home.catalogue())?)?;
    let path = resolve_model(name, &models)?;
    let listed = models.into_iter().find(|model| model.path == path);
    let file_name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = listed.map_or_else(file_name, |model| model.name);
    Ok(FoundModel { name, runtime: runtime_of(&path), path })
}

/// Refuses, with a named cause, a model that its engine would fall over, and one without an engine.
pub(super) fn look_at(
    model: &FoundModel,
    mlx: &Result<MlxHelper, MlxUnavailable>,
) -> Result<(), AppError> {
    match model.runtime {
        Runtime::Gguf => read_header(&model.path).map(drop),
        Runtime::Mlx => {
            mlx.as_ref().map_err(unavailable)?;
            read_checkpoint(&model.path).map(drop)
        }
    }
}

/// Why no model for MLX runs here, for who asked for one.
pub(super) fn unavailable(error: &MlxUnavailable) -> AppError {
    let hint = match error {
        MlxUnavailable::OtherMachine => "take the same model as GGUF",
        MlxUnavailable::NoHelper { .. } => {
            "install Braincells again, or name the program with `BRAINCELLS_MLX_HELPER`"
        }
    };
    AppError::new(Code::ModelMissing, error.to_string()).with_hint(hint)
}

/// What of the options means something for MLX, whose layers all are on the GPU.
pub(super) fn mlx_options(options: &EngineOptions, now_ms: i64) -> mlx::LoadOptions {
    let usual = mlx::LoadOptions::default();
    mlx::LoadOptions {
        context_tokens: options.context_tokens.unwrap_or(usual.context_tokens),
        // Rows that are computed alone are the same whatever is beside them.
        parallel_requests: if options.exact {
            1
        } else {
            options.parallel_rows.unwrap_or(usual.parallel_requests)
        },
        now_ms: Some(now_ms),
    }
}
