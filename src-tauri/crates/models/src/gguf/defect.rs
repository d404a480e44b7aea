use std::fmt;

use super::ValueType;

/// Where in the header something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The magic, the version and the two counts.
    Start,
    /// A metadata entry before its key is known.
    Entry(u64),
    /// A metadata value.
    Value(String),
    /// An entry of the tensor table before its name is known.
    Tensor(u64),
    /// An entry of the tensor table.
    NamedTensor(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("its first 24 bytes"),
            Self::Entry(index) => write!(f, "metadata entry {index}"),
            Self::Value(key) => write!(f, "the value of `{key}`"),
            Self::Tensor(index) => write!(f, "entry {index} of the tensor table"),
            Self::NamedTensor(name) => write!(f, "the table's entry of the tensor `{name}`"),
        }
    }
}

/// What is wrong with a file that calls itself GGUF.
///
/// Names come from the file; they are shown, so they are kept short and printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is, and its fields are in it")]
pub enum Defect {
    #[error("it ends inside {place}: at byte {offset} {needs} more are due and {left} are left")]
    Truncated { place: Place, offset: u64, needs: u64, left: u64 },
    #[error("it is for big-endian computers")]
    BigEndian,
    #[error("it is of version {version}; this program reads 2 and 3")]
    Version { version: u32 },
    #[error("it claims {count} metadata entries; {most} is the most")]
    TooManyEntries { count: u64, most: u64 },
    #[error("it claims {count} tensors; {most} is the most")]
    TooManyTensors { count: u64, most: u64 },
    #[error("its header is longer than {most} bytes")]
    HeaderTooLong { most: u64 },
    #[error("its metadata take more than {most} bytes of memory")]
    TooMuchMetadata { most: u64 },
    #[error("metadata entry {index} has no key")]
    EmptyKey { index: u64 },
    #[error("the key of metadata entry {index} has {bytes} bytes; {most} is the most")]
    KeyTooLong { index: u64, bytes: u64, most: u64 },
    #[error("the key of metadata entry {index} is not printable text")]
    KeyNotText { index: u64 },
    #[error("the key `{key}` is there twice")]
    DuplicateKey { key: String },
    #[error("`{key}` is of the unknown type {found}")]
    UnknownValueType { key: String, found: u32 },
    #[error("`{key}` is an array of arrays")]
    NestedArray { key: String },
    #[error("`{key}` claims {count} items, more than the file has room for")]
    ArrayTooLong { key: String, count: u64 },
    #[error("{place} claims a text of {bytes} bytes, more than the file has left")]
    TextTooLong { place: Place, bytes: u64 },
    #[error("`{key}` is not UTF-8")]
    NotText { key: String },
    #[error("`{key}` is neither true nor false but {found}")]
    NotBool { key: String, found: u8 },
    #[error("`{key}` is of type {found} where {expected} is due")]
    WrongType { key: String, expected: &'static str, found: ValueType },
    #[error("`{key}` is {found}, which no model has")]
    Absurd { key: String, found: u64 },
    #[error("`{key}` has {found} items for {expected} layers")]
    WrongCount { key: String, expected: u64, found: u64 },
    #[error("it is part {number} of {count}, counted from 0")]
    BadSplit { number: u64, count: u64 },
    #[error("its tensors are aligned to {found} bytes, which is no power of two from 8 to {most}")]
    Alignment { found: u64, most: u64 },
    #[error("tensor {index} has no name")]
    EmptyTensorName { index: u64 },
    #[error("the name of tensor {index} has {bytes} bytes; {most} is the most")]
    TensorNameTooLong { index: u64, bytes: u64, most: u64 },
    #[error("the name of tensor {index} is not printable text")]
    TensorNameNotText { index: u64 },
    #[error("the tensor `{name}` is there twice")]
    DuplicateTensor { name: String },
    #[error("the tensor `{name}` has {found} dimensions; 4 is the most")]
    TooManyDimensions { name: String, found: u32 },
    #[error("the tensor `{name}` has a negative dimension")]
    NegativeDimension { name: String },
    #[error("the tensor `{name}` has more numbers than can be counted")]
    TooManyNumbers { name: String },
    #[error("the tensor `{name}` is of the unknown type {found}")]
    UnknownTensorType { name: String, found: u32 },
    #[error("the tensor `{name}` is of type {found}, which llama.cpp no longer reads")]
    RetiredTensorType { name: String, found: u32 },
    #[error("the rows of the tensor `{name}` have {row} numbers, no multiple of {block}")]
    RaggedRow { name: String, row: u64, block: u64 },
    #[error("the tensor `{name}` has more bytes than can be counted")]
    TensorTooLarge { name: String },
    #[error("the tensor `{name}` begins at {offset}, no multiple of {alignment}")]
    Misaligned { name: String, offset: u64, alignment: u64 },
    #[error(
        "the tensor `{name}` begins at {offset}, inside the one before it, which ends at {due}"
    )]
    Overlap { name: String, offset: u64, due: u64 },
    #[error(
        "the tensor `{name}` begins at {offset} and not at {due}, where the one before it ends"
    )]
    Gap { name: String, offset: u64, due: u64 },
    #[error("the tensor `{name}` ends at byte {end} of the file, which has {file_bytes}")]
    OutsideFile { name: String, end: u64, file_bytes: u64 },
}

impl Defect {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Truncated { .. } | Self::OutsideFile { .. } => {
                "the file is not complete; download it again"
            }
            Self::BigEndian => {
                "look for a conversion for little-endian computers, which are nearly all"
            }
            Self::Version { .. } | Self::RetiredTensorType { .. } => {
                "look for a newer conversion of the model"
            }
            Self::UnknownTensorType { .. } | Self::UnknownValueType { .. } => {
                "the file is damaged, or made for a newer version of this program"
            }
            _ => "the file is damaged or was made to do damage; get it from another source",
        }
    }
}
