//! The header of a safetensors file: eight bytes of length (little-endian), that much JSON, then
//! the numbers, one tensor after the other without a gap.
//!
//! The form is described at <https://github.com/huggingface/safetensors>. MLX trusts the offsets;
//! here each is held to the shape, to the one before it and to the length of the file.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::MlxError;
use crate::file;

/// The longest header that the format allows.
const MOST_HEADER_BYTES: u64 = 100_000_000;
/// More axes than any model's weights have.
const MOST_AXES: usize = 8;
/// Each is a node of MLX's graph; models with experts aside, none has more.
const MOST_TENSORS: usize = 100_000;

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

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
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
    let entries: BTreeMap<String, Value> = serde_json::from_slice(&header)
        .map_err(|error| damaged(format!("its header is not valid: {error}")))?;
    tensors(entries, rest - header_bytes).map_err(damaged)
}

fn tensors(
    entries: BTreeMap<String, Value>,
    data_bytes: u64,
) -> Result<BTreeMap<String, Tensor>, String> {
    if entries.len() > MOST_TENSORS {
        return Err(format!("it has {} tensors", entries.len()));
    }
    let mut tensors = BTreeMap::new();
    let mut places = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        if name == "__metadata__" {
            continue;
        }
        let entry: Entry = serde_json::from_value(value)
            .map_err(|error| format!("its entry `{name}` is not valid: {error}"))?;
        let tensor = checked(&entry).map_err(|reason| format!("its entry `{name}` {reason}"))?;
        places.push((entry.data_offsets, name.clone()));
        tensors.insert(name, tensor);
    }
    places.sort_unstable();
    let mut end = 0;
    for ([from, to], name) in places {
        if from != end {
            return Err(format!("`{name}` begins at byte {from}, and {end} is due"));
        }
        end = to;
    }
    if end != data_bytes {
        return Err(format!("it has {data_bytes} bytes of numbers, and {end} are due"));
    }
    Ok(tensors)
}

fn checked(entry: &Entry) -> Result<Tensor, String> {
    let number = Number::of(&entry.dtype)
        .ok_or_else(|| format!("is of unknown numbers `{}`", entry.dtype))?;
    // MLX counts along an axis with 32 bits and a sign.
    let fits = |axis: &u64| i32::try_from(*axis).is_ok();
    if entry.shape.len() > MOST_AXES || !entry.shape.iter().all(fits) {
        return Err(format!("has the shape {:?}", entry.shape));
    }
    let count = entry.shape.iter().try_fold(1_u64, |count, axis| count.checked_mul(*axis));
    let bytes = count.and_then(|count| count.checked_mul(number.bytes()));
    let [from, to] = entry.data_offsets;
    match bytes {
        Some(bytes) if to.checked_sub(from) == Some(bytes) => {
            Ok(Tensor { number, shape: entry.shape.clone(), bytes })
        }
        _ => {
            Err(format!("goes from byte {from} to {to}, which is not its shape {:?}", entry.shape))
        }
    }
}
