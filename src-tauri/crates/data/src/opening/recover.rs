//! What to do with a sheet that was not closed well: try it, and move aside what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use braincells_core::OpeningNotice;

use super::companions::logs;
use super::copies::{copy_durably, copy_into_place, good_copy, unfinished_copy};
use super::{Opening, ProbeOutcome, ProbeRequest, TornTail, marker};
use crate::import::sync_folder;
use crate::leftovers::{remove, remove_database};
use crate::lock::with_suffix;
use crate::{DataError, Limits};

/// How a trial ended, as far as it decides what to do next.
pub(super) enum Verdict {
    Sound,
    Damaged(String),
    /// Nobody could try it.
    Untried(String),
}

/// Tries the sheet at `path`, with enough memory for its log.
pub(super) fn try_out(
    opening: &Opening<'_>,
    path: &Path,
    torn_tail: TornTail,
    whole: bool,
) -> Result<Verdict, DataError> {
    let request = ProbeRequest {
        path: path.to_path_buf(),
        limits: raised(opening.limits, &logs(path)),
        torn_tail,
        whole,
    };
    match (opening.probe)(&request) {
        ProbeOutcome::Sound => Ok(Verdict::Sound),
        ProbeOutcome::Damaged { reason } => Ok(Verdict::Damaged(reason)),
        ProbeOutcome::Refused { error } => Err(DataError::Trial(error)),
        ProbeOutcome::Unavailable { reason } => Ok(Verdict::Untried(reason)),
    }
}

/// A log is replayed in memory before anything can be spilled, and takes more there than on disk.
fn raised(limits: Limits, logs: &[PathBuf]) -> Limits {
    const TIMES: u64 = 4;
    const BESIDES: u64 = 256 << 20;
    let bytes: u64 =
        logs.iter().filter_map(|log| fs::metadata(log).ok()).map(|file| file.len()).sum();
    let memory_bytes = limits.memory_bytes.max(bytes.saturating_mul(TIMES).saturating_add(BESIDES));
    Limits { memory_bytes, ..limits }
}

/// Tries a sheet that was not closed well. Afterwards it can be opened, or the error says why not.
pub(super) fn recover(opening: &Opening<'_>) -> Result<Option<OpeningNotice>, DataError> {
    let path = opening.path;
    // An opening that never came to its end may have met damage anywhere.
    let whole = marker(path).exists();
    let saved_at_ms = changed_at_ms(path);
    let reason = match try_out(opening, path, TornTail::Damage, whole)? {
        Verdict::Damaged(reason) => reason,
        Verdict::Untried(reason) if whole => {
            return Err(DataError::Untried { path: path.to_path_buf(), reason });
        }
        // The rule after a kill is that all is well; the mark sees to it that a second try is not
        // made blindly.
        Verdict::Sound | Verdict::Untried(_) => return Ok(None),
    };
    if logs(path).is_empty() {
        return bring_back(opening, &reason, None).map(Some);
    }
    let kept = KeptLogs::keep(opening)?;
    let verdict = try_out(opening, path, TornTail::End, whole);
    match verdict {
        Ok(Verdict::Sound) => {
            // A log without a single whole change is not replayed, and DuckDB lets it lie.
            kept.take_away();
            return Ok(Some(OpeningNotice::LogCutShort { kept_in: kept.main() }));
        }
        Ok(Verdict::Damaged(_)) => {}
        Ok(Verdict::Untried(reason)) => {
            kept.forget();
            return Err(DataError::Untried { path: path.to_path_buf(), reason });
        }
        Err(error) => {
            kept.forget();
            return Err(error);
        }
    }
    kept.take_away();
    match try_out(opening, path, TornTail::Damage, whole) {
        Ok(Verdict::Sound) => {
            Ok(Some(OpeningNotice::ChangesLost { saved_at_ms, kept_in: kept.main(), reason }))
        }
        Ok(Verdict::Damaged(reason)) => match bring_back(opening, &reason, Some(kept.main())) {
            Ok(notice) => Ok(Some(notice)),
            Err(error) => Err(kept.put_back(error)),
        },
        Ok(Verdict::Untried(reason)) => {
            Err(kept.put_back(DataError::Untried { path: path.to_path_buf(), reason }))
        }
        Err(error) => Err(kept.put_back(error)),
    }
}

