//! A file that is already on this machine becomes a model: by a link, or as a copy.

mod copied;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use braincells_core::{AppError, Event, EventSink};
use braincells_data::{Catalogue, LinkedModel};
use braincells_models::fit::Shape;

use self::copied::Copied;
use super::error::ModelError;
use super::found::scan;
use super::parts::{GGUF, paths_of, size_of, without};
use super::{ModelApp, ModelFile, list_models, read_header, unreadable};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::machine::disk_free_bytes;
use crate::transfer::StopOnDrop;
use crate::{Home, Workbench};

/// Space that a copy leaves free.
const SLACK_BYTES: u64 = 256 << 20;

/// What becomes of a file that is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddModel {
    /// It stays where it is.
    #[default]
    Link,
    /// It is copied into the models folder.
    Copy,
}

impl Workbench {
    /// Makes a model of a file of this machine, after a look at its header: one that is damaged or
    /// is no language model is refused. A copy is told by [`Event::ModelCopying`]; dropping the
    /// future stops it and leaves nothing behind, unless its files were about to get their names.
    /// What came is told by [`Event::ModelsChanged`] in any case.
    pub async fn add_model(&self, path: &Path, how: AddModel) -> Result<ModelFile, AppError> {
        let (catalogue, home, path) = (self.catalogue(), self.home().clone(), path.to_owned());
        let (events, stop) = (self.events(), StopOnDrop::default());
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || -> Result<ModelFile, AppError> {
            let parts = read_header(&path)?;
            // A projector, an adapter or a vocabulary is a sound file, too.
            Shape::of_parts(&parts).map_err(|error| error.in_file(&path))?;
            let path = resolved(&path)?;
            let known = list_models(&home, &catalogue)?;
            let same = known.iter().find(|model| is_same(&model.path, &path));
            let events = &*events;
            let adding = Adding { home: &home, catalogue: &catalogue, events, known: &known };
            match (how, same) {
                (AddModel::Link, Some(model)) => Ok(model.clone()),
                (AddModel::Copy, Some(model)) if !model.linked => Ok(model.clone()),
                (AddModel::Link, None) => adding.link(&path),
                (AddModel::Copy, same) => adding.copy(&path, same, &stopped),
            }
        })
        .await
    }
}

/// The path without detours but for the file itself: a link to a blob has the name of the model,
/// and the blob has not.
fn resolved(path: &Path) -> Result<PathBuf, AppError> {
    let name = path.file_name().unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    Ok(folder.map_err(|error| unreadable(path, &error))?.join(name))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|o| o == one))
}

struct Adding<'a> {
    home: &'a Home,
    catalogue: &'a Catalogue,
    /// Told as soon as something came, since nobody may wait any more for the rest.
    events: &'a dyn EventSink,
    known: &'a [ModelFile],
}

impl Adding<'_> {
    fn link(&self, path: &Path) -> Result<ModelFile, AppError> {
        let (short, long) = self.names(path);
        let is_free = |name: &String| !self.known.iter().any(|model| model.name == *name);
        let Some(name) = [Some(short.clone()), long].into_iter().flatten().find(is_free) else {
            return Err(WorkbenchError::ModelNameTaken { name: short }.into());
        };
        self.catalogue.put_model(&LinkedModel { name: name.clone(), path: path.to_owned() })?;
        self.events.emit(Event::ModelsChanged);
        // As the list has it from now on.
        let listed = list_models(self.home, self.catalogue)?;
        let model = listed.into_iter().find(|model| model.linked && model.name == name);
        model.ok_or_else(|| unreadable(path, &ErrorKind::NotFound.into()))
    }

    /// What a file may be called: its own name, and for one of another app a longer one.
    fn names(&self, path: &Path) -> (String, Option<String>) {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let roots = self.home.other_apps().roots();
        let Some((app, root)) = roots.iter().find(|(_, root)| path.starts_with(resolve(root)))
        else {
            return (file, None);
        };
        let inside = path.strip_prefix(resolve(root)).unwrap_or(path);
        let folders: Vec<String> = inside
            .parent()
            .into_iter()
            .flat_map(Path::iter)
            .map(|folder| folder.to_string_lossy().into_owned())
            .collect();
        match app {
            ModelApp::Ollama => {
                let all = scan(self.home.other_apps());
                let found = all.iter().find(|model| is_same(&model.path, path));
                // In a model's name a colon stands behind a backend: `mistral:7b` would be asked
                // for at a provider.
                (found.map_or(file, |model| model.name.replace([':', '/'], "-")), None)
            }
            ModelApp::HuggingFace => {
                let repository = folders.first().and_then(|name| name.strip_prefix("models--"));
                let long = repository.map(|repository| format!("{repository}/{file}"));
                (file, long)
            }
            ModelApp::LmStudio | ModelApp::LlamaCpp => {
                let long = (!folders.is_empty()).then(|| format!("{}/{file}", folders.join("--")));
                (file, long)
            }
        }
    }

    fn copy(
        &self,
        path: &Path,
        link: Option<&ModelFile>,
        stopped: &AtomicBool,
    ) -> Result<ModelFile, AppError> {
        let (mut name, _) = self.names(path);
        if without(&name, GGUF).is_none() {
            name.push_str(".gguf");
        }
        let is_other = |model: &&ModelFile| link.is_none_or(|link| link.name != model.name);
        if self.known.iter().filter(is_other).any(|model| model.name == name) {
            return Err(WorkbenchError::ModelNameTaken { name }.into());
        }
        let (bytes, _) = size_of(path).map_err(|error| unreadable(path, &error))?;
        let folder = self.home.models();
        if let Some(free) = disk_free_bytes(&folder)
            && free < bytes.saturating_add(SLACK_BYTES)
        {
            let (needed_mb, free_mb) = (bytes.div_ceil(1_000_000), free / 1_000_000);
            return Err(ModelError::NoRoom { name, needed_mb, free_mb }.into());
        }
        let first = folder.join(&name);
        Copied::new(&name, bytes, self.events, stopped).all(&paths_of(path), &paths_of(&first))?;
        // The copy takes the place of a link to the same file.
        let unlinked = link.map_or(Ok(()), |link| self.catalogue.remove_model(&link.name));
        self.events.emit(Event::ModelsChanged);
        unlinked?;
        let listed = list_models(self.home, self.catalogue)?;
        let model = listed.into_iter().find(|model| model.path == first);
        model.ok_or_else(|| unreadable(&first, &ErrorKind::NotFound.into()))
    }
}

/// A folder of an app may itself be reached by a link.
fn resolve(root: &Path) -> PathBuf {
    root.canonicalize().unwrap_or_else(|_not_there| root.to_owned())
}
