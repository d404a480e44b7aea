use std::path::{Path, PathBuf};

use braincells_core::{AppError, ModelStatus};
use braincells_llm::llama::{TunedOrigin, tuned_origin};
use braincells_models::catalogue::Runtime;
use serde::Serialize;

use super::{parts, unreadable};
use crate::tune_model::MARK;

/// A model of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ModelFile {
    /// What a recipe calls it: the path inside the models folder, or a linked file's name.
    pub name: String,
    /// What runs it.
    pub runtime: Runtime,
    /// Where it is; of a split model, its first part; of one for MLX, its folder.
    pub path: PathBuf,
    /// Its size, with all its parts.
    pub size_bytes: u64,
    /// Whether it lies outside the models folder.
    pub linked: bool,
    /// What it was made from, if it is a copy that was tuned for a machine.
    pub tuned: Option<TunedOrigin>,
    /// When an engine last took it up, Unix milliseconds.
    pub used_at_ms: Option<i64>,
    /// Where it stands. One that lacks parts has failed.
    pub status: ModelStatus,
    /// Why it has failed.
    pub error: Option<AppError>,
    /// The repository of the hub that it is from, `owner/name`, where its folder says so.
    pub repository: Option<String>,
    /// How many files its weights have.
    pub parts: u32,
    /// The app that it belongs to, where it is linked.
    pub app: Option<String>,
    /// Whether it is the one for MLX that was chosen: what `local-mlx` means.
    pub is_local_mlx: bool,
}

impl ModelFile {
    /// One in the models folder.
    pub(crate) fn own(name: String, path: PathBuf, size_bytes: u64) -> Self {
        // Only names that a copy has are looked into: reading headers takes milliseconds each.
        let tuned = if name.contains(MARK) { tuned_origin(&path) } else { None };
        let repository = name.split_once('/').and_then(|(folder, _)| repository_of(folder));
        Self {
            name,
            runtime: Runtime::Gguf,
            path,
            size_bytes,
            linked: false,
            tuned,
            used_at_ms: None,
            status: ModelStatus::Downloaded,
            error: None,
            repository,
            parts: 1,
            app: None,
            is_local_mlx: false,
        }
    }

    /// A file or a folder that is none of the models and is named by its path.
    pub(super) fn at(path: &Path) -> Result<Self, AppError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (size_bytes, parts) = parts::size_of(path).map_err(|error| unreadable(path, &error))?;
        let runtime = runtime_of(path);
        Ok(Self { runtime, parts, linked: true, ..Self::own(name, path.to_owned(), size_bytes) })
    }
}

/// What runs the model at a path: a folder is one for MLX.
pub(crate) fn runtime_of(path: &Path) -> Runtime {
    if path.is_dir() { Runtime::Mlx } else { Runtime::Gguf }
}

/// The repository that a folder is called after: `owner--name`.
pub(super) fn repository_of(folder: &str) -> Option<String> {
    let (owner, repository) = folder.split_once("--")?;
    let is_whole = !owner.is_empty() && !repository.is_empty();
    is_whole.then(|| format!("{owner}/{repository}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_download_names_its_repository() {
        for (name, expected) in [
            ("Qwen--Qwen3-8B-GGUF/q4.gguf", Some("Qwen/Qwen3-8B-GGUF")),
            ("a--b--c/q4.gguf", Some("a/b--c")),
            ("mine/q4.gguf", None),
            ("--b/q4.gguf", None),
            ("a--/q4.gguf", None),
            ("q4--x.gguf", None),
        ] {
            let model = ModelFile::own(name.to_owned(), name.into(), 1);
            assert_eq!(model.repository.as_deref(), expected, "{name}");
        }
    }
}
