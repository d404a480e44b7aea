use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::DataError;
use crate::import::sync_folder;
use crate::leftovers::{PART, remove, remove_stale_parts};

/// Writes a file, which appears whole or not at all; one that exists is replaced, through a link
/// the file that it means.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    write_file_with(path, |write| write(bytes))
}

/// [`write_file`] for what is made piece by piece: `make` is given what takes the pieces. Its own
/// error leaves the file as it was too.
pub fn write_file_with<E: From<DataError>>(
    path: &Path,
    make: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), DataError>) -> Result<(), E>,
) -> Result<(), E> {
    let mut target = Target::reserve(path)?;
    let at = target.path.clone();
    let failed = |source| DataError::io("write", &at, source);
    let mut out = BufWriter::new(&mut target.part_file);
    make(&mut |bytes| out.write_all(bytes).map_err(failed))?;
    out.flush().map_err(failed)?;
    drop(out);
    let written = target.part_file.sync_all().and_then(|()| fs::rename(&target.part, &target.path));
    written.map_err(failed)?;
    sync_folder(&target.path);
    Ok(())
}

/// The one folder besides its own file that a sheet's DuckDB may write to. Only a finished export
/// leaves it.
pub(super) struct Scratch {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
}

impl Scratch {
    pub(super) fn new(folder: &Path) -> Result<Self, DataError> {
        fs::create_dir_all(folder)
            .map_err(|source| DataError::io("make the folder", folder, source))?;
        let file = folder.join(Uuid::new_v4().to_string());
        Ok(Self { folder: folder.to_path_buf(), file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.file);
        // Fails while another export uses it, which is then the one to remove it.
        if let Err(error) = fs::remove_dir(&self.folder) {
            tracing::trace!(folder = %self.folder.display(), %error, "export folder kept");
        }
    }
}

/// A place for the finished file. The part file beside it proves, before a long export, that the
/// folder is there and writable, and takes the bytes when they come from another file system.
pub(super) struct Target {
    path: PathBuf,
    part: PathBuf,
    /// Locked, so that another process can tell it from one that a killed process left.
    part_file: File,
}

impl Target {
    pub(super) fn reserve(path: &Path) -> Result<Self, DataError> {
        let unusable =
            |reason: &str| DataError::TargetUnusable { path: path.into(), reason: reason.into() };
        // Through a link to the file it means, so that the link survives the rename.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return Err(unusable("it is a folder")),
            Ok(metadata) if !metadata.is_file() => return Err(unusable("it is not a file")),
            _ => {}
        }
        let Some(name) = path.file_name() else { return Err(unusable("it names no file")) };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(unusable("its folder does not exist"));
        }
        let prefix = format!(".{}.", name.to_string_lossy());
        remove_stale_parts(folder, &prefix);
        let part = folder.join(format!("{prefix}{}{PART}", Uuid::new_v4().simple()));
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(part_file) => {
                // Where locks are not supported, a stale part file merely stays for longer.
                if let Err(error) = part_file.try_lock() {
                    tracing::debug!(part = %part.display(), %error, "part file not locked");
                }
                Ok(Self { path, part, part_file })
            }
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(unusable("its folder is not writable"))
            }
            Err(source) => Err(DataError::io("write to the folder of", &path, source)),
        }
    }

    pub(super) fn unusable(&self, reason: &str) -> DataError {
        DataError::TargetUnusable { path: self.path.clone(), reason: reason.to_owned() }
    }

    /// Takes over a finished file, flushed, in one step.
    pub(super) fn fill(mut self, finished: &Path) -> Result<(), DataError> {
        let flushed = File::options().write(true).open(finished).and_then(|file| file.sync_all());
        let moved = flushed.and_then(|()| match fs::rename(finished, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                io::copy(&mut File::open(finished)?, &mut self.part_file)?;
                self.part_file.sync_all()?;
                fs::rename(&self.part, &self.path)
            }
            result => result,
        });
        moved.map_err(|source| DataError::io("write", &self.path, source))?;
        sync_folder(&self.path);
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        remove(&self.part);
    }
}
