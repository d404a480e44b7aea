//! Models for MLX: folders with `config.json`, weights as safetensors and a tokenizer, as the
//! downloads put them there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, ModelStatus};
use braincells_data::Catalogue;
use braincells_mlx::{Checkpoint, ModelConfig};
use braincells_models::catalogue::{Model, ModelRole, Runtime};
use braincells_models::hub::is_checkpoint_file;

use super::catalogue::ModelCatalogue;
use super::error::ModelError;
use super::list::entries;
use super::parts::{GGUF, Part, without};
use super::storage::is_unfinished;
use super::{ModelFile, file};
use crate::Home;
use crate::settings::kept_settings;

/// The file by which a folder is found to be a model. A download brings it last.
const CONFIG: &str = "config.json";
/// What weights end with.
const WEIGHTS: &str = ".safetensors";

/// The model in a folder of the models folder, unless it has none.
pub(super) fn mlx_model(folder: &Path, name: &str) -> Option<ModelFile> {
    let files = files_of(folder);
    let names = || files.iter().filter_map(|path| path.file_name()?.to_str());
    let is_gguf = |path: PathBuf| {
        path.file_name().is_some_and(|name| without(&name.to_string_lossy(), GGUF).is_some())
    };
    // Repositories of GGUF files have a `config.json`, too.
    let is_other = entries(folder).into_iter().any(is_gguf);
    let weights: Vec<&str> = names().filter(|name| name.ends_with(WEIGHTS)).collect();
    if is_other || weights.is_empty() || !names().any(|name| name == CONFIG) {
        return None;
    }
    let bytes = files.iter().filter_map(|path| path.metadata().ok()).map(|one| one.len()).sum();
    let own = ModelFile {
        runtime: Runtime::Mlx,
        parts: weights.len() as u32,
        repository: file::repository_of(name),
        ..ModelFile::own(name.to_owned(), folder.to_owned(), bytes)
    };
    let Some((number, count)) = missing_part(&weights) else { return Some(own) };
    let error = ModelError::PartMissing { number, count, path: folder.to_owned() };
    Some(ModelFile { status: ModelStatus::Failed, error: Some(error.into()), ..own })
}

/// The first part of weights in several files that is not there, and how many there are.
fn missing_part(weights: &[&str]) -> Option<(u32, u32)> {
    let mut split: BTreeMap<(&str, u32), Vec<u32>> = BTreeMap::new();
    for part in weights.iter().filter_map(|name| Part::of(name, WEIGHTS)) {
        split.entry((part.stem, part.count)).or_default().push(part.number);
    }
    split.into_iter().find_map(|((_, count), there)| {
        (1..=count).find(|number| !there.contains(number)).map(|number| (number, count))
    })
}

/// Whether a folder is a checkpoint, whole or not.
pub(super) fn is_checkpoint(path: &Path) -> bool {
    path.join(CONFIG).is_file()
}

/// The files of a model that is a folder, `config.json` first. What is fetched is none yet; what is
/// hidden was put there by a system for itself, and other kinds of files by a person.
pub(super) fn files_of(folder: &Path) -> Vec<PathBuf> {
    let is_its = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.starts_with('.') && is_checkpoint_file(name) && !is_unfinished(path) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries(folder).into_iter().filter(is_its).collect();
    let is_config = |path: &PathBuf| path.file_name().is_some_and(|name| name == CONFIG);
    files.sort_by_key(|path| (!is_config(path), path.clone()));
    files
}

/// Reads what a checkpoint says of itself, and refuses with a named cause what MLX would fall over.
/// Reads some megabytes; blocks.
pub(crate) fn read_checkpoint(folder: &Path) -> Result<(ModelConfig, Checkpoint), AppError> {
    let read = || {
        let config = ModelConfig::read(folder)?;
        let checkpoint = Checkpoint::open(folder)?;
        checkpoint.check(&config)?;
        Ok((config, checkpoint))
    };
    read().map_err(|error: braincells_mlx::MlxError| error.into_llm(folder).into())
}

/// The name of the model that `local-mlx` means by the settings of a home, whether it is there or
/// not, and the recommended model that it is, if it is one. Blocks.
pub(crate) fn chosen_mlx(
    home: &Home,
    catalogue: &Catalogue,
) -> Result<(String, Option<Model>), AppError> {
    let chosen = kept_settings(catalogue)?.selected_mlx_model;
    let list = ModelCatalogue::new(home).newest();
    let is_meant = |model: &&Model| match chosen.as_str() {
        "" => model.role == Some(ModelRole::Default),
        chosen => model.id == chosen || folder_of(&model.repository) == chosen,
    };
    let model = list.of(Runtime::Mlx).find(is_meant).cloned();
    let name = model.as_ref().map_or(chosen, |model| folder_of(&model.repository));
    Ok((name, model))
}

/// What a repository for MLX is called once it is here.
pub(crate) fn folder_of(repository: &str) -> String {
    repository.replace('/', "--")
}

#[cfg(test)]
mod tests {
    use braincells_testing::TempHome;

    use super::*;

    #[test]
    fn a_folder_is_a_model_once_its_config_is_there_and_says_what_it_lacks() {
        let home = TempHome::new();
        let folder = home.outside().join("o--m");
        let write = |name: &str| {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name), "12345").unwrap();
        };
        let found = || mlx_model(&folder, "o--m");
        write("model-00002-of-00002.safetensors");
        write("model-00001-of-00002.safetensors.partial");
        assert_eq!(found(), None);
        write(CONFIG);
        let torn = found().unwrap();
        assert_eq!((torn.runtime, torn.status), (Runtime::Mlx, ModelStatus::Failed));
        assert!(torn.error.unwrap().message.contains("part 1 of 2"), "the missing part is named");
        write("model-00001-of-00002.safetensors");
        // As macOS puts them beside files on other disks.
        write("._model-00003-of-00003.safetensors");
        write(".DS_Store");
        let whole = found().unwrap();
        assert_eq!((whole.status, whole.error), (ModelStatus::Downloaded, None));
        assert_eq!((whole.parts, whole.size_bytes), (2, 15), "what is fetched is not counted");
        assert_eq!(whole.repository.as_deref(), Some("o/m"));
        assert_eq!(files_of(&folder)[0], folder.join(CONFIG));
        write("m.gguf");
        assert_eq!(found(), None, "a repository of GGUF files has such a file, too");
    }

    #[test]
    fn a_checkpoint_that_is_none_is_refused_with_its_cause() {
        let home = TempHome::new();
        let folder = home.outside().join("o--m");
        std::fs::create_dir_all(&folder).unwrap();
        let missing = read_checkpoint(&folder).unwrap_err();
        assert_eq!(missing.code, braincells_core::Code::ModelMissing);
        std::fs::write(folder.join(CONFIG), r#"{"model_type": "gpt_oss"}"#).unwrap();
        let unknown = read_checkpoint(&folder).unwrap_err();
        assert_eq!(unknown.code, braincells_core::Code::ModelBroken);
        assert!(unknown.message.contains("gpt_oss"), "{}", unknown.message);
    }
}
