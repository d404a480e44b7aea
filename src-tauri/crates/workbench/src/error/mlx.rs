use super::WorkbenchError;

impl WorkbenchError {
    /// What to do about a failure that has to do with models for MLX.
    pub(super) fn mlx_hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoMlx => {
                "they need Apple Silicon and `braincells-mlx`; or take the same model as GGUF"
            }
            Self::NotTuned { .. } => "look for a repository with the model in fewer bits",
            Self::MlxModelFetched { .. } => "cancel the download first",
            Self::NoMlxDownload { .. } => "download it first",
            Self::NoMlxModel => "download it, or choose another",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
