//! The form of a typed answer over the wire: what is demanded, in which words, and how the answer
//! is taken out of it again.
//!
//! [`super::body`] asks here what to demand, [`super::answer`] hands back what came. Servers want
//! a JSON object at the root of what they enforce, so lists, numbers and dates travel as
//! `{"answer": …}`. Labels and booleans do not: their tokens say how probable they are only where
//! they stand alone. Promises: an answer without the form is handed on as it is, never repaired;
//! the digits of a number are those that the model wrote. Left out: whether the answer is valid,
//! [`crate::output`].

mod strict;

use std::borrow::Cow;

use braincells_core::{NumberLimits, Output, Value};
use serde::de::IgnoredAny;
use serde_json::{Map, json};

use super::learned::Demand;
use crate::output::without_fence;

/// The key of an answer that travels inside of an object.
const KEY: &str = "answer";

/// What an answer looks like over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Bare,
    /// The column's own JSON object.
    Object,
    /// Inside of an object, under [`KEY`].
    Wrapped,
}

impl Form {
    /// The form that is demanded of an answer.
    pub(super) fn of(output: &Output, demand: Demand) -> Self {
        match output {
            Output::Text | Output::Label { .. } | Output::Boolean => Self::Bare,
            // Words already say what a bare answer looks like.
            _ if demand == Demand::Words => Self::Bare,
            Output::Json { schema } if is_object(schema) => Self::Object,
            _ => Self::Wrapped,
        }
    }
}

fn is_object(schema: &Value) -> bool {
    schema.get("type").is_some_and(|word| word == "object")
}

/// `response_format` for an output type; `None` where nothing is demanded that way.
pub(super) fn response_format(output: &Output, demand: Demand) -> Option<Value> {
    let form = Form::of(output, demand);
    match (form, demand) {
        (Form::Bare, _) | (_, Demand::Words) => None,
        (_, Demand::Object) => Some(json!({ "type": "json_object" })),
        (_, Demand::Schema) => {
            let schema = wire_schema(output, form)?;
            let mut format = Map::new();
            format.insert("name".to_owned(), json!(KEY));
            if strict::is_strict(&schema) {
                format.insert("strict".to_owned(), json!(true));
            }
            format.insert("schema".to_owned(), schema);
            Some(json!({ "type": "json_schema", "json_schema": format }))
        }
    }
}

fn wire_schema(output: &Output, form: Form) -> Option<Value> {
    let inner = match output {
        Output::Labels { labels } => {
            // None twice; that they are different is nothing that strict schemas may say.
            let items = json!({ "type": "string", "enum": labels });
            json!({ "type": "array", "items": items, "maxItems": labels.len() })
        }
        Output::Number(limits) => number_schema(*limits),
        Output::Date => json!({ "type": "string", "format": "date" }),
        Output::Json { schema } if form == Form::Object => return Some(schema.clone()),
        Output::Json { schema } => moved(schema),
        Output::Text | Output::Label { .. } | Output::Boolean => return None,
    };
    Some(json!({
        "type": "object",
        "properties": { KEY: inner },
        "required": [KEY],
        "additionalProperties": false,
    }))
}

fn number_schema(limits: NumberLimits) -> Value {
    let NumberLimits { integer, min, max } = limits;
    let mut schema = json!({ "type": if integer { "integer" } else { "number" } });
    for (name, limit) in [("minimum", min), ("maximum", max)] {
        if let Some(limit) = limit {
            // Some servers refuse `1.0` as the limit of an integer.
            schema[name] = if limit.fract() == 0.0 && limit.abs() < 1e15 {
                json!(limit as i64)
            } else {
                json!(limit)
            };
        }
    }
    schema
}

/// A schema as it stands under [`KEY`]: its references lead to where it is now, and it says nothing
/// that only a root may say.
fn moved(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(root) = schema.as_object_mut() {
        root.shift_remove("$schema");
        root.shift_remove("$id");
    }
    move_references(&mut schema);
    schema
}

fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, inner) in members {
                match (name.as_str(), &*inner) {
                    ("$ref", Value::String(reference)) if reference.starts_with('#') => {
                        let moved = format!("#/properties/{KEY}{}", &reference[1..]);
                        *inner = Value::String(moved);
                    }
                    // Data, whatever it looks like.
                    ("const" | "enum" | "default" | "examples", _) => {}
                    _ => move_references(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}

/// What is said at the end of the rules about the form; `None` where the rules say all of it.
pub(super) fn sentence(output: &Output, demand: Demand) -> Option<&'static str> {
    if Form::of(output, demand) != Form::Wrapped {
        return None;
    }
    Some(match output {
        Output::Labels { .. } => {
            "Write that list as the value of `answer` in a JSON object and nothing outside of it, \
             like {\"answer\": []}."
        }
        Output::Number(_) => {
            "Write that number as the value of `answer` in a JSON object and nothing outside of \
             it, like {\"answer\": 1}."
        }
        Output::Date => {
            "Write that date as the value of `answer` in a JSON object and nothing outside of it, \
             like {\"answer\": \"2001-12-31\"}."
        }
        _ => {
            "Write that JSON value as the value of `answer` in a JSON object and nothing outside \
             of it, like {\"answer\": …}."
        }
    })
}

/// An example's answer in the form that is demanded of the model's own.
pub(super) fn example<'a>(content: &'a str, output: &Output, demand: Demand) -> Cow<'a, str> {
    if Form::of(output, demand) != Form::Wrapped {
        return Cow::Borrowed(content);
    }
    // What is no JSON is text: a date.
    let value = serde_json::from_str(content).unwrap_or_else(|_error| json!(content));
    Cow::Owned(json!({ KEY: value }).to_string())
}

/// An answer as [`crate::output::read_answer`] takes it, and whether it had the form. `content` has
/// no thinking in front of it any more.
pub(super) fn unwrapped(content: &str, output: &Output, form: Form) -> (String, bool) {
    let inside = without_fence(content.trim()).trim();
    let is_fenced = inside.len() != content.trim().len();
    match (form, output) {
        (Form::Object, _) => {
            let is_object =
                inside.starts_with('{') && serde_json::from_str::<IgnoredAny>(inside).is_ok();
            (content.to_owned(), is_object && !is_fenced)
        }
        // A column's own object may have a key of that name, and a text may be one.
        (
            Form::Bare,
            Output::Json { .. } | Output::Text | Output::Label { .. } | Output::Boolean,
        ) => (content.to_owned(), true),
        (Form::Bare | Form::Wrapped, _) => match member(inside) {
            Some(raw) => (plain(raw, output), !is_fenced),
            None => (content.to_owned(), form == Form::Bare),
        },
    }
}

/// The value inside of the wrapping as it was written; `None` if the text is not a JSON object with
/// [`KEY`] and nothing else.
fn member(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('{')?;
    let (name, rest) = first_value::<String>(rest)?;
    let rest = rest.trim_start().strip_prefix(':')?;
    let value = rest.trim_start();
    let (_, after) = first_value::<IgnoredAny>(value)?;
    let raw = value[..value.len() - after.len()].trim();
    (name == KEY && after.trim() == "}").then_some(raw)
}

/// The JSON value that a text begins with, and what follows it.
fn first_value<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Option<(T, &'de str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, &text[values.byte_offset()..]))
}

/// A wrapped value as a bare answer would have it.
fn plain(raw: &str, output: &Output) -> String {
    if matches!(output, Output::Json { .. }) {
        return raw.to_owned();
    }
    serde_json::from_str::<String>(raw).unwrap_or_else(|_error| raw.to_owned())
}

#[cfg(test)]
mod tests;
