//! Copies of a whole sheet: the last good one, the one before a change of format, and a new sheet
//! of the same content.
//!
//! All are made while nobody has the file open and the caller has the right to it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use braincells_core::SheetId;
use duckdb::params;

use super::companions::{companions, logs};
use crate::database::{self, Allowed};
use crate::error::during;
use crate::import::sync_folder;
use crate::leftovers::{remove, remove_database};
use crate::lock::{SheetLock, with_suffix};
use crate::{DataError, Limits};

/// A larger sheet gets no good copy: it would double what it takes on the disk, and closing it
/// would take seconds where the file system copies byte by byte.
const MOST_BYTES: u64 = 512 << 20;

/// The three headers at the beginning of a DuckDB file. Two of them count the checkpoints, so that
/// no two states of one file have the same.
const HEADER_BYTES: u64 = 3 * 4096;

/// Where the last good copy of `sheet` is.
pub(crate) fn good_copy(sheet: &Path) -> PathBuf {
    with_suffix(sheet, ".good")
}

/// Tells two states of one DuckDB file apart without reading it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileState {
    header: Vec<u8>,
    bytes: u64,
}

impl FileState {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut header = Vec::new();
        file.take(HEADER_BYTES).read_to_end(&mut header)?;
        Ok(Self { header, bytes })
    }
}

/// Brings the last good copy of a sheet that was just opened or closed well up to date, if it
/// changed, is of moderate size, and leaves room on the disk. That there is none is no reason to
/// fail: the copy before stays.
pub(super) fn keep_good_copy(sheet: &Path, room_bytes: u64) {
    let kept = || -> Result<(), DataError> {
        let copy = good_copy(sheet);
        let state = FileState::of(sheet).map_err(|source| DataError::io("read", sheet, source))?;
        let wanted = state.bytes <= MOST_BYTES.min(room_bytes) && logs(sheet).is_empty();
        if !wanted || FileState::of(&copy).is_ok_and(|kept| kept == state) {
            return Ok(());
        }
        copy_into_place(sheet, sheet, &copy)
    };
    if let Err(error) = kept() {
        tracing::warn!(sheet = %sheet.display(), %error, "no good copy was kept");
    }
}

/// Keeps the sheet as it is before its format is brought up to date; the copy goes when the sheet
/// was closed well in its new format.
pub(crate) fn keep_old_format(sheet: &Path, version: i64) -> Result<(), DataError> {
    copy_into_place(sheet, sheet, &with_suffix(sheet, &format!(".v{version}")))
}

/// Removes what [`keep_old_format`] kept.
pub(super) fn forget_old_formats(sheet: &Path) {
    let is_old_format = |path: &PathBuf| {
        let end =
            path.extension().and_then(|end| end.to_str()).and_then(|end| end.strip_prefix('v'));
        end.is_some_and(|version| version.parse::<u32>().is_ok())
    };
    for path in companions(sheet).unwrap_or_default().iter().filter(|path| is_old_format(path)) {
        remove(path);
    }
}

/// Where a copy is until it is whole.
pub(super) fn unfinished_copy(sheet: &Path) -> PathBuf {
    with_suffix(sheet, ".copying")
}

/// Copies a file so that the copy appears whole, flushed, or not at all. Where the file system can
/// share blocks between files, this takes no time and no room.
pub(super) fn copy_into_place(sheet: &Path, from: &Path, to: &Path) -> Result<(), DataError> {
    let unfinished = unfinished_copy(sheet);
    copy_durably(from, &unfinished)?;
    fs::rename(&unfinished, to).map_err(|source| {
        remove(&unfinished);
        DataError::io("move a copy to", to, source)
    })?;
    sync_folder(to);
    Ok(())
}

/// Copies a file and flushes the copy; leaves nothing behind when that fails.
pub(super) fn copy_durably(from: &Path, to: &Path) -> Result<(), DataError> {
    let copied = fs::copy(from, to)
        .and_then(|_bytes| File::options().write(true).open(to))
        .and_then(|copy| copy.sync_all());
    copied.map_err(|source| {
        remove(&to.to_path_buf());
        DataError::io("copy the sheet to", to, source)
    })
}

/// Makes a new sheet at `target` of everything in `source`, history included, under another id and
/// name.
///
/// Fails with [`DataError::InUse`] while `source` is open. A log beside it is an error: open and
/// close it first.
pub fn duplicate_sheet(
    source: &Path,
    target: &Path,
    id: SheetId,
    name: &str,
    limits: Limits,
    now_ms: i64,
) -> Result<(), DataError> {
    if !source.is_file() {
        return Err(DataError::SheetMissing { path: source.to_path_buf() });
    }
    let _locks = (SheetLock::take(source)?, SheetLock::take(target)?);
    if target.exists() {
        return Err(DataError::AlreadyExists { path: target.to_path_buf() });
    }
    if !logs(source).is_empty() {
        let reason = "its last changes are not in its file yet";
        return Err(DataError::database("copy the sheet", reason));
    }
    // The same name as an import's, so that what a killed process leaves is found.
    let unfinished = with_suffix(target, ".importing");
    remove_database(&unfinished);
    let made = copy_durably(source, &unfinished)
        .and_then(|()| rename_inside(&unfinished, id, name, limits, now_ms))
        .and_then(|()| {
            fs::rename(&unfinished, target)
                .map_err(|source| DataError::io("move the sheet to", target, source))
        });
    if made.is_err() {
        remove_database(&unfinished);
    }
    made?;
    sync_folder(target);
    Ok(())
}

fn rename_inside(
    path: &Path,
    id: SheetId,
    name: &str,
    limits: Limits,
    now_ms: i64,
) -> Result<(), DataError> {
    let failed = during("copy the sheet");
    let connection = database::open(path, limits, &Allowed::Files(Vec::new()))?;
    connection
        .execute(
            "UPDATE braincells.meta SET id = ?, name = ?, created_at_ms = ?, changed_at_ms = ?",
            params![id.to_string(), name, now_ms, now_ms],
        )
        .map_err(&failed)?;
    connection.execute_batch("CHECKPOINT").map_err(&failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    let flushed = File::options().write(true).open(path).and_then(|file| file.sync_all());
    flushed.map_err(|source| DataError::io("flush the sheet", path, source))
}
