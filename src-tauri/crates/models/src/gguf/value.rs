use serde::Serialize;

/// The type of a metadata value: `gguf_type` of `gguf.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// Eight bits.
    Uint8,
    /// Eight bits with a sign.
    Int8,
    /// Sixteen bits.
    Uint16,
    /// Sixteen bits with a sign.
    Int16,
    /// 32 bits.
    Uint32,
    /// 32 bits with a sign.
    Int32,
    /// A number of single precision.
    Float32,
    /// True or false.
    Bool,
    /// UTF-8.
    String,
    /// Several values of one type.
    Array,
    /// 64 bits.
    Uint64,
    /// 64 bits with a sign.
    Int64,
    /// A number of double precision.
    Float64,
}

impl ValueType {
    const ALL: [Self; 13] = [
        Self::Uint8,
        Self::Int8,
        Self::Uint16,
        Self::Int16,
        Self::Uint32,
        Self::Int32,
        Self::Float32,
        Self::Bool,
        Self::String,
        Self::Array,
        Self::Uint64,
        Self::Int64,
        Self::Float64,
    ];

    /// The type with this identifier, if there is one.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(id as usize).copied()
    }

    /// The identifier in a file.
    pub fn id(self) -> u32 {
        self as u32
    }

    /// What one value takes in a file; for texts and arrays at least that.
    pub(super) fn least_bytes(self) -> u64 {
        match self {
            Self::Uint8 | Self::Int8 | Self::Bool => 1,
            Self::Uint16 | Self::Int16 => 2,
            Self::Uint32 | Self::Int32 | Self::Float32 => 4,
            Self::Uint64 | Self::Int64 | Self::Float64 | Self::String => 8,
            Self::Array => 12,
        }
    }

    /// Whether it counts.
    pub fn is_integer(self) -> bool {
        !matches!(self, Self::Float32 | Self::Float64 | Self::Bool | Self::String | Self::Array)
    }
}

impl std::fmt::Display for ValueType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Uint8 => "uint8",
            Self::Int8 => "int8",
            Self::Uint16 => "uint16",
            Self::Int16 => "int16",
            Self::Uint32 => "uint32",
            Self::Int32 => "int32",
            Self::Float32 => "float32",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Array => "array",
            Self::Uint64 => "uint64",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
        })
    }
}

/// A metadata value. Long ones are passed over, and only their length is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number without a sign.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// A number of single precision.
    Float32(f32),
    /// A number of double precision.
    Float64(f64),
    /// True or false.
    Bool(bool),
    /// A text.
    Text(String),
    /// A text that was too long to keep.
    LongText {
        /// Its length.
        bytes: u64,
    },
    /// Several values.
    Array(Array),
}

/// Several values of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Array {
    /// The type of each.
    pub kind: ValueType,
    /// How many there are in the file.
    pub length: u64,
    /// The values; `None` where there are too many to keep, as in the list of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Value>>,
}

impl Value {
    /// The number, if it is a whole one that is not negative.
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            Self::Signed(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The array.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The counts of an array, or the one count; `None` if anything in it is no count.
    pub fn as_counts(&self) -> Option<Vec<u64>> {
        match self {
            Self::Array(array) => array.items.as_ref()?.iter().map(Self::as_count).collect(),
            one => Some(vec![one.as_count()?]),
        }
    }
}

/// One entry of the metadata.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its name, such as `llama.block_count`.
    pub key: String,
    /// The type in the file.
    pub kind: ValueType,
    /// The value.
    pub value: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_the_format() {
        for (id, expected) in
            [(0, "uint8"), (4, "uint32"), (8, "string"), (9, "array"), (12, "float64")]
        {
            let kind = ValueType::from_id(id).unwrap();
            assert_eq!((kind.to_string().as_str(), kind.id()), (expected, id));
        }
        assert_eq!(ValueType::from_id(13), None);
    }

    #[test]
    fn a_count_is_a_whole_number_that_is_not_negative() {
        assert_eq!(Value::Signed(-1).as_count(), None);
        assert_eq!(Value::Signed(7).as_counts(), Some(vec![7]));
        let array = |items| Value::Array(Array { kind: ValueType::Int32, length: 2, items });
        assert_eq!(array(None).as_counts(), None);
        let mixed = array(Some(vec![Value::Signed(3), Value::Signed(-1)]));
        assert_eq!(mixed.as_counts(), None);
    }
}
