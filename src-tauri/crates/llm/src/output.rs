//! Reading a model's answer as a value of the column's output type.
//!
//! The workbench calls [`read_answer`] on every answer, whatever the engine promised, and
//! [`value_matches`] on what a person types. An answer is read as it stands or refused:
//! wrapping that carries no meaning (thinking, quotes, a closing full stop, letter case, a code
//! fence) is removed, and nothing is guessed from what remains.
//!
//! A JSON answer is held to the column's JSON Schema, [`crate::schema`], which is read once and
//! not once per answer.

mod number;

use braincells_core::{Output, Value};
use chrono::NaiveDate;

use self::number::{check_limits, limited, read_number};
use crate::LLMError;
use crate::schema::Schema;

pub(crate) const THINK_OPENS: &str = "<think>";
pub(crate) const THINK_CLOSES: &str = "</think>";

/// Labels named in full in an error; a set can hold hundreds.
const LABELS_NAMED: usize = 12;

/// Characters of an answer quoted in an error.
const QUOTED_CHARACTERS: usize = 60;

/// An answer that is valid for its output type.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The cell's value; [`value_matches`] holds for it.
    pub value: Value,
    /// The model's thinking, split off; `None` when there was none or it was blank.
    pub reasoning: Option<String>,
}

/// Reads an answer as `output` demands, else says what is wrong with it
/// ([`LLMError::OutputInvalid`]).
///
/// - Text: trimmed; a blank answer is refused.
/// - Label: one of the labels, in the recipe's spelling. Surrounding quotes, full stops and
///   whitespace are ignored, and so is letter case, unless two labels would then match.
/// - Labels: a JSON list of labels, or labels with commas or line breaks between them, or `none`
///   for an empty list. The value has them in the recipe's order, each once.
/// - Number: plain decimal notation (`-12`, `0.5`, `.5`, `1e6`), finite. Groups of thousands
///   only where they cannot mean anything else: `1,234.5` and `1,234,567` are read, `1,234` is
///   refused, because half of the world reads it as a fraction. No units, no percent sign.
///   Digits without a point or an exponent give a JSON integer; one too large for that is refused.
///   A number outside the recipe's limits is refused; where only whole numbers are allowed, `3.0`
///   is the whole number 3 and `3.5` is refused.
/// - Boolean: `true`, `false`, `yes` or `no` in any letter case.
/// - Date: `yyyy-mm-dd`, a day that exists, from the year 1 on.
/// - Json: a JSON value that satisfies the schema; not `null`, which is how an empty cell is
///   written.
pub fn read_answer(raw: &str, output: &Output) -> Result<Answer, LLMError> {
    // A text inside of JSON may name the tags of thinking.
    let is_json = matches!(output, Output::Json { .. })
        && serde_json::from_str::<serde::de::IgnoredAny>(raw).is_ok();
    let split = if is_json { Some((None, raw)) } else { split_reasoning(raw) };
    let (reasoning, answer) = split.ok_or_else(|| invalid(output, "its thinking was cut off"))?;
    let value = match output {
        Output::Text => read_text(answer),
        Output::Label { labels } => read_label(answer, labels),
        Output::Labels { labels } => read_labels(answer, labels),
        Output::Number(limits) => read_number(answer).and_then(|number| limited(number, *limits)),
        Output::Boolean => read_boolean(answer),
        Output::Date => read_date(answer),
        Output::Json { schema } => read_json(answer, schema),
    };
    let value = value.map_err(|reason| invalid(output, reason))?;
    Ok(Answer { value, reasoning })
}

/// Whether `value` may stand in a cell of a column with this output type. The check behind
/// [`read_answer`], and the one for values that a person types.
pub fn value_matches(value: &Value, output: &Output) -> bool {
    match (output, value) {
        (Output::Text, Value::String(text)) => !text.trim().is_empty(),
        (Output::Label { labels }, Value::String(text)) => labels.contains(text),
        (Output::Date, Value::String(text)) => read_date(text).is_ok_and(|date| date == *value),
        (Output::Labels { labels }, Value::Array(chosen)) => {
            chosen.iter().all(|label| {
                label.as_str().is_some_and(|label| labels.iter().any(|other| other == label))
            }) && *value == in_order(chosen, labels)
        }
        (Output::Number(limits), Value::Number(number)) => check_limits(number, *limits).is_ok(),
        (Output::Boolean, Value::Bool(_)) => true,
        (Output::Json { schema }, value) => check_json(value, schema).is_ok(),
        _ => false,
    }
}

/// Splits thinking off the front: `(thinking, answer)`, or `None` when it has no end.
///
/// A closing tag without an opening one counts, because some chat templates write the opening
/// tag into the prompt. Tags further inside are text: a row may well be about them. Thinking
/// that the template opened and the token limit cut leaves no tag at all; only the engine knows
/// of it, by its [`crate::FinishReason`].
pub(crate) fn split_reasoning(raw: &str) -> Option<(Option<String>, &str)> {
    let mut rest = raw;
    let mut thoughts: Vec<&str> = Vec::new();
    if let Some(close) = rest.find(THINK_CLOSES)
        && !rest[..close].contains(THINK_OPENS)
    {
        thoughts.push(rest[..close].trim());
        rest = &rest[close + THINK_CLOSES.len()..];
    }
    while let Some(thinking) = rest.trim_start().strip_prefix(THINK_OPENS) {
        let (thought, after) = thinking.split_once(THINK_CLOSES)?;
        thoughts.push(thought.trim());
        rest = after;
    }
    thoughts.retain(|thought| !thought.is_empty());
    let reasoning = (!thoughts.is_empty()).then(|| thoughts.join("\n\n"));
    Some((reasoning, rest.trim()))
}

