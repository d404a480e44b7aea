//! What is in the models folder, and what is linked.
//!
//! A GGUF file is a model, and so is a folder with a checkpoint for MLX.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, ModelStatus};
use braincells_data::{Catalogue, LinkedModel};
use braincells_models::catalogue::Runtime;

use super::ModelFile;
use super::error::ModelError;
use super::mlx_folder::{chosen_mlx, mlx_model};
use super::parts::{GGUF, Part, is_projector, size_of, without};
use crate::Home;

/// Everything that a model's name can mean. Blocks.
pub(crate) fn list_models(home: &Home, catalogue: &Catalogue) -> Result<Vec<ModelFile>, AppError> {
    let folder = home.models();
    let mut models = gguf_files(&folder, "");
    for inner in entries(&folder).into_iter().filter(|path| path.is_dir()) {
        let name = inner.file_name().unwrap_or_default().to_string_lossy();
        // What is being tuned is nobody's yet.
        if !name.starts_with('.') {
            models.extend(gguf_files(&inner, &format!("{name}/")));
            models.extend(mlx_model(&inner, &name));
        }
    }
    if models.iter().any(|model| model.runtime == Runtime::Mlx) {
        let (chosen, _) = chosen_mlx(home, catalogue)?;
        for model in &mut models {
            model.is_local_mlx = model.runtime == Runtime::Mlx && model.name == chosen;
        }
    }
    models.sort_by(|one, other| one.name.cmp(&other.name));
    let links = catalogue.models()?;
    let mut roots = if links.is_empty() { Vec::new() } else { home.other_apps().roots() };
    for (_, root) in &mut roots {
        // What is linked is named by where it really is.
        *root = root.canonicalize().unwrap_or_else(|_gone| root.clone());
    }
    let mut linked: Vec<ModelFile> = links
        .into_iter()
        .filter_map(|LinkedModel { name, path }| {
            let (size_bytes, parts) = size_of(&path).ok()?;
            let app = roots.iter().find(|(_, root)| path.starts_with(root));
            let app = app.map(|(app, _)| app.title().to_owned());
            Some(ModelFile { linked: true, app, parts, ..ModelFile::own(name, path, size_bytes) })
        })
        .collect();
    linked.sort_by(|one, other| one.name.cmp(&other.name));
    models.extend(linked);
    let uses: BTreeMap<PathBuf, i64> = catalogue.model_uses()?.into_iter().collect();
    for model in &mut models {
        model.used_at_ms = uses.get(&model.path).copied();
    }
    Ok(models)
}

/// The number of a part, its file and its size.
type SplitPart = (u32, PathBuf, u64);

/// The models in one folder. The parts of a split one are one model, under the name of the first.
fn gguf_files(folder: &Path, prefix: &str) -> Vec<ModelFile> {
    let mut models = Vec::new();
    let mut split: BTreeMap<(String, u32), Vec<SplitPart>> = BTreeMap::new();
    for path in entries(folder) {
        let Some(file_name) = path.file_name().map(|name| name.to_string_lossy().into_owned())
        else {
            continue;
        };
        if without(&file_name, GGUF).is_none() || is_projector(&file_name) {
            continue;
        }
        let Ok(metadata) = path.metadata() else { continue };
        if !metadata.is_file() {
            continue;
        }
        match Part::of(&file_name, GGUF) {
            Some(Part { stem, number, count }) => split
                .entry((stem.to_owned(), count))
                .or_default()
                .push((number, path, metadata.len())),
            None => {
                models.push(ModelFile::own(format!("{prefix}{file_name}"), path, metadata.len()));
            }
        }
    }
    models.extend(split.into_iter().filter_map(|((_, count), mut there)| {
        there.sort();
        let bytes = there.iter().map(|(_, _, bytes)| bytes).sum();
        let parts = there.len() as u32;
        // While the others are being fetched the first part is not there yet; without it nothing can
        // be run.
        let (_, path, _) = there.first().filter(|(number, ..)| *number == 1)?;
        let name = format!("{prefix}{}", path.file_name()?.to_string_lossy());
        let own = ModelFile::own(name, path.clone(), bytes);
        let is_there = |number: &u32| there.iter().any(|(there, ..)| there == number);
        let Some(number) = (1..=count).find(|number| !is_there(number)) else {
            return Some(ModelFile { parts, ..own });
        };
        let error = ModelError::PartMissing { number, count, path: own.path.clone() };
        let (status, error) = (ModelStatus::Failed, Some(error.into()));
        Some(ModelFile { status, error, parts, ..own })
    }));
    models
}

/// The paths in a folder; none if it cannot be read, which for a list of models is the same.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default()
}
