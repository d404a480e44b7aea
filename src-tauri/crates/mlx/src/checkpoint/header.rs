//! The header of a safetensors file: eight bytes of length (little-endian), that much JSON, then
//! the numbers, one tensor after the other without a gap.
//!
//! The form is described at <https://github.com/huggingface/safetensors>. MLX trusts the offsets;
//! here each is held to the shape, to the one before it and to the length of the file.

mod entries;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::MlxError;
use crate::file;

use entries::Header;

/// The longest header that the format allows.
const MOST_HEADER_BYTES: u64 = 100_000_000;

/// What the numbers of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// 32 bits with a point.
    F32,
    /// 16 bits with a point, as IEEE 754 has it.
    F16,
    /// The upper half of 32 bits with a point.
    BF16,
    /// Whole numbers of 32 bits: packed weights.
    U32,
    /// Anything else; no weight that is computed with.
    Other(u8),
}

impl Number {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "F32" => Self::F32,
            "F16" => Self::F16,
            "BF16" => Self::BF16,
            "U32" => Self::U32,
            "I64" | "U64" | "F64" | "C64" => Self::Other(8),
            "I32" => Self::Other(4),
            "I16" | "U16" => Self::Other(2),
            "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => Self::Other(1),
            _ => return None,
        })
    }

    fn bytes(self) -> u64 {
        match self {
            Self::F32 | Self::U32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Other(bytes) => bytes.into(),
        }
    }

    /// Whether the decoder computes with them.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::BF16)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(bytes) => write!(formatter, "numbers of {bytes} bytes"),
            known => write!(formatter, "{known:?}"),
        }
    }
}

/// One tensor as a header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// What its numbers are.
    pub number: Number,
    /// Its axes, outermost first.
    pub shape: Vec<u64>,
    /// Bytes of all its numbers.
    pub bytes: u64,
}

impl fmt::Display for Tensor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of shape {:?}", self.number, self.shape)
    }
}

/// The tensors of a file. An error unless they are all of the file.
pub fn read(path: &Path) -> Result<BTreeMap<String, Tensor>, MlxError> {
    let damaged = |reason: String| MlxError::Weights { path: path.to_owned(), reason };
    let unreadable = |source| file::unreadable(path, source);
    let mut file = File::open(path).map_err(unreadable)?;
    let file_bytes = file.metadata().map_err(unreadable)?.len();
    let mut length = [0; 8];
    if file_bytes < length.len() as u64 {
        return Err(damaged(format!("it has {file_bytes} bytes")));
    }
    file.read_exact(&mut length).map_err(unreadable)?;
    let header_bytes = u64::from_le_bytes(length);
    let rest = file_bytes - length.len() as u64;
    if header_bytes > rest {
        return Err(damaged(format!("its header of {header_bytes} bytes is cut off")));
    }
    if header_bytes > MOST_HEADER_BYTES {
        return Err(damaged(format!("its header has {header_bytes} bytes")));
    }
    // Grows with what is there; the length was compared with the file's.
    let mut header = Vec::new();
    file.take(header_bytes).read_to_end(&mut header).map_err(unreadable)?;
    let header: Header = serde_json::from_slice(&header)
        .map_err(|error| damaged(format!("its header is not valid: {error}")))?;
    header.within(rest - header_bytes).map_err(damaged)
}
