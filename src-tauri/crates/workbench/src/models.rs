//! The model files: what is in the models folder, what is linked, and what a name means.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use braincells_core::AppError;
use braincells_data::{Catalogue, LinkedModel, ResponseCache};
use braincells_llm::llama::{TunedOrigin, check_file, tuned_origin};
use serde::Serialize;

use crate::Workbench;
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::model_hash::model_sha256;
use crate::recipe_file::ModelIdentity;
use crate::tune_model::MARK;

/// The file name of the model that makes the first run work in seconds.
pub const STARTER_MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// A model file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ModelFile {
    /// What a recipe calls it: the path inside the models folder, or a linked file's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// Whether it lies outside the models folder.
    pub linked: bool,
    /// What it was made from, if it is a copy that was tuned for a machine.
    pub tuned: Option<TunedOrigin>,
}

impl ModelFile {
    fn new(name: String, path: PathBuf, size_bytes: u64, linked: bool) -> Self {
        // Only names that a copy has are looked into: reading headers takes milliseconds each.
        let tuned = if name.contains(MARK) { tuned_origin(&path) } else { None };
        Self { name, path, size_bytes, linked, tuned }
    }
}

impl Workbench {
    /// The GGUF files in the models folder and one folder below, then the linked ones whose file
    /// is there; each part sorted by name.
    pub async fn models(&self) -> Result<Vec<ModelFile>, AppError> {
        let (catalogue, folder) = (self.catalogue(), self.home().models());
        blocking(move || list_models(&folder, &catalogue)).await
    }

    /// Lists a model file that lies elsewhere. It is looked at, not copied.
    pub async fn add_model(&self, path: &Path) -> Result<ModelFile, AppError> {
        let (catalogue, folder, path) = (self.catalogue(), self.home().models(), path.to_owned());
        blocking(move || {
            let size_bytes = check_file(&path)?;
            let path = path.canonicalize().map_err(|error| WorkbenchError::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
                missing: false,
            })?;
            let known = list_models(&folder, &catalogue)?;
            if let Some(model) = known.iter().find(|model| model.path == path) {
                return Ok(model.clone());
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if known.iter().any(|model| model.name == name) {
                return Err(AppError::from(WorkbenchError::ModelNameTaken { name }));
            }
            catalogue.put_model(&LinkedModel { name: name.clone(), path: path.clone() })?;
            Ok(ModelFile::new(name, path, size_bytes, true))
        })
        .await
    }
}

impl Workbench {
    /// Lets models leave memory. Refuses nothing: a run keeps the engine it has, and its memory is
    /// free when the run ends.
    pub async fn unload_models(&self) {
        self.engines().unload().await;
    }

    /// What is to be done now and then, about once a minute: lets a model leave memory that was
    /// idle for as long as the settings say. Returns whether one did.
    pub async fn tick(&self) -> bool {
        let minutes = match self.settings().await {
            Ok(settings) => settings.unload_after_minutes,
            Err(error) => {
                tracing::warn!(%error, "the settings could not be read");
                return false;
            }
        };
        match minutes {
            Some(minutes) => {
                let after = Duration::from_secs(60 * u64::from(minutes));
                self.engines().unload_when_idle(after).await
            }
            None => false,
        }
    }
}

pub(crate) fn list_models(
    folder: &Path,
    catalogue: &Catalogue,
) -> Result<Vec<ModelFile>, AppError> {
    let mut models = gguf_files(folder, "");
    for inner in entries(folder).into_iter().filter(|path| path.is_dir()) {
        let prefix = format!("{}/", inner.file_name().unwrap_or_default().to_string_lossy());
        models.extend(gguf_files(&inner, &prefix));
    }
    models.sort_by(|one, other| one.name.cmp(&other.name));
    let mut linked: Vec<ModelFile> = catalogue
        .models()?
        .into_iter()
        .filter_map(|LinkedModel { name, path }| {
            let size_bytes = path.metadata().ok()?.len();
            Some(ModelFile::new(name, path, size_bytes, true))
        })
        .collect();
    linked.sort_by(|one, other| one.name.cmp(&other.name));
    models.extend(linked);
    Ok(models)
}

fn gguf_files(folder: &Path, prefix: &str) -> Vec<ModelFile> {
    let as_model = |path: PathBuf| {
        let metadata = path.metadata().ok()?;
        let is_gguf = path.extension()?.eq_ignore_ascii_case("gguf") && metadata.is_file();
        let name = format!("{prefix}{}", path.file_name()?.to_string_lossy());
        is_gguf.then(|| ModelFile::new(name, path, metadata.len(), false))
    };
    entries(folder).into_iter().filter_map(as_model).collect()
}

/// The paths in a folder; none if it cannot be read, which for a list of models is the same.
fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

