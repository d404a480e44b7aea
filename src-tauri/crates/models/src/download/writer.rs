//! The thread that writes: bytes to the partial file, a line to the ledger for each block. A second
//! thread brings both to the disk now and then, so that a machine that loses power loses little and
//! the last sync is short. It is never waited for while bytes arrive.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::{mpsc, oneshot};

use super::check::Kept;
use super::intake::{Piece, Spent, hand_back};
use super::ledger::Block;
use super::place::{Place, ledger_path, partial_path};
use super::{FetchError, FreeBytes, Limits, threads};

/// After how many bytes they are brought to the disk.
const SYNC_BYTES: u64 = 32 << 20;

/// What the writer hands back when there is no more to write.
pub(super) struct Written {
    pub(super) place: Place,
    /// All that is on the disk.
    pub(super) blocks: Vec<Block>,
    pub(super) outcome: Result<(), FetchError>,
    /// Whether bringing it to the disk went well, once the last of that has ended.
    pub(super) synced: oneshot::Receiver<Result<(), FetchError>>,
}

/// How much room there is, and how much there must be.
#[derive(Clone)]
pub(super) struct Room {
    folder: PathBuf,
    slack: u64,
    free: FreeBytes,
}

impl Room {
    pub(super) fn new(limits: &Limits, target: &Path) -> Self {
        // The parent of a bare file name is the empty path.
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Self { folder, slack: limits.slack_bytes, free: Arc::clone(&limits.free_bytes) }
    }

    /// Whether so much more fits. If the system does not say how much is free, it does.
    pub(super) fn check(&self, bytes: u64) -> Result<(), FetchError> {
        let needed = bytes.saturating_add(self.slack);
        match (self.free)(&self.folder) {
            Some(free) if free < needed => Err(FetchError::DiskFull { needed, free: Some(free) }),
            _enough => Ok(()),
        }
    }

    /// An error of the disk, with what it needs and has if it is full.
    pub(super) fn explain(&self, error: FetchError, bytes: u64) -> FetchError {
        error.with_room(bytes.saturating_add(self.slack), (self.free)(&self.folder))
    }
}

/// Writes what is behind the blocks that there are.
pub(super) struct Writer {
    place: Place,
    blocks: Vec<Block>,
    block_bytes: u64,
    /// Bytes of the file that are not written yet.
    missing: u64,
    room: Room,
    /// The block that is being written.
    open: u64,
    crc32: crc32fast::Hasher,
    written: Arc<AtomicU64>,
    sync: SyncSender<()>,
    synced: oneshot::Receiver<Result<(), FetchError>>,
    unsynced: u64,
}

impl Writer {
    /// A writer that goes on where `kept` ends. `written` is kept at how much of the file is there.
    pub(super) fn new(
        place: Place,
        kept: &Kept,
        wanted_bytes: u64,
        room: Room,
        written: Arc<AtomicU64>,
    ) -> Result<Self, FetchError> {
        let mut blocks = kept.blocks.clone();
        let there = kept.bytes();
        written.store(there, Ordering::Relaxed);
        let unfinished = blocks.pop_if(|block| block.bytes < kept.block_bytes);
        let (open, crc32) = match unfinished {
            Some(Block { bytes, crc32 }) => {
                (bytes, crc32fast::Hasher::new_with_initial_len(crc32, bytes))
            }
            None => (0, crc32fast::Hasher::new()),
        };
        let (sync, asked) = sync_channel(1);
        let target = place.target().to_owned();
        // The ledger is opened anew: a copy of the handle would hold the lock, and nobody waits for
        // this thread after a stop.
        let ledger_path = ledger_path(&target);
        let ledger = File::options().append(true).open(&ledger_path);
        let ledger = ledger.map_err(|error| FetchError::io("written", &ledger_path, &error))?;
        let partial = place.partial_handle()?;
        let synced = threads::start("download-sync", &target.clone(), move || {
            sync_when_asked(&asked, &partial, &ledger, &target)
        })?;
        Ok(Self {
            place,
            blocks,
            block_bytes: kept.block_bytes,
            missing: wanted_bytes.saturating_sub(there),
            room,
            open,
            crc32,
            written,
            sync,
            synced,
            unsynced: 0,
        })
    }

    /// Writes all that comes, then writes down how far it came.
    pub(super) fn run(mut self, mut pieces: mpsc::Receiver<Piece>, spent: &Spent) -> Written {
        let mut outcome = Ok(());
        while let Some(piece) = pieces.blocking_recv() {
            outcome = if piece.is_empty() { self.note() } else { self.take(&piece) };
            hand_back(piece, spent);
            if outcome.is_err() {
                break;
            }
        }
        // Whoever feeds learns that this has ended before he waits for a buffer again.
        drop(pieces);
        let tail = if self.open > 0 { self.close() } else { Ok(()) };
        // Nobody asks for a sync any more: the thread ends after the one it is at.
        let Self { place, blocks, mut synced, .. } = self;
        let outcome = outcome.and(tail).and_then(|()| synced.try_recv().unwrap_or(Ok(())));
        Written { place, blocks, outcome, synced }
    }

    fn take(&mut self, mut piece: &[u8]) -> Result<(), FetchError> {
        while !piece.is_empty() {
            if self.open == 0 {
                self.room.check(self.missing.min(self.block_bytes))?;
            }
            let room = (self.block_bytes - self.open).min(piece.len() as u64) as usize;
            let (part, rest) = piece.split_at(room);
            let mut count = 0;
            let outcome = self.place.write(part, &mut count);
            self.crc32.update(&part[..count]);
            self.open += count as u64;
            self.missing = self.missing.saturating_sub(count as u64);
            self.written.fetch_add(count as u64, Ordering::Relaxed);
            outcome?;
            if self.open == self.block_bytes {
                self.close()?;
            }
            piece = rest;
        }
        Ok(())
    }

    /// Writes down how much there is of the block that is open.
    fn note(&mut self) -> Result<(), FetchError> {
        if self.open == 0 {
            return Ok(());
        }
        let block = Block { bytes: self.open, crc32: self.crc32.clone().finalize() };
        self.place.record(self.blocks.len() as u64, block)
    }

    /// Writes down the block that is open, which is done. It need not be on the disk yet: a
    /// line counts only together with the bytes that it is about.
    fn close(&mut self) -> Result<(), FetchError> {
        let crc32 = std::mem::take(&mut self.crc32).finalize();
        let block = Block { bytes: std::mem::take(&mut self.open), crc32 };
        self.place.record(self.blocks.len() as u64, block)?;
        self.blocks.push(block);
        self.unsynced += block.bytes;
        if self.unsynced >= SYNC_BYTES {
            // If it has been asked to do it once more already, it is asked again a block later.
            if self.sync.try_send(()).is_ok() {
                self.unsynced = 0;
            }
        }
        Ok(())
    }
}

/// What the other thread does until nobody asks any more.
fn sync_when_asked(
    asked: &Receiver<()>,
    partial: &File,
    ledger: &File,
    target: &Path,
) -> Result<(), FetchError> {
    for () in asked {
        partial
            .sync_data()
            .map_err(|error| FetchError::io("written", &partial_path(target), &error))?;
        ledger
            .sync_data()
            .map_err(|error| FetchError::io("written", &ledger_path(target), &error))?;
    }
    Ok(())
}
