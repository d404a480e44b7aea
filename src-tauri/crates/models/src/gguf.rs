//! The header of a GGUF file: its metadata and its table of tensors, without the tensors.
//!
//! The format is that of ggml's specification (`docs/gguf.md` in `ggml-org/ggml`), versions 2 and
//! 3, little-endian; the types and their sizes are those of `ggml.h` and `ggml-common.h`. Where
//! the specification and llama.cpp differ, llama.cpp decides, since it reads the file next: its
//! `gguf.cpp` takes no nested arrays, no empty or repeated keys, no tensor names of 64 bytes, and
//! no tensor that does not begin where the one before it ends. What it would refuse without a
//! word that a person understands, or accept and fall over later, is a named [`Defect`] here.
//!
//! A file may come from anywhere, so no number in it is trusted: texts, arrays and counts are held
//! against the bytes that the file has left before anything is allocated; the header may have 256
//! MiB, what is kept of it 16 MiB and the tables 65,536 entries each; every byte is looked at
//! once. Lists of tokens are passed over, and only their length is kept.
//!
//! [`Gguf::read`] takes a whole file, [`Gguf::read_prefix`] the first bytes of one that lies on a
//! server and says how many more it needs.

mod cursor;
mod defect;
mod getters;
mod lookalike;
mod metadata;
mod parts;
mod table;
mod tensor_type;
mod value;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::Serialize;

use cursor::{Cursor, Stop};
pub use defect::{Defect, Place};
pub use getters::Split;
use lookalike::LOOKED_AT;
pub use lookalike::Lookalike;
pub use metadata::Metadata;
pub use parts::{part_of, part_paths};
pub use table::Tensor;
pub use tensor_type::TensorType;
pub use value::{Array, Entry, Value, ValueType};

use crate::ModelsError;

/// The most metadata entries that are read. Models have 20 to 70.
pub const MOST_ENTRIES: u64 = 65_536;
/// The most tensors that are read. The largest models have some 2,000.
pub const MOST_TENSORS: u64 = 65_536;
/// Magic, version and two counts.
const START_BYTES: u64 = 24;
const MAGIC: &[u8; 4] = b"GGUF";

/// What a GGUF file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gguf {
    /// The version of the format.
    pub version: u32,
    /// What it says about the model.
    pub metadata: Metadata,
    /// The tensors, in the order in which they lie in the file.
    pub tensors: Vec<Tensor>,
    /// To how many bytes the tensors are aligned.
    pub alignment: u64,
    /// Where the first tensor begins.
    pub data_offset: u64,
    /// The size of the file.
    pub file_bytes: u64,
}

/// What the first bytes of a file tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Prefix {
    /// They hold the whole header.
    Whole(Box<Gguf>),
    /// They are sound as far as they go, and more are needed.
    NeedsMore {
        /// So many bytes at least, after those that were given. In a list of tokens the end is
        /// not known before it is read: ask for twice as many as there were, or these, whichever
        /// is more.
        bytes: u64,
    },
}

impl Gguf {
    /// Reads the header of the file at this path.
    pub fn open(path: &Path) -> Result<Self, ModelsError> {
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => ModelsError::Missing { path: path.to_owned() },
            _ => ModelsError::Unreadable { file: Some(path.to_owned()), reason: error.to_string() },
        };
        // Before it is opened: opening a pipe waits for somebody who writes into it.
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "it is a folder" } else { "it is no regular file" };
            let (file, reason) = (Some(path.to_owned()), what.to_owned());
            return Err(ModelsError::Unreadable { file, reason });
        }
        let file = File::open(path).map_err(unreadable)?;
        Self::read(file, metadata.len()).map_err(|error| error.in_file(path))
    }

    /// Reads a header. The source stands at the beginning of the file, which has so many bytes.
    pub fn read(source: impl Read + Seek, file_bytes: u64) -> Result<Self, ModelsError> {
        parse(&mut Cursor::new(source, file_bytes, file_bytes)).map_err(refused)
    }

    /// Reads a header of which only the first bytes are there. The file has `file_bytes`, as the
    /// server says.
    pub fn read_prefix(prefix: &[u8], file_bytes: u64) -> Result<Prefix, ModelsError> {
        let readable = prefix.len() as u64;
        let mut cursor = Cursor::new(std::io::Cursor::new(prefix), readable, file_bytes);
        match parse(&mut cursor) {
            Ok(header) => Ok(Prefix::Whole(Box::new(header))),
            Err(Stop::NeedsPrefix(end)) => {
                Ok(Prefix::NeedsMore { bytes: end.saturating_sub(readable).max(1) })
            }
            Err(stop) => Err(refused(stop)),
        }
    }
}

fn refused(stop: Stop) -> ModelsError {
    match stop {
        Stop::Defect(defect) => ModelsError::Malformed { file: None, defect },
        Stop::Lookalike(found) => ModelsError::NotGguf { file: None, found },
        // Only a prefix ends before its file does.
        Stop::NeedsPrefix(_) => {
            ModelsError::Unreadable { file: None, reason: "it ends too early".to_owned() }
        }
        Stop::Io(error) => ModelsError::Unreadable { file: None, reason: error.to_string() },
    }
}

fn parse<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<Gguf, Stop> {
    let (version, tensor_count, entry_count) = start(cursor)?;
    let metadata = Metadata::read(cursor, entry_count)?;
    metadata.check_types()?;
    let alignment = metadata.alignment()?;
    let (tensors, data_offset) = table::read(cursor, tensor_count, alignment)?;
    let file_bytes = cursor.file_bytes();
    Ok(Gguf { version, metadata, tensors, alignment, data_offset, file_bytes })
}

/// The version, the number of tensors, and that of metadata entries.
fn start<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<(u32, u64, u64), Stop> {
    if cursor.file_bytes() < MAGIC.len() as u64 {
        let beginning = cursor.bytes(cursor.file_bytes())?;
        return Err(Stop::Lookalike(Lookalike::of(&beginning)));
    }
    let magic: [u8; 4] = cursor.take()?;
    if &magic != MAGIC {
        let mut beginning = magic.to_vec();
        while beginning.len() < LOOKED_AT {
            match cursor.take::<1>() {
                Ok([byte]) => beginning.push(byte),
                Err(_) => break,
            }
        }
        return Err(Stop::Lookalike(Lookalike::of(&beginning)));
    }
    let version = cursor.u32()?;
    // A version that was written by a big-endian computer has its digits in the upper half.
    if version != 0 && version.trailing_zeros() >= 16 {
        return Err(Defect::BigEndian.into());
    }
    if !(2..=3).contains(&version) {
        return Err(Defect::Version { version }.into());
    }
    let (tensor_count, entry_count) = (cursor.u64()?, cursor.u64()?);
    debug_assert_eq!(cursor.position(), START_BYTES);
    if entry_count > MOST_ENTRIES {
        return Err(Defect::TooManyEntries { count: entry_count, most: MOST_ENTRIES }.into());
    }
    if tensor_count > MOST_TENSORS {
        return Err(Defect::TooManyTensors { count: tensor_count, most: MOST_TENSORS }.into());
    }
    Ok((version, tensor_count, entry_count))
}
