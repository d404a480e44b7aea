//! What models take on the disk, and what nobody needs any more.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use braincells_core::{AppError, Event};
use braincells_data::Catalogue;
use serde::Serialize;

use super::error::ModelError;
use super::list::entries;
use crate::blocking::blocking;
use crate::machine::disk_free_bytes;
use crate::{Home, Workbench};

/// The end of the name of a file that is not finished.
const PARTIAL: &str = ".partial";
/// How many folders deep it is looked. Repositories have few.
const MOST_DEPTH: u32 = 6;

/// What models take on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ModelStorage {
    /// The files in the models folder that are whole; nothing of what is linked.
    pub models_bytes: u64,
    /// What there is of downloads and copies that are not finished.
    pub downloads_bytes: u64,
    /// What is free on the disk, where the system tells.
    pub free_bytes: Option<u64>,
    /// Pieces of downloads and copies that nobody will finish.
    pub leftovers: Vec<Leftover>,
}

/// A piece of a model that nobody will finish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

impl Workbench {
    /// What models take on the disk.
    pub async fn model_storage(&self) -> Result<ModelStorage, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || look(&home, &catalogue)).await
    }

    /// Deletes the pieces that nobody will finish; returns how many bytes are free then.
    pub async fn remove_leftovers(&self) -> Result<u64, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        let freed = blocking(move || {
            let mut freed = 0;
            for leftover in look(&home, &catalogue)?.leftovers {
                if remove(&leftover, &home)? {
                    freed += leftover.bytes;
                }
            }
            Ok::<_, AppError>(freed)
        })
        .await?;
        if freed > 0 {
            self.events().emit(Event::ModelsChanged);
        }
        Ok(freed)
    }
}

fn look(home: &Home, catalogue: &Catalogue) -> Result<ModelStorage, AppError> {
    let folder = home.models();
    let known: HashSet<PathBuf> = catalogue
        .downloads()?
        .into_iter()
        .filter(|download| !download.standing.state.is_over())
        .flat_map(|download| download.wanted.files)
        .map(|file| unfinished(&folder.join(file.target)))
        .collect();
    let mut storage =
        ModelStorage { free_bytes: disk_free_bytes(&folder), ..ModelStorage::default() };
    let mut ahead = vec![(folder, 0)];
    while let Some((folder, depth)) = ahead.pop() {
        for path in entries(&folder) {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if metadata.is_dir() {
                // What is being tuned goes by itself.
                if depth < MOST_DEPTH && !name.starts_with('.') {
                    ahead.push((path, depth + 1));
                }
            } else if !metadata.is_file() || is_sidecar(&name) && has_partial(&path) {
                // A link takes nothing here, and a sidecar is counted with what it belongs to.
            } else if name.ends_with(PARTIAL) || is_sidecar(&name) {
                let sidecar = if is_sidecar(&name) { path.clone() } else { beside(&path) };
                let bytes = metadata.len()
                    + if sidecar == path {
                        0
                    } else {
                        sidecar.metadata().map_or(0, |one| one.len())
                    };
                let is_known = known.contains(&path) || known.iter().any(|one| beside(one) == path);
                if is_known || is_held(&path) || is_held(&sidecar) {
                    storage.downloads_bytes += bytes;
                } else {
                    storage.leftovers.push(Leftover { path, bytes });
                }
            } else {
                storage.models_bytes += metadata.len();
            }
        }
    }
    storage.leftovers.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(storage)
}

/// The name of a file while it is not finished.
fn unfinished(target: &Path) -> PathBuf {
    with_ending(target, PARTIAL)
}

/// What is known of the blocks of an unfinished file, and its lock.
fn beside(partial: &Path) -> PathBuf {
    with_ending(partial, ".json")
}

/// The same for a file by the name that it gets.
pub(super) fn sidecar_of(target: &Path) -> PathBuf {
    beside(&unfinished(target))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Whether a file is a piece of a download or a copy.
pub(super) fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(PARTIAL) || is_sidecar(&name)
}

fn is_sidecar(name: &str) -> bool {
    name.strip_suffix(".json").is_some_and(|name| name.ends_with(PARTIAL))
}

/// Whether the file is there that a sidecar belongs to.
fn has_partial(sidecar: &Path) -> bool {
    sidecar.with_extension("").is_file()
}

/// Whether somebody, in whatever process, is at work with a file.
fn is_held(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Removes what is left over, unless somebody took it up meanwhile; whether it did.
fn remove(leftover: &Leftover, home: &Home) -> Result<bool, AppError> {
    // Held until both are gone, so that nobody goes on with one of them.
    let paths = [leftover.path.clone(), beside(&leftover.path)];
    let locks: Vec<File> = paths.iter().filter_map(|path| File::open(path).ok()).collect();
    if locks.iter().any(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock))) {
        return Ok(false);
    }
    for path in [&leftover.path, &beside(&leftover.path)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let (path, reason) = (path.clone(), error.to_string());
                return Err(ModelError::NotDeleted { path, reason }.into());
            }
            _ => {}
        }
    }
    if let Some(folder) = leftover.path.parent().filter(|folder| *folder != home.models()) {
        // One that has something else in it stays.
        drop(fs::remove_dir(folder));
    }
    Ok(true)
}