/// The file that a recipe's model name means: a listed name, a file name with or without
/// `.gguf`, the only name that begins so, or a path. Nothing named means the starter model, else
/// the only model there is. A tuned copy is meant only by its own name, or by a beginning that no
/// other model has: what meant its original goes on to mean that.
pub(crate) fn resolve_model(name: &str, models: &[ModelFile]) -> Result<PathBuf, AppError> {
    let names = || models.iter().map(|model| model.name.clone()).collect::<Vec<_>>();
    if name.is_empty() {
        let starter = models.iter().find(|model| model.name == STARTER_MODEL);
        let originals: Vec<&ModelFile> =
            models.iter().filter(|model| model.tuned.is_none()).collect();
        let only = match originals.as_slice() {
            [model] => Some(*model),
            _ => None,
        };
        return match starter.or(only) {
            Some(model) => Ok(model.path.clone()),
            None => Err(WorkbenchError::NoDefaultModel { known: names() }.into()),
        };
    }
    let begins =
        |model: &ModelFile| file_name(model).to_lowercase().starts_with(&name.to_lowercase());
    let matches: [&dyn Fn(&ModelFile) -> bool; 5] = [
        &|model| model.name == name,
        &|model| file_name(model) == name,
        &|model| without_extension(file_name(model)) == name,
        &|model| model.tuned.is_none() && begins(model),
        &begins,
    ];
    for is_meant in matches {
        let found: Vec<&ModelFile> = models.iter().filter(|model| is_meant(model)).collect();
        match found.as_slice() {
            [] => {}
            [model] => return Ok(model.path.clone()),
            several => {
                let candidates = several.iter().map(|model| model.name.clone()).collect();
                return Err(
                    WorkbenchError::AmbiguousModel { name: name.to_owned(), candidates }.into()
                );
            }
        }
    }
    let path = PathBuf::from(name);
    if path.exists() {
        return Ok(path);
    }
    Err(WorkbenchError::NoSuchModel { name: name.to_owned(), known: names() }.into())
}

/// The file that a recipe's model name means now, `default_model` where it is empty: its bare
/// name, and what it is. `None` if it means no file that can be read. Reads a file that is not
/// known yet, which takes seconds for gigabytes.
pub(crate) fn identify_model(
    name: &str,
    default_model: &str,
    models: &[ModelFile],
    remembered: &ResponseCache,
) -> Option<(String, ModelIdentity)> {
    let meant = if name.is_empty() { default_model } else { name };
    let path = resolve_model(meant, models).ok()?;
    let file = path.file_name()?.to_str()?.to_owned();
    let size_bytes = path.metadata().ok()?.len();
    let sha256 = model_sha256(&path, remembered, &AtomicBool::new(false)).ok()?;
    Some((file, ModelIdentity { sha256, size_bytes }))
}

fn file_name(model: &ModelFile) -> &str {
    model.name.rsplit('/').next().unwrap_or(&model.name)
}

fn without_extension(name: &str) -> &str {
    let stem_length = name.len().saturating_sub(".gguf".len());
    match name.get(stem_length..) {
        Some(extension) if extension.eq_ignore_ascii_case(".gguf") => &name[..stem_length],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::Code;

    use super::*;

    fn models(names: &[&str]) -> Vec<ModelFile> {
        let model = |name: &&str| ModelFile {
            name: (*name).to_owned(),
            path: PathBuf::from("/models").join(name),
            size_bytes: 1,
            linked: false,
            tuned: name.contains(MARK).then(|| TunedOrigin {
                file: String::new(),
                sha256: String::new(),
                at_ms: 0,
            }),
        };
        names.iter().map(model).collect()
    }

    #[test]
    fn a_name_means_the_closest_file_and_is_never_guessed() {
        let models = models(&["qwen-1.gguf", "qwen-1-long.gguf", "sub/gemma.GGUF", "phi.gguf"]);
        for (name, expected) in [
            ("phi.gguf", "phi.gguf"),
            ("phi", "phi.gguf"),
            ("PH", "phi.gguf"),
            ("sub/gemma.GGUF", "sub/gemma.GGUF"),
            ("gemma", "sub/gemma.GGUF"),
            ("qwen-1", "qwen-1.gguf"),
            ("qwen-1-l", "qwen-1-long.gguf"),
        ] {
            let path = resolve_model(name, &models).expect(name);
            assert_eq!(path, Path::new("/models").join(expected), "{name}");
        }
        assert_eq!(resolve_model("qwen", &models).unwrap_err().code, Code::Conflict);
        let unknown = resolve_model("llama", &models).unwrap_err();
        assert_eq!(unknown.code, Code::ModelMissing);
        assert!(unknown.hint.expect("a hint").contains("`phi.gguf`"));
    }

    #[test]
    fn a_tuned_copy_does_not_take_the_place_of_its_original() {
        let models = models(&["phi-q4.gguf", "phi-q4.tuned-Q8_0.gguf", "qwen.tuned-Q8_0.gguf"]);
        for (name, expected) in [
            ("phi-q4", "phi-q4.gguf"),
            ("phi", "phi-q4.gguf"),
            ("phi-q4.t", "phi-q4.tuned-Q8_0.gguf"),
            ("phi-q4.tuned-Q8_0", "phi-q4.tuned-Q8_0.gguf"),
            ("qwen", "qwen.tuned-Q8_0.gguf"),
            ("", "phi-q4.gguf"),
        ] {
            let path = resolve_model(name, &models).expect(name);
            assert_eq!(path, Path::new("/models").join(expected), "{name}");
        }
    }

    #[test]
    fn nothing_named_means_the_starter_or_the_only_model() {
        let only = models(&["phi.gguf"]);
        assert_eq!(resolve_model("", &only).expect("the only"), Path::new("/models/phi.gguf"));
        let starter = models(&["phi.gguf", STARTER_MODEL]);
        assert!(resolve_model("", &starter).expect("the starter").ends_with(STARTER_MODEL));
        for several in [models(&[]), models(&["phi.gguf", "qwen.gguf"])] {
            let error = resolve_model("", &several).unwrap_err();
            assert_eq!(error.code, Code::ModelMissing);
        }
    }
}
