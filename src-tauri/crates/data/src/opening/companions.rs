//! The files beside a sheet.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::copies::good_copy;
use crate::DataError;
use crate::import::sync_folder;
use crate::lock::{SheetLock, lock_path, with_suffix};

/// What DuckDB calls its logs: the one it writes, the one it writes during a checkpoint, and the
/// two put together after a crash.
const LOGS: [&str; 3] = [".wal", ".wal.checkpoint", ".wal.recovery"];

/// The logs of `sheet` that hold something.
pub(crate) fn logs(sheet: &Path) -> Vec<PathBuf> {
    let holds_something = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    LOGS.iter().map(|end| with_suffix(sheet, end)).filter(holds_something).collect()
}

/// Everything that lies beside `sheet` and belongs to it, the lock file aside.
pub(crate) fn companions(sheet: &Path) -> Result<Vec<PathBuf>, DataError> {
    let (Some(folder), Some(name)) = (sheet.parent(), sheet.file_name()) else {
        return Ok(Vec::new());
    };
    let list = |source| DataError::io("list the folder", folder, source);
    let lock = lock_path(sheet);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(list)? {
        let path = entry.map_err(list)?.path();
        if suffix_after(&path, name).is_some() && path != lock {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether there is a sheet at `path`: its file or, where that is gone, its last good copy.
pub fn is_there(path: &Path) -> bool {
    path.is_file() || good_copy(path).is_file()
}

/// Moves a sheet with everything beside it to another place on the same disk. Goes on with what
/// an earlier call did not come to the end of.
///
/// Fails with [`DataError::InUse`] while it is open.
pub fn move_sheet(from: &Path, to: &Path) -> Result<(), DataError> {
    let beside = companions(from)?;
    if !from.is_file() && beside.is_empty() {
        return Err(DataError::SheetMissing { path: from.to_path_buf() });
    }
    let _lock = SheetLock::take(from)?;
    if to.exists() {
        return Err(DataError::AlreadyExists { path: to.to_path_buf() });
    }
    let move_one = |from: &Path, to: &Path| {
        fs::rename(from, to).map_err(|source| DataError::io("move the sheet to", to, source))
    };
    // The sheet's own file comes last: where it is, there the sheet is.
    let name = from.file_name().unwrap_or_default();
    for path in &beside {
        if let Some(suffix) = suffix_after(path, name) {
            move_one(path, &with_suffix(to, &suffix))?;
        }
    }
    if from.is_file() {
        move_one(from, to)?;
    }
    sync_folder(from);
    sync_folder(to);
    Ok(())
}

/// What follows the sheet's name in the name of a file beside it, with the dot.
fn suffix_after(path: &Path, sheet: &OsStr) -> Option<String> {
    let suffix = path.file_name()?.to_str()?.strip_prefix(sheet.to_str()?)?;
    suffix.starts_with('.').then(|| suffix.to_owned())
}