fn read_text(answer: &str) -> Result<Value, String> {
    if answer.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(Value::from(answer))
}

fn read_label(answer: &str, labels: &[String]) -> Result<Value, String> {
    if let Some(label) = labels.iter().find(|label| *label == answer) {
        return Ok(Value::from(label.as_str()));
    }
    let wanted = bare(answer).to_lowercase();
    let mut matching = labels.iter().filter(|label| bare(label).to_lowercase() == wanted);
    match (matching.next(), matching.next()) {
        (Some(label), None) if !wanted.is_empty() => Ok(Value::from(label.as_str())),
        (Some(_), Some(_)) => Err(format!("{} fits more than one label", quoted(answer))),
        _ => Err(format!("{} is none of {}", quoted(answer), allowed(labels))),
    }
}

fn read_labels(answer: &str, labels: &[String]) -> Result<Value, String> {
    let text = without_fence(answer);
    let is_list = text.trim_start().starts_with('[');
    let parts: Vec<String> = if is_list {
        serde_json::from_str(text).map_err(|error| {
            format!("{} is not a list of labels in JSON: {error}", quoted(answer))
        })?
    } else if let Ok(Value::String(only)) = read_label(text, labels) {
        // One label may hold a comma itself.
        vec![only]
    } else {
        let parts = text.split([',', ';', '\n']).map(|part| part.trim().trim_start_matches("- "));
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    if parts.is_empty() && !is_list {
        return Err("it is empty".to_owned());
    }
    if let [only] = parts.as_slice()
        && bare(only).eq_ignore_ascii_case("none")
        && read_label(only, labels).is_err()
    {
        return Ok(Value::Array(Vec::new()));
    }
    let chosen: Vec<Value> =
        parts.iter().map(|part| read_label(part, labels)).collect::<Result<_, _>>()?;
    Ok(in_order(&chosen, labels))
}

/// The chosen labels in the order of all labels, each once.
fn in_order(chosen: &[Value], labels: &[String]) -> Value {
    labels
        .iter()
        .filter(|label| chosen.iter().any(|other| other.as_str() == Some(label)))
        .map(|label| Value::from(label.as_str()))
        .collect()
}

fn read_boolean(answer: &str) -> Result<Value, String> {
    match bare(answer).to_lowercase().as_str() {
        "true" | "yes" => Ok(Value::Bool(true)),
        "false" | "no" => Ok(Value::Bool(false)),
        _ => Err(format!("{} is neither `true` nor `false`", quoted(answer))),
    }
}

fn read_date(answer: &str) -> Result<Value, String> {
    let text = bare(answer);
    // chrono alone would also take `2024-1-5` and a signed year.
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(format!("{} is not written as `yyyy-mm-dd`", quoted(answer)));
    }
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(_) if !text.starts_with("0000") => Ok(Value::from(text)),
        _ => Err(format!("there is no day {}", quoted(answer))),
    }
}

fn read_json(answer: &str, schema: &Value) -> Result<Value, String> {
    let value = serde_json::from_str(without_fence(answer))
        .map_err(|error| format!("{} is not JSON: {error}", quoted(answer)))?;
    check_json(&value, schema)?;
    Ok(value)
}

fn check_json(value: &Value, schema: &Value) -> Result<(), String> {
    if value.is_null() {
        return Err("`null` is an empty cell, not an answer".to_owned());
    }
    let schema = Schema::of(schema)
        .map_err(|error| format!("the column's JSON Schema cannot be used: {error}"))?;
    schema.check(value).map_err(|error| match error.place.as_str() {
        "" => error.reason,
        place => format!("at `{place}`, {}", error.reason),
    })
}

/// The inside of a Markdown code fence that wraps the whole answer, with or without a language.
pub(crate) fn without_fence(answer: &str) -> &str {
    let inside = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some(inside) = inside else { return answer };
    match inside.split_once('\n') {
        Some((language, body)) if language.trim().chars().all(char::is_alphanumeric) => body,
        _ => inside,
    }
}

pub(crate) fn is_full_stop(character: char) -> bool {
    matches!(character, '.' | '。' | '．')
}

pub(crate) fn is_wrapping(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»')
}

/// Without surrounding quotes, full stops and whitespace.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(|character| is_wrapping(character) || is_full_stop(character))
}

/// The answer on one line, shortened, for an error.
fn quoted(answer: &str) -> String {
    if answer.is_empty() {
        return "an empty answer".to_owned();
    }
    let line = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED_CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}

fn allowed(labels: &[String]) -> String {
    let named: Vec<_> =
        labels.iter().take(LABELS_NAMED).map(|label| format!("`{label}`")).collect();
    match labels.len().saturating_sub(LABELS_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn invalid(output: &Output, reason: impl Into<String>) -> LLMError {
    LLMError::OutputInvalid { expected: output.as_str().to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests;
