//! Answers made from a hash of the question: valid, varied, the same in every process.

use braincells_core::{NumberLimits, Output, Value, raw_shares};
use chrono::{Days, NaiveDate};
use serde_json::{Map, json};

use super::FakeAnswer;
use crate::{LLMError, LLMRequest, LabelProbability};

/// Nesting of a schema beyond which nothing is made; a schema can refer to itself.
const MOST_LEVELS: usize = 8;

/// Days from 1970 on that dates are drawn from, about a century.
const DAYS: u64 = 36_525;

/// A valid answer for the request's output type.
pub(super) fn answer(request: &LLMRequest) -> FakeAnswer {
    let hash = hash(super::last_user_message(request));
    match &request.output {
        Output::Text => FakeAnswer::Text(format!("echo {hash:016x}")),
        Output::Label { labels } => match labels.get(pick(hash, labels.len())) {
            Some(label) => FakeAnswer::Text(label.clone()),
            None => FakeAnswer::Fail(LLMError::InvalidRequest {
                reason: "a label output needs at least one label".to_owned(),
            }),
        },
        Output::Labels { labels } => {
            let chosen = labels.iter().enumerate().filter(|(at, _)| hash >> (at % 64) & 1 == 1);
            let chosen: Vec<&str> = chosen.map(|(_, label)| label.as_str()).collect();
            FakeAnswer::Text(json!(chosen).to_string())
        }
        Output::Number(limits) => FakeAnswer::Text(number(*limits, hash).to_string()),
        Output::Boolean => FakeAnswer::Text(hash.is_multiple_of(2).to_string()),
        Output::Date => FakeAnswer::Text(date(hash)),
        Output::Json { schema } => FakeAnswer::Text(value(schema, hash, MOST_LEVELS).to_string()),
    }
}

/// A whole number within limits that have one; else the least or the greatest.
fn number(limits: NumberLimits, hash: u64) -> f64 {
    let any = (hash % 1000) as f64;
    let (least, greatest) = match (limits.min, limits.max) {
        (None, None) => return any,
        (Some(least), None) => (least, least.ceil() + any),
        (None, Some(greatest)) => (greatest.floor() - any, greatest),
        (Some(least), Some(greatest)) => (least, greatest),
    };
    let first = least.ceil();
    let count = greatest.floor() - first + 1.0;
    if count < 1.0 { least } else { first + any % count }
}

/// A probability for every allowed label, `chosen` being the likeliest, or nothing when `chosen`
/// is not one of them.
pub(super) fn probabilities(
    output: &Output,
    chosen: &str,
    question: &str,
) -> Vec<LabelProbability> {
    let labels = match output {
        Output::Label { labels } => labels.clone(),
        Output::Boolean => vec!["true".to_owned(), "false".to_owned()],
        _ => return Vec::new(),
    };
    if !labels.iter().any(|label| label == chosen) {
        return Vec::new();
    }
    let others = (labels.len() - 1) as f64;
    // Between one half and one in thousandths, so that the choice is always the likeliest.
    let confidence =
        if others > 0.0 { 0.501 + (hash(question) % 499) as f64 / 1000.0 } else { 1.0 };
    let probability =
        |label: &str| if label == chosen { confidence } else { (1.0 - confidence) / others };
    labels
        .into_iter()
        .map(|label| LabelProbability { probability: probability(&label), label })
        .collect()
}

/// The labels with their shares of these logits.
pub(super) fn shares(labels: Vec<String>, logits: &[f64]) -> Vec<LabelProbability> {
    let shares = raw_shares(logits);
    labels
        .into_iter()
        .zip(shares)
        .map(|(label, probability)| LabelProbability { label, probability })
        .collect()
}

/// The label with the greatest share, the first of equals.
pub(super) fn likeliest(shares: &[LabelProbability]) -> Option<String> {
    let probabilities: Vec<f64> = shares.iter().map(|share| share.probability).collect();
    braincells_core::likeliest(&probabilities).map(|best| shares[best].label.clone())
}

/// A value for the keywords `const`, `enum`, `type`, `properties` and `items`; what other
/// keywords ask for is not looked at.
fn value(schema: &Value, hash: u64, levels: usize) -> Value {
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choices.get(pick(hash, choices.len())).cloned().unwrap_or_default();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        Some("string") => json!(format!("echo {hash:016x}")),
        Some("integer" | "number") => json!(hash % 1000),
        Some("boolean") => json!(hash.is_multiple_of(2)),
        Some("null") => Value::Null,
        Some("array") => match schema.get("items") {
            Some(items) if levels > 0 => json!([value(items, hash, levels - 1)]),
            _ => json!([]),
        },
        _ => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let properties = properties.filter(|_| levels > 0).into_iter().flatten();
            Value::Object(
                properties
                    .map(|(name, inner)| {
                        (name.clone(), value(inner, hash ^ self::hash(name), levels - 1))
                    })
                    .collect::<Map<_, _>>(),
            )
        }
    }
}

fn date(hash: u64) -> String {
    let start = NaiveDate::default();
    start.checked_add_days(Days::new(hash % DAYS)).unwrap_or(start).to_string()
}

/// An index below `count`, 0 when there is none.
fn pick(hash: u64, count: usize) -> usize {
    hash.checked_rem(count as u64).unwrap_or(0) as usize
}

/// FNV-1a with a final mix. The standard library's hasher may change between releases, and
/// tests compare tables that different processes made.
fn hash(text: &str) -> u64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (folded ^ (folded >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}
