//! What of a download is on the disk. Everything here waits for the disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use braincells_data::{DownloadFile, NewDownload, StoredDownload};
use braincells_models::download::{discard, progress_of, was_finished};

use super::error::DownloadError;

/// What stays free beside a download; the disk is for other things too.
const SLACK_BYTES: u64 = 256 << 20;

/// Where a file goes.
pub(super) fn target(models: &Path, file: &DownloadFile) -> PathBuf {
    place(models, &file.target)
}

/// Where a name leads within the models folder.
pub(super) fn place(models: &Path, name: &str) -> PathBuf {
    // The separators of this system: the path is shown, and compared with others.
    name.split('/').fold(models.to_owned(), |path, part| path.join(part))
}

/// How much of a file is there.
pub(super) fn bytes_there(models: &Path, file: &DownloadFile) -> u64 {
    let target = target(models, file);
    let whole = target.metadata().ok().filter(std::fs::Metadata::is_file);
    let bytes = whole.map(|metadata| metadata.len()).or_else(|| progress_of(&target));
    bytes.unwrap_or(0).min(file.bytes)
}

/// Whether a file is where it goes, as long as it is to be.
pub(super) fn is_there(models: &Path, file: &DownloadFile) -> bool {
    target(models, file).metadata().is_ok_and(|it| it.is_file() && it.len() == file.bytes)
}

/// Whether a new download can begin: nothing is in its way, and there is room. `free_bytes` is what
/// the system says of the disk, if it says anything.
pub(super) fn check_new(
    models: &Path,
    new: &NewDownload,
    free_bytes: Option<u64>,
) -> Result<(), DownloadError> {
    let mut whole = 0;
    for file in &new.files {
        let path = target(models, file);
        match path.metadata() {
            Ok(metadata) if metadata.is_file() && metadata.len() == file.bytes => whole += 1,
            Ok(_) => return Err(DownloadError::Taken { path }),
            // That it cannot be looked at shows again when it is written.
            Err(_) => {}
        }
    }
    if whole == new.files.len() {
        return Err(DownloadError::There { name: new.name.clone() });
    }
    let left: u64 = new.files.iter().map(|file| file.bytes - bytes_there(models, file)).sum();
    let needed_bytes = left.saturating_add(SLACK_BYTES);
    match free_bytes {
        Some(free_bytes) if free_bytes < needed_bytes => {
            Err(DownloadError::NoRoom { name: new.name.clone(), needed_bytes, free_bytes })
        }
        _ => Ok(()),
    }
}

/// What the downloads that go on by themselves will still take of the disk.
pub(super) fn promised_bytes(models: &Path, all: &[StoredDownload]) -> u64 {
    let active = all.iter().filter(|one| one.standing.state.is_active());
    let files = active.flat_map(|one| &one.wanted.files);
    files.map(|file| file.bytes - bytes_there(models, file)).sum()
}

/// Makes the folder of a file. The models folder itself is not made anew: that it is gone means
/// that the home is.
pub(super) fn make_folder(models: &Path, target: &Path) -> Result<(), DownloadError> {
    if !models.is_dir() {
        return Err(DownloadError::FolderGone { path: models.to_owned() });
    }
    let folder = target.parent().unwrap_or(models);
    std::fs::create_dir_all(folder).map_err(|error| DownloadError::FolderRefused {
        path: folder.to_owned(),
        reason: error.to_string(),
        is_full: matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded),
    })
}

/// Removes what there is of a download that was given up, and the folders that are empty then.
/// What another download wants to have at the same place is that one's. `false` if something
/// could not be removed.
pub(super) fn sweep(models: &Path, given_up: &StoredDownload, all: &[StoredDownload]) -> bool {
    let is_anothers = |file: &DownloadFile| {
        let mut others = all.iter().filter(|other| other.id != given_up.id);
        others.any(|other| {
            let stands = other.standing.state;
            stands != braincells_core::DownloadState::Cancelled
                && other.wanted.files.iter().any(|its| its.target == file.target)
        })
    };
    let mut is_clean = true;
    for file in &given_up.wanted.files {
        if is_anothers(file) {
            continue;
        }
        let path = target(models, file);
        let is_ours = is_brought(models, file);
        let removed = discard(&path)
            .and_then(|()| if is_ours { gone(std::fs::remove_file(&path)) } else { Ok(()) });
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "what is left of a download stays");
            is_clean = false;
        }
        let above = path.ancestors().skip(1).take_while(|folder| *folder != models);
        // The first that is not empty ends it.
        for folder in above {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
    is_clean
}

/// Whether anything is left of a download that was given up.
pub(super) fn has_leftovers(models: &Path, given_up: &StoredDownload) -> bool {
    given_up.wanted.files.iter().any(|file| {
        let path = target(models, file);
        progress_of(&path).is_some() || (is_brought(models, file) && path.exists())
    })
}

/// Whether its download brought a file, by its row or, after a crash, by what lies beside it.
fn is_brought(models: &Path, file: &DownloadFile) -> bool {
    file.done || (is_there(models, file) && was_finished(&target(models, file)))
}

fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::{DownloadId, DownloadState};
    use braincells_data::DownloadStanding;
    use braincells_models::download::partial_path;

    use super::*;

    fn file(target: &str, bytes: u64, done: bool) -> DownloadFile {
        let (path, target) = (target.to_owned(), target.to_owned());
        DownloadFile { path, target, bytes, sha256: None, git_sha1: None, done }
    }

    fn wanted(files: Vec<DownloadFile>) -> NewDownload {
        NewDownload {
            name: "o--m/a.gguf".to_owned(),
            repository: "o/m".to_owned(),
            revision: "c".to_owned(),
            label: None,
            runtime: "gguf".to_owned(),
            files,
        }
    }

    fn stored(id: i64, state: DownloadState, files: Vec<DownloadFile>) -> StoredDownload {
        StoredDownload {
            id: DownloadId(id),
            wanted: wanted(files),
            standing: DownloadStanding::fresh(state),
            added_at_ms: 0,
            changed_at_ms: 0,
        }
    }

    fn write(models: &Path, target: &str, bytes: &[u8]) -> PathBuf {
        let path = models.join(target);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_download_begins_only_where_nothing_is_in_its_way() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        let new = wanted(vec![file("o--m/a.gguf", 3, false), file("o--m/b.gguf", 2, false)]);
        let check = || check_new(models, &new, Some(u64::MAX));
        assert_eq!(check(), Ok(()));
        write(models, "o--m/a.gguf", b"abc");
        assert_eq!(check(), Ok(()), "one of two is there, perhaps from before");
        let other = write(models, "o--m/b.gguf", b"longer");
        assert_eq!(check(), Err(DownloadError::Taken { path: other }));
        write(models, "o--m/b.gguf", b"de");
        assert!(matches!(check(), Err(DownloadError::There { .. })));
    }

    #[test]
    fn room_is_needed_for_what_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        let new = wanted(vec![file("o--m/a.gguf", 1000, false), file("o--m/b.gguf", 3, false)]);
        let check = |free: u64| check_new(models, &new, Some(free));
        let needed_bytes = SLACK_BYTES + 1003;
        let short = |needed_bytes| DownloadError::NoRoom {
            name: new.name.clone(),
            needed_bytes,
            free_bytes: needed_bytes - 1,
        };
        assert_eq!(check(needed_bytes), Ok(()));
        assert_eq!(check(needed_bytes - 1), Err(short(needed_bytes)));
        write(models, "o--m/b.gguf", b"abc");
        assert_eq!(check(needed_bytes - 3), Ok(()));
        assert_eq!(check(needed_bytes - 4), Err(short(needed_bytes - 3)));
        assert_eq!(check_new(models, &new, None), Ok(()), "a disk that is not known may have room");
    }

    #[test]
    fn room_that_other_downloads_will_take_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        write(models, "o--m/a.gguf", b"abc");
        let files = vec![file("o--m/a.gguf", 3, true), file("o--m/b.gguf", 10, false)];
        for (state, promised) in [
            (DownloadState::Running, 10),
            (DownloadState::Queued, 10),
            (DownloadState::Paused, 0),
            (DownloadState::Done, 0),
        ] {
            let all = [stored(1, state, files.clone())];
            assert_eq!(promised_bytes(models, &all), promised, "{state:?}");
        }
    }

    #[test]
    fn giving_up_removes_what_is_of_this_download_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        let files = vec![
            file("o--m/a.gguf", 9, false),
            file("o--m/b.gguf", 9, true),
            file("o--m/c.gguf", 9, false),
        ];
        let given_up = stored(1, DownloadState::Cancelled, files);
        let partial = partial_path(&models.join("o--m/a.gguf"));
        write(models, "o--m/a.gguf", b"");
        std::fs::rename(models.join("o--m/a.gguf"), &partial).unwrap();
        let done = write(models, "o--m/b.gguf", b"whole");
        let foreign = write(models, "o--m/c.gguf", b"put there by hand");
        assert!(has_leftovers(models, &given_up));
        assert!(sweep(models, &given_up, &[]));
        assert!(!partial.exists() && !done.exists() && foreign.exists());
        assert!(!has_leftovers(models, &given_up));
        std::fs::remove_file(foreign).unwrap();
        assert!(sweep(models, &given_up, &[]), "what is gone is gone");
        assert!(!models.join("o--m").exists() && models.exists(), "empty folders go");
    }

    #[test]
    fn giving_up_removes_what_came_before_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        let files = vec![file("o--m/a.gguf", 5, false), file("o--m/b.gguf", 5, false)];
        let given_up = stored(1, DownloadState::Cancelled, files);
        let came = write(models, "o--m/a.gguf", b"whole");
        // As a process leaves it that ended right after the rename.
        let ledger = write(models, "o--m/a.gguf.partial.json", b"{}");
        let foreign = write(models, "o--m/b.gguf", b"hands");
        assert!(has_leftovers(models, &given_up));
        assert!(sweep(models, &given_up, &[]));
        assert!(!came.exists() && !ledger.exists() && foreign.exists());
        assert!(!has_leftovers(models, &given_up));
    }

    #[test]
    fn giving_up_leaves_alone_what_was_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path();
        let files = vec![file("o--m/a.gguf", 5, true)];
        let given_up = stored(1, DownloadState::Cancelled, files.clone());
        let path = write(models, "o--m/a.gguf", b"whole");
        for (state, stays) in [
            (DownloadState::Queued, true),
            (DownloadState::Paused, true),
            (DownloadState::Done, true),
            (DownloadState::Cancelled, false),
        ] {
            let all = [given_up.clone(), stored(2, state, files.clone())];
            assert!(sweep(models, &given_up, &all));
            assert_eq!(path.exists(), stays, "{state:?}");
        }
    }
}
