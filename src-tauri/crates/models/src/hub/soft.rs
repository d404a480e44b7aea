//! JSON of which no field is relied upon: what is of another type than was expected is not there,
//! and the rest is read all the same. Nothing is kept that nobody asked for, so a long answer takes
//! no more memory than it has bytes.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most entries of a list that are kept.
pub(super) const MOST_ITEMS: usize = 100_000;

/// A value that stands for itself.
pub(super) enum Scalar<'a> {
    Bool(bool),
    Whole(u64),
    Number(f64),
    Text(&'a str),
}

/// What can be made of such a value.
pub(super) trait FromScalar: Sized {
    fn of(scalar: &Scalar<'_>) -> Option<Self>;
}

impl FromScalar for u64 {
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        match *scalar {
            Scalar::Whole(number) => Some(number),
            // Above this, floating point numbers have gaps.
            Scalar::Number(number) if (0.0..=9e15).contains(&number) => Some(number as Self),
            _ => None,
        }
    }
}

impl FromScalar for String {
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        match *scalar {
            Scalar::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromScalar for bool {
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        match *scalar {
            Scalar::Bool(whether) => Some(whether),
            _ => None,
        }
    }
}

/// A value, if it is of the type that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Soft<T>(pub(super) Option<T>);

/// An object, if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object<T>(pub(super) Option<T>);

/// A list, empty if it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    /// Whether there were more than are kept.
    pub(super) is_cut: bool,
    /// Whether it was a list at all.
    pub(super) is_list: bool,
}

impl<T> Default for Soft<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), is_cut: false, is_list: false }
    }
}

/// What becomes of each kind of value. What is not overridden is not what was expected.
trait Taken<'de>: Default {
    fn scalar(_scalar: &Scalar<'_>) -> Self {
        Self::default()
    }
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<T: FromScalar> Taken<'_> for Soft<T> {
    fn scalar(scalar: &Scalar<'_>) -> Self {
        Self(T::of(scalar))
    }
}

impl<'de, T: DeserializeOwned> Taken<'de> for Object<T> {
    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| Self(Some(object)))
    }
}

impl<'de, T: DeserializeOwned> Taken<'de> for List<T> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while items.len() < MOST_ITEMS {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(Self { items, is_cut: false, is_list: true }),
            }
        }
        let mut is_cut = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            is_cut = true;
        }
        Ok(Self { items, is_cut, is_list: true })
    }
}

struct Anything<T>(PhantomData<T>);

impl<'de, T: Taken<'de>> Visitor<'de> for Anything<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, whether: bool) -> Result<T, E> {
        Ok(T::scalar(&Scalar::Bool(whether)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::scalar(&Scalar::Whole(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::scalar(&Scalar::Number(number as f64)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(T::scalar(&Scalar::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::scalar(&Scalar::Text(text)))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

impl<'de, T: FromScalar> Deserialize<'de> for Soft<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Thing {
        number: Soft<u64>,
        text: Soft<String>,
        list: List<Soft<String>>,
        inside: Object<Box<Thing>>,
    }

    fn read(json: &str) -> Thing {
        serde_json::from_str::<Object<Thing>>(json).unwrap().0.unwrap_or_default()
    }

    #[test]
    fn what_is_of_another_type_is_not_there() {
        let whole = read(r#"{"number": 7, "text": "a", "list": ["b", 1, null], "inside": {}}"#);
        assert_eq!((whole.number.0, whole.text.0.as_deref()), (Some(7), Some("a")));
        assert_eq!(whole.list.items.len(), 3);
        assert_eq!(whole.list.items.iter().filter(|item| item.0.is_some()).count(), 1);
        assert_eq!(whole.inside.0, Some(Box::default()));
        let others =
            ["null", "true", "-1", "1.5e300", "\"a\"", "[[{}]]", "{\"x\": [1, {\"y\": 2}]}"];
        for other in others {
            for field in ["number", "text", "list", "inside"] {
                read(&format!("{{\"{field}\": {other}, \"unknown\": {other}}}"));
            }
            assert_eq!(read(&format!("{{\"number\": {other}}}")).number.0, None, "{other}");
        }
        assert_eq!(read(r#"{"number": 1e3}"#).number.0, Some(1000));
        assert_eq!(read("[]"), Thing::default());
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let items = |count| format!("{{\"list\": [{}\"\"]}}", "\"\",".repeat(count - 1));
        let whole = read(&items(MOST_ITEMS)).list;
        assert_eq!((whole.items.len(), whole.is_cut), (MOST_ITEMS, false));
        let cut = read(&items(MOST_ITEMS + 1)).list;
        assert_eq!((cut.items.len(), cut.is_cut), (MOST_ITEMS, true));
    }
}
