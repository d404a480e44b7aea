//! Opening a sheet so that neither a damaged file nor another process does any harm.
//!
//! DuckDB may end the process while it replays the log that a killed process left (`<sheet>.wal`),
//! and no error can be caught then. So an opening that could fail is tried elsewhere first: when
//! there is a log, or when the last opening never came to its end. What cannot be read is moved
//! aside, never deleted, and the sheet goes on from its last save or from its last good copy.
//!
//! Beside a sheet there may be, each with the sheet's whole name in front:
//!
//! | end of the name | what |
//! |---|---|
//! | `.lock` | locked by who has the sheet, and says who that is |
//! | `.opening` | there while the sheet is being opened |
//! | `.good` | the last good copy |
//! | `.v1` | the sheet as it was before its format was brought up to date |
//! | `.corrupt-MS`, `.wal.corrupt-MS` | what could not be read, with the time |
//! | `.copying` | a copy that is being made |

mod companions;
mod copies;
mod probe;
mod recover;
mod snapshot;

pub(crate) use companions::{companions, logs};
pub(crate) use copies::keep_old_format;
pub(crate) use snapshot::{Reading, is_reading};

pub use companions::{is_there, move_sheet};
pub use copies::duplicate_sheet;
pub use probe::{ProbeOutcome, ProbeRequest, TornTail, probe_sheet};

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use braincells_core::OpeningNotice;

use crate::leftovers::remove;
use crate::lock::{SheetLock, with_suffix};
use crate::{DataError, Limits, SheetStore};

/// What opening a sheet needs of the world.
pub struct Opening<'a> {
    /// The sheet's file.
    pub path: &'a Path,
    /// What the sheet may use of the machine.
    pub limits: Limits,
    /// The present, Unix milliseconds.
    pub now_ms: i64,
    /// Tries a sheet where a crash does no harm.
    pub probe: &'a dyn Fn(&ProbeRequest) -> ProbeOutcome,
    /// Where a copy to read from goes while another process has the sheet; without one the sheet
    /// is in use then.
    pub snapshots: Option<&'a Path>,
    /// The most bytes that a good copy may take.
    pub room_bytes: u64,
}

/// An open sheet, and what a person should know about how it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The sheet.
    pub store: SheetStore,
    /// What was not as it should be; empty as a rule.
    pub notices: Vec<OpeningNotice>,
}

/// Opens a sheet, whatever its last process left behind.
///
/// A log or a file that cannot be read is moved aside and said so in the notices; a file is only
/// moved when its last good copy can take its place. Fails with [`DataError::Damaged`] when there
/// is none, and then nothing was moved. While another process has the sheet, a copy is opened
/// that can only be read.
pub fn open_sheet(opening: &Opening<'_>) -> Result<Opened, DataError> {
    let path = opening.path;
    if !is_there(path) {
        return Err(DataError::SheetMissing { path: path.to_path_buf() });
    }
    let lock = match SheetLock::take(path) {
        Err(DataError::InUse { .. }) => return snapshot::open(opening),
        lock => lock?,
    };
    lock.sign(opening.now_ms);
    let marker = marker(path);
    let mut notices = Vec::new();
    if !path.is_file() {
        notices.push(recover::bring_back(opening, "its file was gone", None)?);
    } else if marker.exists() || !logs(path).is_empty() {
        notices.extend(recover::recover(opening)?);
        // Its last process did not close it, so did not make the copy either.
        copies::keep_good_copy(path, opening.room_bytes);
    }
    mark(&marker);
    let open = || SheetStore::open_locked(path, opening.limits, opening.now_ms, lock.clone(), None);
    let store = match open() {
        // Not every damage ends the process. If nothing can be done about it, the mark stays, so
        // that the next opening is tried elsewhere first.
        Err(error) if error.is_damage() => {
            notices.push(recover::bring_back(opening, &error.reason(), None)?);
            open()
        }
        result => result,
    };
    remove(&marker);
    Ok(Opened { store: store?, notices })
}

/// Notes that the whole sheet is to be read, somewhere else, before it is opened the next time.
///
/// Fails with [`DataError::InUse`] while it is open.
pub fn distrust(path: &Path) -> Result<(), DataError> {
    if !is_there(path) {
        return Err(DataError::SheetMissing { path: path.to_path_buf() });
    }
    let _lock = SheetLock::take(path)?;
    let marker = marker(path);
    File::create(&marker).map(drop).map_err(|source| DataError::io("write", &marker, source))
}

impl SheetStore {
    /// Closes the sheet: everything is in its one file afterwards, and the last good copy is
    /// brought up to date if it fits into `room_bytes`. A sheet that can only be read has nothing
    /// to close.
    pub fn close(self, room_bytes: u64) -> Result<(), DataError> {
        if self.read_only().is_some() {
            return Ok(());
        }
        let (path, lock) = (self.path.clone(), self.lock.clone());
        let saved = self.checkpoint();
        // Nobody may have the file open while it is copied: on POSIX systems closing the file that
        // was copied from would take DuckDB's own lock away.
        drop(self);
        saved?;
        copies::keep_good_copy(&path, room_bytes);
        copies::forget_old_formats(&path);
        drop(lock);
        Ok(())
    }
}

fn marker(sheet: &Path) -> PathBuf {
    with_suffix(sheet, ".opening")
}

fn mark(marker: &Path) {
    if let Err(error) = fs::write(marker, []) {
        // On a full disk the sheet can still be read, and that is what matters there.
        tracing::warn!(path = %marker.display(), %error, "the opening is not marked");
    }
}
