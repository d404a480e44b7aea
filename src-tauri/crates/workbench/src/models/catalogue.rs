//! The list of recommended models: the one that the program was built with, or a newer one that a
//! person put into the home.
//!
//! A newer one comes in through [`Workbench::set_model_catalogue`], which checks it; still, whatever
//! lies there is held to the same rules each time, and one that breaks them changes nothing but
//! the log. An update of the program brings its own list, which an older file does not hide.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use braincells_core::{AppError, Event};
use braincells_models::catalogue::Catalogue;

use super::error::ModelError;
use super::unreadable;
use crate::blocking::blocking;
use crate::{Home, Workbench};

/// The longest list that is read; the built-in one has a hundredth of that.
const LONGEST_BYTES: u64 = 4 << 20;

/// Which list there is, read again when its file changes: another process may put one there.
pub(crate) struct ModelCatalogue {
    file: PathBuf,
    built_in: Arc<Catalogue>,
    read: Mutex<Option<Read>>,
}

/// What a file was when it was read, and what it came to.
struct Read {
    bytes: u64,
    changed: Option<SystemTime>,
    /// `None` if the built-in list is to be used.
    list: Option<Arc<Catalogue>>,
}

impl ModelCatalogue {
    /// The lists of a home. Nothing is read yet.
    pub(crate) fn new(home: &Home) -> Self {
        let built_in = Arc::new(Catalogue::built_in().clone());
        Self { file: home.model_catalogue(), built_in, read: Mutex::default() }
    }

    /// The list that counts. Looks at the file, and reads some kilobytes after it changed: blocks.
    pub(crate) fn newest(&self) -> Arc<Catalogue> {
        let Ok(metadata) = self.file.metadata() else { return Arc::clone(&self.built_in) };
        let (bytes, changed) = (metadata.len(), metadata.modified().ok());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |read: &&Read| read.bytes == bytes && read.changed == changed;
        let list = if let Some(read) = read.as_ref().filter(is_known) {
            read.list.clone()
        } else {
            let list = self.usable().map(Arc::new);
            *read = Some(Read { bytes, changed, list: list.clone() });
            list
        };
        list.unwrap_or_else(|| Arc::clone(&self.built_in))
    }

    fn usable(&self) -> Option<Catalogue> {
        match read_newer(&self.file) {
            Ok((list, _)) => Some(list),
            Err(error) => {
                let path = self.file.display();
                tracing::warn!(%path, %error, "the built-in list of models is used");
                None
            }
        }
    }
}

impl Workbench {
    /// Takes a newer list of recommended models from a file, from now on and for all processes of
    /// this home. It is checked first, and refused if it is not newer than the built-in one.
    /// Returns the day of its figures.
    pub async fn set_model_catalogue(&self, path: &Path) -> Result<String, AppError> {
        let (home, path) = (self.home().clone(), path.to_owned());
        let updated = blocking(move || {
            let (list, text) = read_newer(&path)?;
            let (file, name) = (home.model_catalogue(), std::process::id());
            let written = home.temporary().join(format!("catalogue-{name}.json"));
            // Nobody ever reads half a list.
            let moved = fs::write(&written, text).and_then(|()| fs::rename(&written, &file));
            moved.map_err(|error| {
                // Nothing is left of it; that it was not even begun is no failure.
                drop(fs::remove_file(&written));
                let full =
                    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
                ModelError::ListNotWritten { path: file, reason: error.to_string(), full }
            })?;
            Ok::<_, AppError>(list.updated)
        })
        .await?;
        self.events().emit(Event::ModelsChanged);
        Ok(updated)
    }
}

/// Reads a list that is sound and newer than the built-in one.
fn read_newer(path: &Path) -> Result<(Catalogue, String), AppError> {
    let refused = |error: std::io::Error| unreadable(path, &error);
    // Looked at before it is opened: opening a pipe waits for whoever writes into it.
    if !path.metadata().map_err(refused)?.is_file() {
        return Err(ModelError::NoFile { path: path.to_owned() }.into());
    }
    let file = File::open(path).map_err(refused)?;
    let mut text = String::new();
    // It may grow while it is read.
    file.take(LONGEST_BYTES + 1).read_to_string(&mut text).map_err(refused)?;
    if text.len() as u64 > LONGEST_BYTES {
        return Err(ModelError::LongList { path: path.to_owned() }.into());
    }
    let list = Catalogue::read(&text)?;
    let built_in = &Catalogue::built_in().updated;
    if list.updated <= *built_in {
        let (updated, built_in) = (list.updated, built_in.clone());
        return Err(ModelError::OldList { updated, built_in }.into());
    }
    Ok((list, text))
}
