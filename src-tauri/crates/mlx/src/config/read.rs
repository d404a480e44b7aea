//! Entries of `config.json`, read with their bounds.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::MlxError;

/// What is wrong with an entry.
pub fn config_error(field: &str, reason: impl Into<String>) -> MlxError {
    MlxError::Config { field: field.to_owned(), reason: reason.into() }
}

/// An object of `config.json`, and where in it that is. A missing entry and `null` are the same.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    value: &'a Value,
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub fn new(value: &'a Value, path: &'static str) -> Self {
        Self { value, path }
    }

    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The names of the objects around it.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// An entry's name in messages.
    pub fn name(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn get(&self, field: &str) -> Option<&'a Value> {
        self.value.get(field).filter(|value| !value.is_null())
    }

    fn wrong(&self, field: &str, wanted: &str) -> MlxError {
        config_error(&self.name(field), format!("is not {wanted}"))
    }

    /// A whole number from 1 to `most`.
    pub fn count(&self, field: &str, most: u32) -> Result<Option<u32>, MlxError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| (1..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(field, &format!("a whole number from 1 to {most}"))),
        }
    }

    /// A number in a range.
    pub fn number(&self, field: &str, range: RangeInclusive<f64>) -> Result<Option<f32>, MlxError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.as_f64().filter(|number| range.contains(number));
        let wanted = || format!("a number from {} to {}", range.start(), range.end());
        number.map(|number| Some(number as f32)).ok_or_else(|| self.wrong(field, &wanted()))
    }

    /// A number above zero and at most `most`.
    pub fn positive(&self, field: &str, most: f32) -> Result<Option<f32>, MlxError> {
        // Anything smaller is lost where it is added or divided by.
        self.number(field, 1e-12..=f64::from(most))
    }

    pub fn truth(&self, field: &str) -> Result<Option<bool>, MlxError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(_) => Err(self.wrong(field, "true or false")),
        }
    }

    pub fn text(&self, field: &str) -> Result<Option<&'a str>, MlxError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "a text")),
        }
    }

    /// A list with as many entries as are due.
    pub fn list(&self, field: &str, due: u32) -> Result<Option<&'a [Value]>, MlxError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Array(list)) if list.len() == due as usize => Ok(Some(list)),
            Some(_) => Err(self.wrong(field, &format!("a list of {due} entries"))),
        }
    }

    /// The base of rotations. At 1 and below nothing would turn more slowly than the first.
    pub fn base(&self, field: &str) -> Result<Option<f32>, MlxError> {
        self.number(field, 1.001..=1e12)
    }

    /// An object inside this one. `field` stands for its whole path in messages.
    pub fn object(&self, field: &'static str) -> Result<Option<Fields<'a>>, MlxError> {
        match self.get(field) {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Ok(Some(Fields { value, path: field })),
            Some(_) => Err(self.wrong(field, "an object")),
        }
    }
}
