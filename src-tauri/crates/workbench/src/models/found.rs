//! Models that other apps of this machine keep. They are read, never changed, and whatever is in
//! their folders costs no more than a bounded amount of work.

mod ollama;
mod walk;

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use braincells_core::AppError;
use serde::Serialize;

use super::parts::{GGUF, Part, is_projector, paths_of, without};
use super::{ModelApp, OtherApps};
use crate::Workbench;
use crate::blocking::blocking;
use walk::{Budget, files, folders};

/// Models of one app that are listed at most.
const MOST_MODELS: usize = 2_000;

/// A model that another app has on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct FoundModel {
    /// What the app calls it: a file name, or `model:tag`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size, with all its parts.
    pub bytes: u64,
    /// The app.
    pub app: ModelApp,
    /// Whether it is one of the models here already.
    pub linked: bool,
    /// Why it cannot be used, if it cannot.
    pub problem: Option<String>,
}

impl Workbench {
    /// Looks for models in the folders of other apps, by app and then by name.
    pub async fn scan_models(&self) -> Result<Vec<FoundModel>, AppError> {
        let (models, apps) = (self.models().await?, self.home().other_apps().clone());
        blocking(move || {
            let here: HashSet<PathBuf> =
                models.iter().filter_map(|model| model.path.canonicalize().ok()).collect();
            let mut found = scan(&apps);
            for model in &mut found {
                model.linked = model.path.canonicalize().is_ok_and(|path| here.contains(&path));
            }
            Ok::<_, AppError>(found)
        })
        .await
    }
}

/// All models of other apps, each file once. Blocks.
pub(super) fn scan(apps: &OtherApps) -> Vec<FoundModel> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    for (app, root) in apps.roots() {
        let mut budget = Budget::default();
        let mut found = match app {
            ModelApp::Ollama => ollama::models(&root, &mut budget),
            ModelApp::HuggingFace => hugging_face(&root, &mut budget),
            // A publisher, a repository, and files; people also put files in between.
            ModelApp::LmStudio => gguf_files(app, files(&root, 4, &mut budget)),
            ModelApp::LlamaCpp => gguf_files(app, files(&root, 1, &mut budget)),
        };
        found.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
        found.truncate(MOST_MODELS);
        // A file of two revisions, or of two apps, is the same file.
        found.retain(|model| seen.insert(model.path.canonicalize().unwrap_or(model.path.clone())));
        all.extend(found);
    }
    all.sort_by_key(|model| model.app);
    all
}

/// `models--OWNER--NAME/snapshots/REVISION/FILE`, where the file is a link to a blob.
fn hugging_face(root: &Path, budget: &mut Budget) -> Vec<FoundModel> {
    let mut found = Vec::new();
    for repository in folders(root, budget) {
        let name = repository.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("models--") {
            continue;
        }
        for revision in folders(&repository.join("snapshots"), budget) {
            found.extend(gguf_files(ModelApp::HuggingFace, files(&revision, 3, budget)));
        }
    }
    found
}

fn gguf_files(app: ModelApp, files: Vec<PathBuf>) -> Vec<FoundModel> {
    let is_model = |path: &PathBuf| {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        let is_first = Part::of(name, GGUF).is_none_or(|part| part.number == 1);
        without(name, GGUF).is_some() && !is_projector(name) && is_first
    };
    let models = files.into_iter().filter(is_model);
    models.take(MOST_MODELS).map(|path| look(app, file_name(&path), path)).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Looks at a file just enough to say whether it can be a model.
fn look(app: ModelApp, name: String, path: PathBuf) -> FoundModel {
    let parts = paths_of(&path);
    let mut bytes = 0;
    let mut problem = None;
    for (index, part) in parts.iter().enumerate() {
        match part.metadata() {
            Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
            Ok(_) => problem = Some("it is no file".to_owned()),
            Err(_) if parts.len() > 1 => {
                problem = Some(format!("part {} of {} is missing", index + 1, parts.len()));
            }
            Err(_) => problem = Some("its file is missing".to_owned()),
        }
    }
    let problem = problem.or_else(|| match begins_as_gguf(&path) {
        Ok(true) => None,
        Ok(false) => Some("it is not a GGUF file".to_owned()),
        Err(error) => Some(format!("it cannot be read: {error}")),
    });
    FoundModel { name, path, bytes, app, linked: false, problem }
}

fn begins_as_gguf(path: &Path) -> std::io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut beginning)?;
    Ok(beginning == b"GGUF")
}
