use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use braincells_core::Holder;

use crate::DataError;

/// More than a holder ever writes; a lock file of another making is not read in full.
const MOST_HOLDER_BYTES: u64 = 256;

/// The right to be the only user of a sheet's file, held until the last clone is dropped.
///
/// DuckDB's own lock stops other processes, but not a second opening within this one, and POSIX
/// drops it when any handle of the file is closed. So the right hangs on a small file of ours
/// beside the sheet. That file stays: removing it would let two processes lock two files of the
/// same name.
#[derive(Clone, Debug)]
pub(crate) struct SheetLock {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing would not do: a process that another thread is just starting has the file open
        // too until it becomes another program, and the lock with it.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "a sheet was not unlocked");
        }
    }
}

impl SheetLock {
    /// Takes the right to `sheet`, or fails with [`DataError::InUse`] at once.
    pub(crate) fn take(sheet: &Path) -> Result<Self, DataError> {
        let path = lock_path(sheet);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| DataError::io("open the lock file", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { held: Arc::new(Held { file }) }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: sheet.to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(DataError::io("lock the sheet", sheet, source)),
        }
    }

    /// Writes into the lock file who holds it, for those who find it taken.
    pub(crate) fn sign(&self, now_ms: i64) {
        let holder = Holder { pid: std::process::id(), since_ms: now_ms };
        let text = serde_json::to_vec(&holder).expect("two numbers are JSON");
        let mut file = &self.held.file;
        let signed =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&text));
        if let Err(error) = signed {
            // A full disk, for one; the right to the sheet does not hang on it.
            tracing::debug!(%error, "the lock file was not signed");
        }
    }
}

/// Whether somebody has the sheet at `path` open, here or in another process.
pub fn is_in_use(path: &Path) -> bool {
    // Looking would leave a lock file beside what is not a sheet.
    lock_path(path).exists() && matches!(SheetLock::take(path), Err(DataError::InUse { .. }))
}

/// Who wrote itself into the lock file of `sheet`; nobody where that cannot be read, as on systems
/// where a locked file is closed to others.
pub(crate) fn holder(sheet: &Path) -> Option<Holder> {
    let mut text = Vec::new();
    let file = File::open(lock_path(sheet)).ok()?;
    file.take(MOST_HOLDER_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Where the lock file of `sheet` is.
pub(crate) fn lock_path(sheet: &Path) -> PathBuf {
    with_suffix(sheet, ".lock")
}

/// `path` with `suffix` added to its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