/// Puts the last good copy in the place of a file that cannot be read, and keeps that file.
/// Without a copy that opens, nothing is moved.
pub(super) fn bring_back(
    opening: &Opening<'_>,
    reason: &str,
    kept_log: Option<PathBuf>,
) -> Result<OpeningNotice, DataError> {
    let path = opening.path;
    let copy = good_copy(path);
    let damaged = || DataError::Damaged {
        path: path.to_path_buf(),
        log: logs(path).into_iter().next(),
        reason: reason.to_owned(),
    };
    if !copy.is_file() {
        return Err(damaged());
    }
    let copied_at_ms = changed_at_ms(&copy);
    let candidate = unfinished_copy(path);
    copy_durably(&copy, &candidate)?;
    // The whole of it, because there is nothing to fall back on after it.
    match try_out(opening, &candidate, TornTail::Damage, true) {
        Ok(Verdict::Sound | Verdict::Untried(_)) => {}
        Ok(Verdict::Damaged(_)) => {
            remove_database(&candidate);
            return Err(damaged());
        }
        Err(error) => {
            remove_database(&candidate);
            return Err(error);
        }
    }
    let mut kept_in = Vec::new();
    if path.is_file() {
        let kept = free_name(path, ".corrupt", opening.now_ms);
        // With a second name for the damaged file there is a sheet at every moment.
        fs::hard_link(path, &kept)
            .or_else(|_no_links| fs::rename(path, &kept))
            .map_err(|source| DataError::io("move the damaged sheet to", &kept, source))?;
        kept_in.push(kept);
    }
    fs::rename(&candidate, path)
        .map_err(|source| DataError::io("put the last good copy at", path, source))?;
    sync_folder(path);
    // Of the damaged file: neither belongs to the copy.
    for log in logs(path) {
        let kept = free_name(&log, ".corrupt", opening.now_ms);
        fs::rename(&log, &kept)
            .map_err(|source| DataError::io("move the damaged log to", &kept, source))?;
        kept_in.push(kept);
    }
    kept_in.extend(kept_log);
    Ok(OpeningNotice::CopyRestored { copied_at_ms, kept_in, reason: reason.to_owned() })
}

/// The logs of a sheet, copied to where nobody replays or removes them.
struct KeptLogs<'a> {
    sheet: &'a Path,
    /// Where each was, and where it is kept.
    logs: Vec<(PathBuf, PathBuf)>,
}

impl<'a> KeptLogs<'a> {
    fn keep(opening: &Opening<'a>) -> Result<Self, DataError> {
        let mut kept = Self { sheet: opening.path, logs: Vec::new() };
        for log in logs(opening.path) {
            let to = free_name(&log, ".corrupt", opening.now_ms);
            if let Err(error) = copy_into_place(opening.path, &log, &to) {
                kept.forget();
                return Err(error);
            }
            kept.logs.push((log, to));
        }
        Ok(kept)
    }

    /// The one to tell about.
    fn main(&self) -> PathBuf {
        self.logs.first().map_or_else(PathBuf::new, |(_, kept)| kept.clone())
    }

    /// Removes the logs, of which there are copies now.
    fn take_away(&self) {
        for log in logs(self.sheet) {
            remove(&log);
        }
        sync_folder(self.sheet);
    }

    /// Undoes [`KeptLogs::take_away`] and passes the error on.
    fn put_back(self, error: DataError) -> DataError {
        for (log, kept) in &self.logs {
            if let Err(failure) = fs::rename(kept, log) {
                tracing::warn!(log = %kept.display(), %failure, "a log stays where it is kept");
            }
        }
        match error {
            DataError::Damaged { path, reason, .. } => {
                DataError::Damaged { log: logs(&path).into_iter().next(), path, reason }
            }
            error => error,
        }
    }

    /// Removes the copies.
    fn forget(self) {
        for (_, kept) in &self.logs {
            remove(kept);
        }
    }
}

/// A name beside `path` that is not taken, with the time in it.
fn free_name(path: &Path, end: &str, now_ms: i64) -> PathBuf {
    let mut ms = now_ms;
    loop {
        let name = with_suffix(path, &format!("{end}-{ms}"));
        if !name.exists() {
            return name;
        }
        ms += 1;
    }
}

/// When a file last changed, by the file system, Unix milliseconds.
fn changed_at_ms(path: &Path) -> Option<i64> {
    let changed = fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(changed.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}
