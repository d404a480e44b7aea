//! What a file of the hub holds: bytes, a file of this machine, or numbers that are made up as they
//! are asked for, so that a test downloads 200 MB without holding them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::dice::Dice;

/// What repeats in a generated file; each page of it begins with its own number, so that no two
/// pages are the same and a page at the wrong place is noticed.
const TILE: u64 = 1 << 20;
const PAGE: u64 = 4 << 10;

/// Read at once where a whole file is hashed.
const HASHED: usize = 1 << 20;

/// The bytes of a file.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// In memory.
    Bytes(Bytes),
    /// A file of this machine, read piece by piece.
    OnDisk { path: PathBuf, bytes: u64 },
    /// `head`, then what follows from the seed.
    Generated { head: Bytes, tile: Arc<[u8]>, bytes: u64 },
}

impl Content {
    pub(super) fn on_disk(path: PathBuf) -> io::Result<Self> {
        let bytes = path.metadata()?.len();
        Ok(Self::OnDisk { path, bytes })
    }

    pub(super) fn generated(head: Bytes, seed: u64, bytes: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tile: Vec<u8> =
            (0..TILE / 8).flat_map(|_| dice.below(u64::MAX).to_le_bytes()).collect();
        Self::Generated { head, tile: tile.into(), bytes }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::OnDisk { bytes, .. } | Self::Generated { bytes, .. } => *bytes,
        }
    }

    /// Bytes from `from` on: at least one where there is one, and at most `at_most`.
    pub(super) fn piece(&self, from: u64, at_most: usize) -> io::Result<Bytes> {
        let length = (self.len().saturating_sub(from)).min(at_most as u64);
        match self {
            Self::Bytes(bytes) => {
                let from = (from as usize).min(bytes.len());
                Ok(bytes.slice(from..from + length as usize))
            }
            Self::OnDisk { path, .. } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(from))?;
                let mut piece = vec![0; length as usize];
                file.read_exact(&mut piece)?;
                Ok(piece.into())
            }
            Self::Generated { head, .. } if from < head.len() as u64 => {
                let (from, length) = (from as usize, length as usize);
                Ok(head.slice(from..head.len().min(from + length)))
            }
            Self::Generated { tile, .. } => Ok(generated(tile, from, length).into()),
        }
    }

    /// The checksum of all of it, in hexadecimal.
    pub(super) fn sha256(&self) -> io::Result<String> {
        self.sum(Sha256::new())
    }

    /// What git calls it: the sha1 of a header and all of it.
    pub(super) fn git_sha1(&self) -> io::Result<String> {
        self.sum(Sha1::new_with_prefix(format!("blob {}\0", self.len())))
    }

    fn sum(&self, mut hash: impl Digest) -> io::Result<String> {
        let mut at = 0;
        while at < self.len() {
            let piece = self.piece(at, HASHED)?;
            hash.update(&piece);
            at += piece.len() as u64;
        }
        Ok(HEXLOWER.encode(&hash.finalize()))
    }
}

fn generated(tile: &[u8], from: u64, length: u64) -> Vec<u8> {
    let mut piece = Vec::with_capacity(length as usize);
    let end = from + length;
    let mut at = from;
    while at < end {
        let page_end = (at - at % PAGE + PAGE).min(end);
        let in_tile = (at % TILE) as usize;
        let from_page = (at % PAGE) as usize;
        let start = piece.len();
        piece.extend_from_slice(&tile[in_tile..in_tile + (page_end - at) as usize]);
        let number = (at / PAGE).to_le_bytes();
        for (offset, byte) in number.iter().enumerate().skip(from_page) {
            // The first eight bytes of a page, or what of them is asked for.
            if let Some(place) = piece.get_mut(start + offset - from_page) {
                *place = *byte;
            }
        }
        at = page_end;
    }
    piece
}

/// The first `digits` of the checksum of a text: ids that look as the hub's do and stay the same.
pub(super) fn id_of(text: &str, digits: usize) -> String {
    let mut id = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    id.truncate(digits);
    id
}
