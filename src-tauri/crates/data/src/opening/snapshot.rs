//! A copy to read from while another process has the sheet.
//!
//! DuckDB lets no second process into a file that one has open for writing. But what that process
//! has committed is in the file and its log: the log only grows, and the file changes what it has
//! only at a checkpoint, which shows in its header. So a copy of the log and then of the file is
//! the sheet as it was at one moment, if the header is the same before and after.

use std::fs;
use std::path::{Path, PathBuf};

use braincells_core::{OpeningNotice, ReadOnly};
use uuid::Uuid;

use super::copies::FileState;
use super::recover::{Verdict, try_out};
use super::{Opened, Opening, TornTail};
use crate::leftovers::{remove, remove_database};
use crate::lock::{self, SheetLock, lock_path, with_suffix};
use crate::{DataError, SheetStore};

/// The beginning of the names of copies to read from.
const READING: &str = "reading-";
const ENDING: &str = ".duckdb";

/// How often a copy is made before the sheet counts as too busy: each checkpoint of the other
/// process spoils one.
const MOST_TRIES: u32 = 8;

/// Whether a file of this name is a copy to read from.
pub(crate) fn is_reading(name: &str) -> bool {
    name.starts_with(READING) && name.ends_with(ENDING)
}

/// That a store is a copy to read from. Takes the copy away when dropped.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) why: ReadOnly,
    path: PathBuf,
}

impl Drop for Reading {
    fn drop(&mut self) {
        remove_database(&self.path);
        remove(&with_suffix(&self.path, ".export"));
        remove(&lock_path(&self.path));
    }
}

/// Opens a copy of a sheet that another process has.
pub(super) fn open(opening: &Opening<'_>) -> Result<Opened, DataError> {
    let in_use = || DataError::InUse { path: opening.path.to_path_buf() };
    let holder = lock::holder(opening.path);
    let ours = holder.is_some_and(|holder| holder.pid == std::process::id());
    let Some(folder) = opening.snapshots.filter(|_| !ours) else { return Err(in_use()) };
    let path = folder.join(format!("{READING}{}{ENDING}", Uuid::new_v4()));
    let lock = SheetLock::take(&path)?;
    let why = ReadOnly { holder, copied_at_ms: opening.now_ms };
    let reading = Reading { why, path: path.clone() };
    for _ in 0..MOST_TRIES {
        if !copy(opening.path, &path)? {
            continue;
        }
        // What the other process was about to write may end in the middle.
        if let Verdict::Damaged(reason) = try_out(opening, &path, TornTail::End, false)? {
            tracing::debug!(reason, "a copy to read from cannot be read");
            continue;
        }
        let store =
            SheetStore::open_locked(&path, opening.limits, opening.now_ms, lock, Some(reading))?;
        return Ok(Opened { store, notices: vec![OpeningNotice::ReadOnly(why)] });
    }
    Err(in_use())
}

/// Copies file and log; whether they are of one moment.
fn copy(sheet: &Path, to: &Path) -> Result<bool, DataError> {
    remove_database(to);
    let copied = |action: &'static str| {
        move |source| match action {
            "read" => DataError::io(action, sheet, source),
            _ => DataError::io(action, to, source),
        }
    };
    let before = FileState::of(sheet).map_err(copied("read"))?;
    let log = with_suffix(sheet, ".wal");
    match fs::copy(&log, with_suffix(to, ".wal")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(copied("copy the sheet to")(error));
        }
        _ => {}
    }
    fs::copy(sheet, to).map_err(copied("copy the sheet to"))?;
    Ok(FileState::of(sheet).map_err(copied("read"))? == before)
}
