use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::lock::{SheetLock, lock_path, with_suffix};
use crate::opening::{companions, is_reading, is_there};
use crate::point_reads;

/// What a killed process may leave beside a sheet, by the end of its name.
const LEFTOVERS: [&str; 4] = [".tmp", ".export", ".copying", point_reads::FOLDER];
const UNFINISHED: &str = ".importing";
/// The end of the name of an export that is being written beside its target.
pub(crate) const PART: &str = ".braincells-part";

/// Removes from a folder of sheets what killed processes left: unfinished imports and copies,
/// copies to read from, spill and export folders. What belongs to a sheet or an import that is in use is left alone. Returns
/// how many things were removed.
pub fn remove_leftovers(folder: &Path) -> Result<u32, DataError> {
    let list = |source| DataError::io("list the folder", folder, source);
    let entries = fs::read_dir(folder).map_err(list)?;
    let mut removed = remove_stale_parts(folder, ".");
    for entry in entries {
        let path = entry.map_err(list)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if is_reading(name) {
            if let Ok(_lock) = SheetLock::take(&path) {
                remove_database(&path);
                removed += 1;
            }
            continue;
        }
        let Some(sheet) = owner(name).map(|owner| folder.join(owner)) else { continue };
        // A folder that merely has such a name is not ours: ours has a lock file beside it.
        if !lock_path(&sheet).exists() {
            continue;
        }
        let Ok(_lock) = SheetLock::take(&sheet) else { continue };
        removed += u32::from(remove(&path));
    }
    Ok(removed + remove_stale_locks(folder))
}

/// Removes lock files whose sheet is not there: of imports that failed or were killed. Sheets are
/// named by random ids, so nobody else can be about to use the same name.
fn remove_stale_locks(folder: &Path) -> u32 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut removed = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(sheet) = path.to_str().and_then(|path| path.strip_suffix(".duckdb.lock")) else {
            continue;
        };
        let sheet = PathBuf::from(format!("{sheet}.duckdb"));
        let free = !is_there(&sheet) && SheetLock::take(&sheet).is_ok();
        removed += u32::from(free && remove(&path));
    }
    removed
}

/// Removes a sheet with everything beside it, for good. Fails with [`DataError::InUse`] while it is
/// open.
pub fn remove_sheet(path: &Path) -> Result<(), DataError> {
    let beside = companions(path)?;
    if !path.is_file() && beside.is_empty() {
        return Err(DataError::SheetMissing { path: path.to_path_buf() });
    }
    let _lock = SheetLock::take(path)?;
    if path.is_file() {
        fs::remove_file(path).map_err(|source| DataError::io("remove", path, source))?;
    }
    for path in beside.iter().chain([&lock_path(path)]) {
        remove(path);
    }
    Ok(())
}

/// The name of the sheet that a leftover belongs to.
fn owner(name: &str) -> Option<&str> {
    if let Some((owner, rest)) = name.rsplit_once(UNFINISHED) {
        return (rest.is_empty() || rest.starts_with('.')).then_some(owner);
    }
    LEFTOVERS.iter().find_map(|suffix| name.strip_suffix(suffix))
}

/// Removes part files in `folder` whose names begin with `prefix` and whose process is gone.
/// Returns how many.
pub(crate) fn remove_stale_parts(folder: &Path, prefix: &str) -> u32 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut removed = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !name.starts_with(prefix) || !name.ends_with(PART) {
            continue;
        }
        let free = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        removed += u32::from(free && remove(&entry.path()));
    }
    removed
}

/// Removes a DuckDB file that is not open, with everything DuckDB keeps beside it.
pub(crate) fn remove_database(path: &Path) {
    for suffix in ["", ".wal", ".wal.checkpoint", ".wal.recovery", ".tmp"] {
        remove(&with_suffix(path, suffix));
    }
}

/// Removes a file or folder; whether there was one and it is gone. What cannot be removed now is
/// tried again the next time leftovers are looked for.
pub(crate) fn remove(path: &PathBuf) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let result = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(error) = &result {
        tracing::warn!(path = %path.display(), %error, "could not remove a leftover");
    }
    result.is_ok()
}
