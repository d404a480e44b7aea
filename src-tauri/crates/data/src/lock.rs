use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::DataError;

/// The right to be the only user of a sheet's file, held until dropped.
///
/// DuckDB's own lock stops other processes, but not a second opening within this one, and POSIX
/// drops it when any handle of the file is closed. So the right hangs on a small file of ours
/// beside the sheet. That file stays: removing it would let two processes lock two files of the
/// same name.
#[derive(Debug)]
pub(crate) struct SheetLock {
    _file: File,
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
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: sheet.to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(DataError::io("lock the sheet", sheet, source)),
        }
    }
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
