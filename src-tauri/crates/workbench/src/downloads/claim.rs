//! The right to work on a download: a locked file, which the system unlocks when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use braincells_core::DownloadId;

/// Held by the one process that may work on a download.
#[derive(Debug)]
pub(super) struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    /// Takes the right, or says `None` if another process has it, or another clone of this.
    /// `folder` is the home's folder for what does not last. `is_asked_here` is whether a person
    /// wants it of this process, which is all there is to go by where there are no locks.
    pub(super) fn take(
        folder: &Path,
        id: DownloadId,
        is_asked_here: bool,
    ) -> io::Result<Option<Self>> {
        let path = path(folder, id);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        Ok(is_given(file.try_lock(), is_asked_here)?.then_some(Self { file, path }))
    }

    /// Whether somebody has the right to a download now.
    pub(super) fn is_taken(folder: &Path, id: DownloadId) -> bool {
        // Looking leaves no file behind, and a shared lock keeps nobody else from looking.
        let Ok(file) = File::open(path(folder, id)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Gives the right back for good: the download is over, and no other will have its id.
    pub(super) fn end(self) {
        // Still locked: whoever opened the file before finds the download over.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the lock of a download was not removed");
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Closing would not do: a process that another thread is just starting has the file open
        // too until it becomes another program, and the lock with it.
        if let Err(error) = self.file.unlock()
            && error.kind() != io::ErrorKind::Unsupported
        {
            tracing::warn!(%error, "the lock of a download was not given back");
        }
    }
}

/// Whether what asking for the lock came to gives the right. Some file systems know no locks, and
/// whether another process is at work cannot be told there: then nobody takes up what others left.
fn is_given(asked: Result<(), TryLockError>, is_asked_here: bool) -> io::Result<bool> {
    match asked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(is_asked_here)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn path(folder: &Path, id: DownloadId) -> PathBuf {
    folder.join(format!("download-{id}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_held_once_and_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, id) = (folder.path(), DownloadId(7));
        assert!(!Claim::is_taken(folder, id));
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "looking leaves nothing");
        let claim = Claim::take(folder, id, false).unwrap().unwrap();
        assert!(Claim::is_taken(folder, id));
        assert!(Claim::take(folder, id, false).unwrap().is_none());
        assert!(Claim::take(folder, DownloadId(8), false).unwrap().is_some());
        drop(claim);
        assert!(!Claim::is_taken(folder, id));
        let claim = Claim::take(folder, id, false).unwrap().unwrap();
        claim.end();
        assert!(!Claim::is_taken(folder, id));
        assert!(!path(folder, id).exists());
    }

    #[test]
    fn without_locks_only_what_was_asked_for_here_is_worked_on() {
        let of = |kind: io::ErrorKind| Err(TryLockError::Error(kind.into()));
        for is_asked_here in [true, false] {
            let is_given = |asked| is_given(asked, is_asked_here);
            assert!(is_given(Ok(())).unwrap());
            assert!(!is_given(Err(TryLockError::WouldBlock)).unwrap());
            assert_eq!(is_given(of(io::ErrorKind::Unsupported)).unwrap(), is_asked_here);
            assert!(is_given(of(io::ErrorKind::Other)).is_err());
        }
    }
}
