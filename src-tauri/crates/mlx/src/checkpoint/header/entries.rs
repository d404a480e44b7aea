//! The JSON of a header, taken entry by entry: what is not a tensor is never kept, so that a made-up
//! header costs no more memory than its own bytes a few times.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Number, Tensor};

/// More axes than any model's weights have.
const MOST_AXES: usize = 8;
/// Each is a node of MLX's graph; models with experts aside, none has more.
const MOST_TENSORS: usize = 100_000;
/// What is said about the file and not about a tensor.
const ABOUT: &str = "__metadata__";

/// All tensors of a header, and the bytes that each says it has.
#[derive(Default)]
pub struct Header {
    tensors: BTreeMap<String, Tensor>,
    places: Vec<([u64; 2], String)>,
}

impl Header {
    /// The tensors, if they are all of so many bytes, one after the other without a gap.
    pub fn within(mut self, data_bytes: u64) -> Result<BTreeMap<String, Tensor>, String> {
        self.places.sort_unstable();
        let mut end = 0;
        for ([from, to], name) in self.places {
            if from != end {
                return Err(format!("`{name}` begins at byte {from}, and {end} is due"));
            }
            end = to;
        }
        if end != data_bytes {
            return Err(format!("it has {data_bytes} bytes of numbers, and {end} are due"));
        }
        Ok(self.tensors)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfHeader)
    }
}

struct OfHeader;

impl<'de> Visitor<'de> for OfHeader {
    type Value = Header;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tensors by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == ABOUT {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if header.tensors.len() == MOST_TENSORS {
                return Err(Error::custom(format!("it has more than {MOST_TENSORS} tensors")));
            }
            let entry: Entry = map.next_value()?;
            let tensor = checked(&entry)
                .map_err(|reason| Error::custom(format!("its entry `{name}` {reason}")))?;
            header.places.push((entry.data_offsets, name.clone()));
            if header.tensors.insert(name, tensor).is_some() {
                return Err(Error::custom("it has two entries of the same name"));
            }
        }
        Ok(header)
    }
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Shape,
    data_offsets: [u64; 2],
}

struct Shape(Vec<u64>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(OfShape)
    }
}

struct OfShape;

impl<'de> Visitor<'de> for OfShape {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a shape")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut axes: A) -> Result<Shape, A::Error> {
        let mut shape = Vec::new();
        while let Some(axis) = axes.next_element()? {
            if shape.len() == MOST_AXES {
                return Err(Error::custom(format!("a shape has more than {MOST_AXES} axes")));
            }
            shape.push(axis);
        }
        Ok(Shape(shape))
    }
}

fn checked(entry: &Entry) -> Result<Tensor, String> {
    let Entry { dtype, shape: Shape(shape), data_offsets: [from, to] } = entry;
    let number = Number::of(dtype).ok_or_else(|| format!("is of unknown numbers `{dtype}`"))?;
    // MLX counts along an axis with 32 bits and a sign.
    if !shape.iter().all(|axis| i32::try_from(*axis).is_ok()) {
        return Err(format!("has the shape {shape:?}"));
    }
    let count = shape.iter().try_fold(1_u64, |count, axis| count.checked_mul(*axis));
    match count.and_then(|count| count.checked_mul(number.bytes())) {
        Some(bytes) if to.checked_sub(*from) == Some(bytes) => {
            Ok(Tensor { number, shape: shape.clone(), bytes })
        }
        _ => Err(format!("goes from byte {from} to {to}, which is not its shape {shape:?}")),
    }
}
