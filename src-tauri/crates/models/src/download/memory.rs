//! What one attempt knows of a partial file, for the next one in the same process: a line that breaks
//! off again and again must not have tens of gigabytes read each time before a byte is asked for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::check::Kept;
use super::ledger::Block;
use super::place::partial_path;

/// After this long all is read again: a disk may have been elsewhere meanwhile.
const BELIEVED_FOR: Duration = Duration::from_mins(10);

/// Handed from attempt to attempt by who makes them; its clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    last: Arc<Mutex<Option<Last>>>,
}

#[derive(Debug)]
struct Last {
    target: PathBuf,
    stamp: Stamp,
    at: Instant,
    kept: Kept,
}

/// How long a file is and when it changed: whoever writes to it changes one of them.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    changed_at: SystemTime,
}

impl Stamp {
    fn of(target: &Path) -> Option<Self> {
        let about = partial_path(target).metadata().ok()?;
        Some(Self { bytes: about.len(), changed_at: about.modified().ok()? })
    }
}

impl Memory {
    /// An attempt is over, and this is on the disk.
    pub(super) fn keep(&self, target: &Path, kept: &Kept) {
        let is_whole = kept.hashed > 0 && kept.hashed == kept.bytes();
        let stamp = Stamp::of(target).filter(|_| is_whole);
        *self.lock() = stamp.map(|stamp| Last {
            target: target.to_owned(),
            stamp,
            at: Instant::now(),
            kept: kept.clone(),
        });
    }

    /// What is known of these blocks of a partial file, if nobody wrote to it since.
    pub(super) fn take(&self, target: &Path, block_bytes: u64, blocks: &[Block]) -> Option<Kept> {
        let last = self.lock().take()?;
        let is_it = last.target == target
            && last.kept.block_bytes == block_bytes
            && last.kept.blocks == blocks
            && last.at.elapsed() < BELIEVED_FOR
            && Stamp::of(target).as_ref() == Some(&last.stamp);
        is_it.then_some(last.kept)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
