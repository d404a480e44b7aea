//! Where bytes go as they arrive: to the thread that writes them and to the one that computes their
//! sum, both the same bytes, by bounded channels. Waiting for room in those is what slows the
//! network down to the speed of the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::check::Kept;
use super::place::Place;
use super::threads::{self, outcome};
use super::writer::{Room, Writer, Written};
use super::{FetchError, Wanted};

/// How much is handed over at once: threads are woken a thousand times a gigabyte, not once for
/// each packet.
const BATCH_BYTES: usize = 1 << 20;

/// How many batches wait for each of the threads. With the two that they are at and the one that is
/// being filled, some 10 MB are in memory at most.
const BATCHES: usize = 3;

/// Takes the bytes of a file from where they are missing.
pub(super) struct Intake {
    to_writer: mpsc::Sender<Vec<Bytes>>,
    to_hasher: mpsc::Sender<Vec<Bytes>>,
    batch: Vec<Bytes>,
    batch_bytes: usize,
    written: Arc<AtomicU64>,
    writer: oneshot::Receiver<Written>,
    hasher: oneshot::Receiver<(Sha256, u64)>,
    block_bytes: u64,
}

/// The writer has ended, which it does by itself only if the disk refused.
#[derive(Debug)]
pub(super) struct WriterEnded;

/// What there is after the last byte.
pub(super) struct Taken {
    pub(super) place: Place,
    pub(super) kept: Kept,
    pub(super) outcome: Result<(), FetchError>,
    pub(super) synced: oneshot::Receiver<Result<(), FetchError>>,
}

impl Intake {
    /// Starts the threads. All of `kept` has been read.
    pub(super) fn start(
        place: Place,
        kept: Kept,
        wanted: &Wanted,
        room: Room,
    ) -> Result<Self, FetchError> {
        debug_assert_eq!(kept.hashed, kept.bytes(), "what there is has been read");
        let (to_writer, mut batches) = mpsc::channel(BATCHES);
        let written = Arc::new(AtomicU64::new(0));
        let writer = Writer::new(place, &kept, wanted.bytes, room, Arc::clone(&written))?;
        let writer =
            threads::start("download-write", &wanted.target, move || writer.run(&mut batches))?;
        let (to_hasher, mut batches) = mpsc::channel::<Vec<Bytes>>(BATCHES);
        let Kept { block_bytes, mut hashed, mut sha256, .. } = kept;
        let hasher = threads::start("download-hash", &wanted.target, move || {
            while let Some(batch) = batches.blocking_recv() {
                for piece in batch {
                    sha256.update(&piece);
                    hashed += piece.len() as u64;
                }
            }
            (sha256, hashed)
        })?;
        let (batch, batch_bytes) = (Vec::new(), 0);
        Ok(Self { to_writer, to_hasher, batch, batch_bytes, written, writer, hasher, block_bytes })
    }

    /// How much of the file is written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Takes some bytes; waits while the disk or the sum is behind. Nothing may be fed any more
    /// if that wait is given up.
    pub(super) async fn feed(&mut self, bytes: Bytes) -> Result<(), WriterEnded> {
        self.batch_bytes += bytes.len();
        self.batch.push(bytes);
        if self.batch_bytes < BATCH_BYTES {
            return Ok(());
        }
        self.flush().await
    }

    /// Hands over what is waiting for more.
    pub(super) async fn flush(&mut self) -> Result<(), WriterEnded> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        self.to_hasher.send(batch.clone()).await.map_err(|_ended| WriterEnded)?;
        self.to_writer.send(batch).await.map_err(|_ended| WriterEnded)
    }

    /// Waits until all that was taken is written and in the sum.
    pub(super) async fn finish(mut self) -> Taken {
        // If the writer has ended, it says why below.
        drop(self.flush().await);
        let Self { to_writer, to_hasher, writer, hasher, block_bytes, .. } = self;
        drop((to_writer, to_hasher));
        let Written { place, blocks, outcome: written, synced } = outcome(writer).await;
        let (sha256, hashed) = outcome(hasher).await;
        let kept = Kept { block_bytes, blocks, hashed, sha256 };
        Taken { place, kept, outcome: written, synced }
    }
}
