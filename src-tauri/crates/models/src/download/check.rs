//! Reads again what is on the disk: which blocks are still what arrived, and their sha256 on the
//! way. Both in one reading, because reading is what takes long.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::FetchError;
use super::control::Leash;
use super::ledger::Block;
use super::place::Place;

/// How much of a finished file is read at once.
const PIECE_BYTES: usize = 1 << 20;

/// What there is of a file, and the sum of its beginning.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) block_bytes: u64,
    /// From the start, without a gap; only the last may be short.
    pub(super) blocks: Vec<Block>,
    /// How many bytes are in the sum. A whole number of blocks, or all there are.
    pub(super) hashed: u64,
    pub(super) sha256: Sha256,
}

impl Kept {
    /// What there is if nothing has been read of it.
    pub(super) fn unread(block_bytes: u64, blocks: Vec<Block>) -> Self {
        Self { block_bytes, blocks, hashed: 0, sha256: Sha256::new() }
    }

    /// Nothing.
    pub(super) fn nothing(block_bytes: u64) -> Self {
        Self::unread(block_bytes, Vec::new())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.bytes).sum()
    }

    /// Forgets this block and all behind it.
    pub(super) fn cut(&mut self, block: usize) {
        self.blocks.truncate(block);
    }

    /// Reads what is not in the sum yet, and adds it as far as all is right. Returns the blocks that
    /// are not; damage that reaches to the end is cut off instead.
    pub(super) fn read(
        &mut self,
        place: &mut Place,
        leash: &Leash,
        told: &watch::Sender<u64>,
    ) -> Result<Vec<usize>, FetchError> {
        let mut damaged = Vec::new();
        let mut at = self.hashed;
        let first = (self.hashed / self.block_bytes) as usize;
        let largest = self.blocks.iter().map(|block| block.bytes).max().unwrap_or_default();
        let mut bytes = vec![0; largest as usize];
        for (n, block) in self.blocks.iter().enumerate().skip(first) {
            if leash.is_over() {
                return Err(FetchError::Stopped);
            }
            let bytes = &mut bytes[..block.bytes as usize];
            let whole = place.read_at(at, bytes)? == bytes.len();
            if !whole || crc32fast::hash(bytes) != block.crc32 {
                damaged.push(n);
            } else if damaged.is_empty() {
                self.sha256.update(&*bytes);
                self.hashed += block.bytes;
            }
            at += block.bytes;
            told.send_replace(at);
        }
        while damaged.last().is_some_and(|n| n + 1 == self.blocks.len()) {
            damaged.pop();
            self.blocks.pop();
        }
        Ok(damaged)
    }
}

/// The sum of a file.
pub(super) fn sha256_of(
    path: &Path,
    leash: &Leash,
    told: &watch::Sender<u64>,
) -> Result<Sha256, FetchError> {
    let unreadable = |error: std::io::Error| FetchError::io("read", path, &error);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut sha256 = Sha256::new();
    let mut read = 0;
    loop {
        if leash.is_over() {
            return Err(FetchError::Stopped);
        }
        match file.read(&mut piece) {
            Ok(0) => return Ok(sha256),
            Ok(count) => {
                sha256.update(&piece[..count]);
                read += count as u64;
                told.send_replace(read);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

/// What git calls the content of a file: the sha1 of the word `blob`, its length and it. For the
/// small files that git keeps itself.
pub fn git_blob_sha1(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut sha1 = Sha1::new_with_prefix(format!("blob {}\0", file.metadata()?.len()));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(HEXLOWER.encode(&sha1.finalize())),
            Ok(count) => sha1.update(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A sum as it is written.
pub(super) fn hex(sha256: Sha256) -> String {
    HEXLOWER.encode(&sha256.finalize())
}
