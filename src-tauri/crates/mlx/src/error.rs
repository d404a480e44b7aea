use std::path::{Path, PathBuf};

use braincells_llm::LLMError;

/// Why a checkpoint cannot be used, or why MLX could not compute.
#[derive(Debug, thiserror::Error)]
pub enum MlxError {
    // Files.
    /// A file that every checkpoint has is not there.
    #[error("there is no `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that is read as a whole is too large for that.
    #[error("`{}` has {bytes} bytes, and {most} is the most", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// A file is not the JSON that it should be.
    #[error("`{}` is not valid JSON", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it is not.
        source: serde_json::Error,
    },

    // What they say.
    /// `config.json` says something that no model is.
    #[error("`{field}` of config.json {reason}")]
    Config {
        /// The entry, with a point between levels.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is of a kind that this engine does not compute.
    #[error("models of the type `{model_type}` are not supported")]
    UnknownModel {
        /// Its `model_type`.
        model_type: String,
    },
    /// The model needs something that this engine does not compute.
    #[error("{what} is not supported")]
    Unsupported {
        /// What it needs.
        what: String,
    },
    /// A file of weights, or the list of them, is damaged or cut off.
    #[error("the weights `{}` are damaged: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The model needs weights that no file has.
    #[error("the weights `{name}` are missing")]
    MissingTensor {
        /// Their name.
        name: String,
    },
    /// Weights are not of the form that the model needs.
    #[error("the weights `{name}` are {found}, and {wanted} is due")]
    TensorForm {
        /// Their name.
        name: String,
        /// Their numbers and shape.
        found: String,
        /// What the model needs.
        wanted: String,
    },
    /// The tokenizer or the chat template cannot be used.
    #[error("the tokenizer cannot be used: {reason}")]
    Tokenizer {
        /// Why.
        reason: String,
    },

    // The engine.
    /// MLX refused to compute.
    #[error("MLX failed: {reason}")]
    Mlx {
        /// What it said.
        reason: String,
    },
    /// Stopped by the caller.
    #[error("cancelled")]
    Cancelled,
}

impl MlxError {
    /// As the engine reports it for the checkpoint in `folder`.
    pub fn into_llm(self, folder: &Path) -> LLMError {
        match self {
            Self::Missing { path } => LLMError::ModelNotFound { path },
            Self::Mlx { .. } => LLMError::InferenceFailed { reason: self.to_string() },
            Self::Cancelled => LLMError::Cancelled,
            error => LLMError::ModelBroken { path: folder.to_owned(), reason: whole(&error) },
        }
    }

    /// As the engine reports it where it was loading the checkpoint in `folder`, which has so many
    /// bytes of weights, into a memory of so many. There is no request to blame: what MLX refuses
    /// is the model, or there is no room for it.
    pub fn into_load(self, folder: &Path, bytes: u64, memory: u64) -> LLMError {
        match self {
            Self::Mlx { reason } if reason.contains("allocate") => {
                LLMError::ModelTooLarge { needed_bytes: bytes, available_bytes: memory }
            }
            Self::Mlx { .. } => {
                LLMError::ModelBroken { path: folder.to_owned(), reason: self.to_string() }
            }
            other => other.into_llm(folder),
        }
    }
}

/// An error with what caused it.
fn whole(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(feature = "native")]
impl From<mlx_rs::error::Exception> for MlxError {
    fn from(error: mlx_rs::error::Exception) -> Self {
        Self::Mlx { reason: error.what().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_names_the_file_and_the_cause() {
        let folder = Path::new("m");
        let path = folder.join("config.json");
        let missing = MlxError::Missing { path: path.clone() }.into_llm(folder);
        assert_eq!(missing, LLMError::ModelNotFound { path: path.clone() });
        let source = serde_json::from_str::<u8>("x").unwrap_err();
        let LLMError::ModelBroken { reason, .. } =
            MlxError::NotJson { path, source }.into_llm(folder)
        else {
            panic!("a broken model")
        };
        assert!(reason.contains("config.json") && reason.contains("line 1"), "{reason}");
        let failed = MlxError::Mlx { reason: "no memory".to_owned() }.into_llm(folder);
        assert!(matches!(failed, LLMError::InferenceFailed { .. }));
        assert!(!failed.ends_run(), "another request may fit");
    }

    #[test]
    fn what_mlx_refuses_of_a_model_is_the_models_fault() {
        let folder = Path::new("m");
        let load = |reason: &str| {
            MlxError::Mlx { reason: reason.to_owned() }.into_load(folder, 5_000, 3_000)
        };
        let too_large = LLMError::ModelTooLarge { needed_bytes: 5_000, available_bytes: 3_000 };
        for reason in [
            "[malloc] Unable to allocate 5000 bytes.",
            "[metal::malloc] Attempting to allocate 5000 bytes which is greater than the maximum",
        ] {
            assert_eq!(load(reason), too_large);
        }
        let broken = load("[quantized_matmul] The shapes are incompatible");
        assert!(
            matches!(&broken, LLMError::ModelBroken { reason, .. } if reason.contains("shapes")),
            "{broken:?}"
        );
        assert_eq!(MlxError::Cancelled.into_load(folder, 1, 1), LLMError::Cancelled);
    }
}
