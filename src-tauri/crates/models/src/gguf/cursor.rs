//! Reading a header step by step: every step is checked against the file's length before a byte
//! is taken, and nothing is allocated for more bytes than are known to be there.

use std::io::{self, BufReader, Read, Seek};

use super::defect::{Defect, Place};
use super::lookalike::Lookalike;

/// The longest header. The longest that are known, with vocabularies of 262,144 tokens and their
/// merges, have some 15 MB.
pub(super) const MOST_HEADER_BYTES: u64 = 256 << 20;

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// What was read is no sound header.
    Defect(Defect),
    /// It is another kind of file.
    Lookalike(Lookalike),
    /// So many bytes from the file's beginning are needed to go on.
    NeedsPrefix(u64),
    /// The system refused.
    Io(io::Error),
}

impl From<Defect> for Stop {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

/// A place in a header.
pub(super) struct Cursor<R> {
    source: BufReader<R>,
    position: u64,
    /// How many bytes from the beginning can be read: the whole file, or a prefix of it.
    readable: u64,
    /// How many bytes the file has.
    file_bytes: u64,
    /// What is being read, for messages.
    pub place: Place,
}

impl<R: Read + Seek> Cursor<R> {
    pub fn new(source: R, readable: u64, file_bytes: u64) -> Self {
        let readable = readable.min(file_bytes);
        let source = BufReader::with_capacity(1 << 16, source);
        Self { source, position: 0, readable, file_bytes, place: Place::Start }
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// How many bytes the file still has.
    pub fn left(&self) -> u64 {
        self.file_bytes - self.position
    }

    /// Makes sure that so many bytes can be taken, and says where they end.
    fn demand(&self, bytes: u64) -> Result<u64, Stop> {
        let left = self.left();
        if bytes > left {
            return Err(self.truncated(bytes).into());
        }
        let end = self.position + bytes;
        if end > MOST_HEADER_BYTES {
            return Err(Defect::HeaderTooLong { most: MOST_HEADER_BYTES }.into());
        }
        if end > self.readable {
            return Err(Stop::NeedsPrefix(end));
        }
        Ok(end)
    }

    fn truncated(&self, needs: u64) -> Defect {
        let (offset, left) = (self.position, self.left());
        Defect::Truncated { place: self.place.clone(), offset, needs, left }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Stop> {
        let end = self.demand(buffer.len() as u64)?;
        match self.source.read_exact(buffer) {
            Ok(()) => {
                self.position = end;
                Ok(())
            }
            // The file became shorter while it was read.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.truncated(buffer.len() as u64).into())
            }
            Err(error) => Err(Stop::Io(error)),
        }
    }

    /// The next bytes, as many as the result has.
    pub fn take<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], Stop> {
        let mut buffer = [0; BYTES];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    /// The next 32 bits.
    pub fn u32(&mut self) -> Result<u32, Stop> {
        self.take().map(u32::from_le_bytes)
    }

    /// The next 64 bits.
    pub fn u64(&mut self) -> Result<u64, Stop> {
        self.take().map(u64::from_le_bytes)
    }

    /// The next bytes. The caller has bounded their number; that they are there is checked before
    /// there is room made for them.
    pub fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Stop> {
        self.demand(count)?;
        let mut buffer = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    /// Passes over bytes.
    pub fn skip(&mut self, count: u64) -> Result<(), Stop> {
        let end = self.demand(count)?;
        self.source.seek_relative(count as i64).map_err(Stop::Io)?;
        self.position = end;
        Ok(())
    }
}
