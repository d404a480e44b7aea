//! A file that is already on this machine becomes a model: by a link, or as a copy.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{AppError, Code, Event, EventSink};
use braincells_data::{Catalogue, LinkedModel};
use braincells_models::fit::Shape;

use super::error::ModelError;
use super::found::scan;
use super::parts::{GGUF, paths_of, size_of, without};
use super::{ModelApp, ModelFile, list_models, read_header, unreadable};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::machine::disk_free_bytes;
use crate::transfer::StopOnDrop;
use crate::{Home, Workbench};

/// Bytes that are copied at once.
const CHUNK_BYTES: usize = 1 << 20;
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
    /// is no language model is refused. A copy is told by
    /// [`Event::ModelCopying`]; dropping the future stops it and leaves nothing behind.
    pub async fn add_model(&self, path: &Path, how: AddModel) -> Result<ModelFile, AppError> {
        let (catalogue, home, path) = (self.catalogue(), self.home().clone(), path.to_owned());
        let (events, stop) = (self.events(), StopOnDrop::default());
        let (heard, stopped) = (Arc::clone(&events), Arc::clone(&stop.stopped));
        let added = blocking(move || {
            let parts = read_header(&path)?;
            // A projector, an adapter or a vocabulary is a sound file, too.
            Shape::of_parts(&parts).map_err(|error| error.in_file(&path))?;
            let path = resolved(&path)?;
            let known = list_models(&home, &catalogue)?;
            let same = known.iter().find(|model| is_same(&model.path, &path));
            let adding = Adding { home: &home, catalogue: &catalogue, known: &known };
            match (how, same) {
                (AddModel::Link, Some(model)) => Ok((model.clone(), false)),
                (AddModel::Copy, Some(model)) if !model.linked => Ok((model.clone(), false)),
                (AddModel::Link, None) => adding.link(&path).map(|model| (model, true)),
                (AddModel::Copy, same) => {
                    adding.copy(&path, same, &*heard, &stopped).map(|model| (model, true))
                }
            }
        })
        .await;
        let (model, is_new): (ModelFile, bool) = added?;
        if is_new {
            events.emit(Event::ModelsChanged);
        }
        Ok(model)
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
        events: &dyn EventSink,
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
        let copied = Copied { model: &name, bytes, done: 0, told: None, events, stopped };
        copied.all(&paths_of(path), &paths_of(&first))?;
        // The copy takes the place of a link to the same file.
        if let Some(link) = link {
            self.catalogue.remove_model(&link.name)?;
        }
        let listed = list_models(self.home, self.catalogue)?;
        let model = listed.into_iter().find(|model| model.path == first);
        model.ok_or_else(|| unreadable(&first, &ErrorKind::NotFound.into()))
    }
}

/// A folder of an app may itself be reached by a link.
fn resolve(root: &Path) -> PathBuf {
    root.canonicalize().unwrap_or_else(|_not_there| root.to_owned())
}

/// A copy on its way.
struct Copied<'a> {
    model: &'a str,
    bytes: u64,
    done: u64,
    /// The last hundredth that was told.
    told: Option<u64>,
    events: &'a dyn EventSink,
    stopped: &'a AtomicBool,
}

impl Copied<'_> {
    /// Copies all parts, and then gives all of them their names.
    fn all(mut self, sources: &[PathBuf], targets: &[PathBuf]) -> Result<(), AppError> {
        let mut written = Vec::new();
        for (source, target) in sources.iter().zip(targets) {
            if fs::symlink_metadata(target).is_ok() {
                let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(WorkbenchError::ModelNameTaken { name }.into());
            }
            let mut partial = Partial::take(target)?;
            self.one(source, &mut partial)?;
            written.push((partial, target));
        }
        for (partial, target) in written {
            partial.keep(target)?;
        }
        Ok(())
    }

    fn one(&mut self, source: &Path, partial: &mut Partial) -> Result<(), AppError> {
        let unreadable = |error: std::io::Error| unreadable(source, &error);
        let mut file = File::open(source).map_err(unreadable)?;
        let expected = file.metadata().map_err(unreadable)?.len();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut written = 0;
        loop {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(AppError::new(Code::Cancelled, "stopped by the user"));
            }
            let length = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            partial.file.write_all(&chunk[..length]).map_err(|e| not_written(&partial.path, &e))?;
            written += length as u64;
            self.done += length as u64;
            self.tell();
        }
        if written != expected {
            return Err(ModelError::Changed { path: source.to_owned() }.into());
        }
        partial.file.sync_all().map_err(|error| not_written(&partial.path, &error))
    }

    fn tell(&mut self) {
        let hundredth = self.done.saturating_mul(100) / self.bytes.max(1);
        if self.told != Some(hundredth) {
            self.told = Some(hundredth);
            let fraction = (self.done as f64 / self.bytes.max(1) as f64).min(1.0) as f32;
            self.events.emit(Event::ModelCopying { model: self.model.to_owned(), fraction });
        }
    }
}

/// A file that is not finished; gone when it is dropped unless it was kept. Locked, so that nobody
/// else writes it or takes it for left over.
struct Partial {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Partial {
    fn take(target: &Path) -> Result<Self, AppError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let failed = |error: &std::io::Error| not_written(&path, error);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ModelError::WrittenElsewhere { path }.into());
            }
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "a copy cannot be locked on this file system");
            }
        }
        file.set_len(0).map_err(|error| failed(&error))?;
        Ok(Self { path, file, kept: false })
    }

    fn keep(mut self, target: &Path) -> Result<(), AppError> {
        fs::rename(&self.path, target).map_err(|error| not_written(target, &error))?;
        self.kept = true;
        // The name, too, survives a power cut. Not every system can do that to a folder.
        if let Some(folder) = target.parent() {
            drop(File::open(folder).and_then(|folder| folder.sync_all()));
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    ModelError::NotWritten { path: path.to_owned(), reason: error.to_string(), full }.into()
}
