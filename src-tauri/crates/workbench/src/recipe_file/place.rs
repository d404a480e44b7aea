//! On which line of a YAML text something stands.
//!
//! The parser tells a line only with an error, so the text is read again up to the place that is
//! wanted, and fails there. That is slow and happens only when there is an error to report.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The keys in which a column's prompt may stand, the first that is filled being the one.
pub(super) const PROMPT_KEYS: [&str; 3] = ["instruction", "userPrompt", "prompt"];

/// The line of the name of the column at this position, from 1.
pub(super) fn line_of_column(yaml: &str, at: usize) -> Option<usize> {
    line_of(yaml, &[Step::Key("columns"), Step::Nth(at)])
}

/// The line where the prompt of the column at this position begins, from 1; that of its name if
/// it has none.
pub(super) fn line_of_prompt(yaml: &str, at: usize) -> Option<usize> {
    let in_key =
        |key| line_of(yaml, &[Step::Key("columns"), Step::InNth(at), Step::Key(key), Step::Text]);
    PROMPT_KEYS.into_iter().find_map(in_key).or_else(|| line_of_column(yaml, at))
}

/// Told from what the parser itself may say.
const FOUND: &str = "the place that was looked for";

#[derive(Clone, Copy)]
enum Step {
    /// Into the value under this key.
    Key(&'static str),
    /// Into the value of the entry at this position.
    InNth(usize),
    /// The key of the entry at this position.
    Nth(usize),
    /// The value itself, if it is a text that is not blank.
    Text,
}

fn line_of(yaml: &str, path: &[Step]) -> Option<usize> {
    let error = Find(path).deserialize(serde_norway::Deserializer::from_str(yaml)).err()?;
    let is_found = error.to_string().contains(FOUND);
    Some(error.location()?.line()).filter(|_| is_found)
}

/// Fails where the path ends.
struct Find<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value without a tag")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.0 {
            [Step::Text] if !text.trim().is_empty() => Err(E::custom(FOUND)),
            _ => Ok(()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let (step, rest) = self.0.split_first().unwrap_or((&Step::Text, &[]));
        let mut position = 0;
        loop {
            if matches!(step, Step::Nth(at) if *at == position) {
                entries.next_key_seed(Find(&[Step::Text]))?;
            } else {
                let Some(key) = entries.next_key::<String>()? else { return Ok(()) };
                let is_on_the_way = match step {
                    Step::Key(wanted) => key == *wanted,
                    Step::InNth(at) => *at == position,
                    Step::Nth(_) | Step::Text => false,
                };
                if is_on_the_way {
                    entries.next_value_seed(Find(rest))?;
                    position += 1;
                    continue;
                }
            }
            entries.next_value::<IgnoredAny>()?;
            position += 1;
        }
    }
}
