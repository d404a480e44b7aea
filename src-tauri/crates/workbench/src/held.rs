//! A model file that somebody has: as long as a [`Held`] of it is alive, no process of whatever
//! home deletes it.
//!
//! It is a shared lock on the file itself, so that it goes with the process that had it. Where a
//! file system knows no locks, nothing is held.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::models::paths_of;

/// The files of one model.
#[derive(Debug)]
pub(crate) struct Held {
    _files: Vec<File>,
}

impl Held {
    /// All files of the model whose first or only file is at this path.
    pub(crate) fn of(path: &Path) -> Self {
        let held = |path: PathBuf| {
            let file = File::open(&path).ok()?;
            let locked = file.try_lock_shared();
            if let Err(error) = &locked {
                tracing::debug!(%error, path = %path.display(), "a model is not held");
            }
            locked.is_ok().then_some(file)
        };
        Self { _files: paths_of(path).into_iter().filter_map(held).collect() }
    }
}
