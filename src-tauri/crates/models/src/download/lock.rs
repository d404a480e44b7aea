//! The lock of a download: on its ledger, and gone with whoever had it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::FetchError;
use super::place::{ledger_path, open};

/// What asking for a lock came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It is ours.
    Ours,
    /// Somebody else has it.
    Others,
    /// The file system knows no locks: whether somebody else is there cannot be told.
    Unknown,
}

fn judged(asked: Result<(), TryLockError>) -> io::Result<Asked> {
    match asked {
        Ok(()) => Ok(Asked::Ours),
        Err(TryLockError::WouldBlock) => Ok(Asked::Others),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(Asked::Unknown)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Opens the ledger of a target and locks it; whether it could be locked.
pub(super) fn lock(target: &Path) -> Result<(File, bool), FetchError> {
    let path = ledger_path(target);
    loop {
        let file = open(&path).map_err(|error| FetchError::io("written", &path, &error))?;
        let asked = judged(file.try_lock());
        match asked.map_err(|error| FetchError::io("locked", &path, &error))? {
            Asked::Ours if is_at(&file, &path) => return Ok((file, true)),
            // Whoever had it finished and deleted it between our opening and our locking.
            Asked::Ours => {}
            Asked::Others => return Err(FetchError::Busy { target: target.to_owned() }),
            Asked::Unknown => return Ok((file, false)),
        }
    }
}

/// Whether the open file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::fs::{Metadata, metadata};
    use std::os::unix::fs::MetadataExt;
    let identity = |about: io::Result<Metadata>| about.ok().map(|it| (it.dev(), it.ino()));
    identity(file.metadata()).is_some_and(|ours| identity(metadata(path)) == Some(ours))
}

/// Elsewhere a deleted file keeps its name until the last handle of it is closed.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told_from_one_that_refuses() {
        let of = |kind: io::ErrorKind| judged(Err(TryLockError::Error(kind.into())));
        assert_eq!(judged(Ok(())).unwrap(), Asked::Ours);
        assert_eq!(judged(Err(TryLockError::WouldBlock)).unwrap(), Asked::Others);
        assert_eq!(of(io::ErrorKind::Unsupported).unwrap(), Asked::Unknown);
        assert_eq!(of(io::ErrorKind::Other).unwrap_err().kind(), io::ErrorKind::Other);
    }

    #[test]
    fn a_lock_is_said_to_be_one_and_keeps_others_out() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("model.gguf");
        let (held, is_locked) = lock(&target).unwrap();
        assert!(is_locked);
        assert_eq!(lock(&target).unwrap_err(), FetchError::Busy { target: target.clone() });
        drop(held);
        assert!(lock(&target).is_ok());
    }
}
