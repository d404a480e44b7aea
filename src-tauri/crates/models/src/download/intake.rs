//! Where bytes go as they arrive: to the thread that writes them and to the one that computes their
//! sum, both the same bytes. They are copied once, into a few buffers that go round: the network's
//! own stay small and warm, no page of memory is asked for twice, and how much is held is fixed.
//! Waiting for a free buffer is what slows the network down to the speed of the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::check::Kept;
use super::place::Place;
use super::threads::{self, outcome};
use super::writer::{Room, Writer, Written};
use super::{FetchError, Wanted};

/// How much is handed over at once: threads are woken some thousand times a gigabyte, not once for
/// each packet.
const BUFFER_BYTES: usize = 512 << 10;

/// How many buffers go round.
const BUFFERS: usize = 12;

/// Bytes that both threads have. Nothing in it asks the writer to write down how far it is.
pub(super) type Piece = Arc<Vec<u8>>;

/// Where buffers go when the last of the threads is done with them.
pub(super) type Spent = mpsc::Sender<Vec<u8>>;

/// Hands a buffer back, if the other thread has done so with its share.
pub(super) fn hand_back(piece: Piece, spent: &Spent) {
    if let Some(mut buffer) = Arc::into_inner(piece)
        && buffer.capacity() > 0
    {
        buffer.clear();
        // There is room for all there are. Nobody takes them any more when the download is over.
        drop(spent.try_send(buffer));
    }
}

/// Takes the bytes of a file from where they are missing.
pub(super) struct Intake {
    to_writer: mpsc::Sender<Piece>,
    to_hasher: mpsc::Sender<Piece>,
    /// The one that is being filled; without capacity, none is.
    buffer: Vec<u8>,
    spent: mpsc::Receiver<Vec<u8>>,
    made: usize,
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
        // Room for every buffer, and for a few words besides.
        let (to_writer, pieces) = mpsc::channel(BUFFERS + 4);
        let (giver, spent) = mpsc::channel(BUFFERS);
        let written = Arc::new(AtomicU64::new(0));
        let writer = Writer::new(place, &kept, wanted.bytes, room, Arc::clone(&written))?;
        let writers = giver.clone();
        let writer =
            threads::start("download-write", &wanted.target, move || writer.run(pieces, &writers))?;
        let (to_hasher, mut pieces) = mpsc::channel::<Piece>(BUFFERS);
        let Kept { block_bytes, mut hashed, mut sha256, .. } = kept;
        let hasher = threads::start("download-hash", &wanted.target, move || {
            while let Some(piece) = pieces.blocking_recv() {
                sha256.update(&*piece);
                hashed += piece.len() as u64;
                hand_back(piece, &giver);
            }
            (sha256, hashed)
        })?;
        let (buffer, made) = (Vec::new(), 0);
        Ok(Self { to_writer, to_hasher, buffer, spent, made, written, writer, hasher, block_bytes })
    }

    /// How much of the file is written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Takes some bytes; waits while the disk or the sum is behind. Nothing may be fed any more
    /// if that wait is given up.
    pub(super) async fn feed(&mut self, mut bytes: &[u8]) -> Result<(), WriterEnded> {
        while !bytes.is_empty() {
            if self.buffer.capacity() == 0 {
                self.buffer = self.free_buffer().await?;
            }
            let room = (BUFFER_BYTES - self.buffer.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    async fn free_buffer(&mut self) -> Result<Vec<u8>, WriterEnded> {
        if let Ok(buffer) = self.spent.try_recv() {
            return Ok(buffer);
        }
        if self.made < BUFFERS {
            self.made += 1;
            return Ok(Vec::with_capacity(BUFFER_BYTES));
        }
        tokio::select! {
            biased;
            Some(buffer) = self.spent.recv() => Ok(buffer),
            () = self.to_writer.closed() => Err(WriterEnded),
        }
    }

    /// Hands over what is waiting for more.
    pub(super) fn flush(&mut self) -> Result<(), WriterEnded> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = Arc::new(std::mem::take(&mut self.buffer));
        // Both have room for all the buffers there are: it fails only if one has ended.
        self.to_hasher.try_send(Arc::clone(&piece)).map_err(|_ended| WriterEnded)?;
        self.to_writer.try_send(piece).map_err(|_ended| WriterEnded)
    }

    /// Has it written down how far it is, block or no block: a kill loses what came behind the last
    /// line, which on a slow connection is minutes of it.
    pub(super) fn note(&mut self) -> Result<(), WriterEnded> {
        self.flush()?;
        match self.to_writer.try_send(Arc::default()) {
            Err(mpsc::error::TrySendError::Closed(_word)) => Err(WriterEnded),
            // It has enough to do to write it down by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Ok(()),
        }
    }

    /// Waits until all that was taken is written and in the sum.
    pub(super) async fn finish(mut self) -> Taken {
        // If the writer has ended, it says why below.
        drop(self.flush());
        let Self { to_writer, to_hasher, writer, hasher, block_bytes, .. } = self;
        drop((to_writer, to_hasher));
        let Written { place, blocks, outcome: written, synced } = outcome(writer).await;
        let (sha256, hashed) = outcome(hasher).await;
        let kept = Kept { block_bytes, blocks, hashed, sha256 };
        Taken { place, kept, outcome: written, synced }
    }
}
