//! How large a YAML text becomes once its aliases are followed.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Fails when the values of `yaml` together are larger than `most_bytes`. A few hundred bytes of
/// aliases can stand for gigabytes, and the parser limits how often it follows one, not how much
/// that copies; here nothing is copied.
pub(super) fn check(yaml: &str, most_bytes: usize) -> Result<(), serde_norway::Error> {
    let mut bytes_left = most_bytes;
    Size(&mut bytes_left).deserialize(serde_norway::Deserializer::from_str(yaml))
}

/// What a value takes beside its text, roughly.
const VALUE_BYTES: usize = 16;

struct Size<'a>(&'a mut usize);

impl Size<'_> {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.0.checked_sub(bytes) {
            Some(left) => *self.0 = left,
            None => return Err(E::custom("its aliases make it too large")),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Size<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Size<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value without a tag")
    }

    fn visit_bool<E: Error>(mut self, _: bool) -> Result<(), E> {
        self.take(VALUE_BYTES)
    }

    fn visit_i64<E: Error>(mut self, _: i64) -> Result<(), E> {
        self.take(VALUE_BYTES)
    }

    fn visit_u64<E: Error>(mut self, _: u64) -> Result<(), E> {
        self.take(VALUE_BYTES)
    }

    fn visit_f64<E: Error>(mut self, _: f64) -> Result<(), E> {
        self.take(VALUE_BYTES)
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.take(text.len() + VALUE_BYTES)
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.take(VALUE_BYTES)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.take(VALUE_BYTES)?;
        while items.next_element_seed(Size(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.take(VALUE_BYTES)?;
        while entries.next_key_seed(Size(self.0))?.is_some() {
            entries.next_value_seed(Size(self.0))?;
        }
        Ok(())
    }
}
