//! What a model holds, named by the SHA-256 of its bytes.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use braincells_core::{AppError, Code};
use braincells_data::{FileState, ResponseCache};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::error::WorkbenchError;
use crate::models::paths_of;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The SHA-256 of a model in hexadecimal digits: of its file, or, where it has several, of their
/// names and sums. Files have gigabytes, so each sum is remembered by path, size and time of change,
/// and a file read only when one of these is new. Blocks; `stopped` ends it with
/// [`Code::Cancelled`].
pub(crate) fn model_sha256(
    path: &Path,
    remembered: &ResponseCache,
    stopped: &AtomicBool,
) -> Result<String, AppError> {
    of_files(path, |file| file_sha256(file, remembered, stopped))
}

/// The same, if it is remembered; nothing is read.
pub(crate) fn known_sha256(path: &Path, remembered: &ResponseCache) -> Option<String> {
    of_files(path, |file| {
        let metadata = file.metadata().ok();
        metadata.and_then(|metadata| remembered.file_hash(&state_of(file, &metadata))).ok_or(())
    })
    .ok()
}

/// Remembers the sum of a file that was computed elsewhere, of the bytes that were written to it.
pub(crate) fn remember_sha256(path: &Path, remembered: &ResponseCache, sha256: &str) {
    if let Ok(metadata) = path.metadata() {
        remembered.put_file_hash(&state_of(path, &metadata), sha256);
    }
}

fn of_files<E>(path: &Path, of: impl Fn(&Path) -> Result<String, E>) -> Result<String, E> {
    let files = paths_of(path);
    // Of an empty folder the error is that of reading it.
    let [only] = files.as_slice() else {
        if files.is_empty() {
            return of(path);
        }
        return of_several(&files, of);
    };
    of(only)
}

fn of_several<E>(files: &[PathBuf], of: impl Fn(&Path) -> Result<String, E>) -> Result<String, E> {
    let mut all = Sha256::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        all.update(format!("{}  {name}\n", of(file)?));
    }
    Ok(HEXLOWER.encode(&all.finalize()))
}

/// [`model_sha256`] of one file, whatever it belongs to.
pub(crate) fn file_sha256(
    path: &Path,
    remembered: &ResponseCache,
    stopped: &AtomicBool,
) -> Result<String, AppError> {
    let unreadable = |error: std::io::Error| WorkbenchError::Unreadable {
        path: path.to_owned(),
        missing: error.kind() == std::io::ErrorKind::NotFound,
        reason: error.to_string(),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let state = state_of(path, &file.metadata().map_err(unreadable)?);
    if let Some(known) = remembered.file_hash(&state) {
        return Ok(known);
    }
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        if stopped.load(Ordering::Relaxed) {
            return Err(AppError::new(Code::Cancelled, "stopped by the user"));
        }
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            length => hash.update(&chunk[..length]),
        }
    }
    let digits = HEXLOWER.encode(&hash.finalize());
    remembered.put_file_hash(&state, &digits);
    Ok(digits)
}

fn state_of(path: &Path, metadata: &Metadata) -> FileState {
    let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    FileState {
        path: path.to_owned(),
        size_bytes: metadata.len(),
        changed_at_ms: changed.map_or(0, |since| since.as_millis() as i64),
    }
}

#[cfg(test)]
mod tests {
    use braincells_testing::TempHome;

    use super::*;

    #[test]
    fn a_sum_that_was_computed_while_it_was_written_is_not_computed_again() {
        let home = TempHome::new();
        let cache = ResponseCache::open(&home.outside().join("responses.sqlite"), 1 << 20);
        let path = home.write("model.gguf", "abc");
        remember_sha256(&path, &cache, "told");
        assert_eq!(known_sha256(&path, &cache).as_deref(), Some("told"));
        remember_sha256(&home.outside().join("gone"), &cache, "told");
    }

    #[test]
    fn a_folder_is_all_its_files_by_their_names_and_none_is_no_sum() {
        let home = TempHome::new();
        let cache = ResponseCache::open(&home.outside().join("responses.sqlite"), 1 << 20);
        let folder = home.outside().join("o--m");
        let hash = || model_sha256(&folder, &cache, &AtomicBool::new(false));
        std::fs::create_dir_all(&folder).unwrap();
        hash().unwrap_err();
        assert_eq!(known_sha256(&folder, &cache), None);
        std::fs::write(folder.join("config.json"), "{}").unwrap();
        std::fs::write(folder.join("model.safetensors"), "abc").unwrap();
        assert_eq!(known_sha256(&folder, &cache), None, "not every file was read");
        let whole = hash().unwrap();
        assert_eq!(known_sha256(&folder, &cache).as_ref(), Some(&whole));
        std::fs::write(folder.join(".DS_Store"), "where its window was").unwrap();
        std::fs::write(folder.join("model.safetensors.partial"), "ab").unwrap();
        assert_eq!(hash().unwrap(), whole);
        std::fs::rename(folder.join("model.safetensors"), folder.join("other.safetensors"))
            .unwrap();
        assert_ne!(hash().unwrap(), whole);
    }

    #[test]
    fn a_file_is_read_once_and_again_when_it_has_changed() {
        let home = TempHome::new();
        let cache = ResponseCache::open(&home.outside().join("responses.sqlite"), 1 << 20);
        let path = home.write("model.gguf", "abc");
        let running = AtomicBool::new(false);
        let hash = || model_sha256(&path, &cache, &running);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(known_sha256(&path, &cache), None);
        assert_eq!(hash().unwrap(), abc);
        assert_eq!(known_sha256(&path, &cache).as_deref(), Some(abc));
        let stopped = AtomicBool::new(true);
        assert_eq!(model_sha256(&path, &cache, &stopped).unwrap(), abc, "nothing was read");
        std::fs::write(&path, "abcd").unwrap();
        let error = model_sha256(&path, &cache, &stopped).unwrap_err();
        assert_eq!(error.code, Code::Cancelled);
        assert_ne!(hash().unwrap(), abc);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(hash().unwrap_err().code, Code::NotFound);
    }
}
