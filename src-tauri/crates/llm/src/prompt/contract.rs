//! What an answer must look like, said to the model and checked in the recipe.

use std::borrow::Cow;
use std::fmt::Write as _;

use braincells_core::{NumberLimits, Output};

use super::PromptError;
use crate::schema::Schema;
use crate::schema::range::Range;

/// The output type with trimmed labels, or what is wrong with it.
pub(super) fn checked(output: &Output) -> Result<Output, PromptError> {
    let (Output::Label { labels } | Output::Labels { labels }) = output else {
        return match output {
            Output::Number(limits) => checked_limits(*limits).map(Output::Number),
            Output::Json { schema } => match Schema::of(schema) {
                Ok(_) => Ok(output.clone()),
                Err(error) => Err(PromptError::Schema { reason: error.to_string() }),
            },
            _ => Ok(output.clone()),
        };
    };
    let labels: Vec<String> = labels.iter().map(|label| label.trim().to_owned()).collect();
    if labels.len() < 2 {
        return Err(PromptError::TooFewLabels { count: labels.len() });
    }
    for (index, label) in labels.iter().enumerate() {
        if label.is_empty() {
            return Err(PromptError::EmptyLabel { position: index + 1 });
        }
        if labels[..index].contains(label) {
            return Err(PromptError::RepeatedLabel { label: label.clone() });
        }
    }
    Ok(match output {
        Output::Labels { .. } => Output::Labels { labels },
        _ => Output::Label { labels },
    })
}

fn checked_limits(limits: NumberLimits) -> Result<NumberLimits, PromptError> {
    let NumberLimits { min, max, .. } = limits;
    let are_numbers = [min, max].into_iter().flatten().all(f64::is_finite);
    // Also none that an engine could write.
    if are_numbers && Range::within(limits).regex(false).is_some() {
        return Ok(limits);
    }
    let (least, greatest) = (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY));
    Err(PromptError::NoNumberLeft { least, greatest })
}

/// The last paragraph of the system message.
pub(super) fn text(output: &Output) -> Cow<'static, str> {
    match output {
        Output::Text => "Reply with the result only: no introduction, no explanation, no \
                         quotation marks around it."
            .into(),
        Output::Label { labels } => {
            let text = "Reply with exactly one of these labels, spelled as here, and nothing else:";
            listed(text, labels).into()
        }
        Output::Labels { labels } => {
            let text = "Reply with a JSON list of all of these labels that apply, spelled as \
                        here, in this order, and nothing else; `[]` if none applies:";
            listed(text, labels).into()
        }
        Output::Number(limits) => number(*limits).into(),
        Output::Boolean => "Reply with `true` or `false` and nothing else.".into(),
        Output::Date => {
            "Reply with one calendar date in the form YYYY-MM-DD and nothing else.".into()
        }
        Output::Json { schema } => format!(
            "Reply with one JSON value and nothing else: no explanation, no code fence. It must \
             satisfy this JSON Schema:\n{schema}"
        )
        .into(),
    }
}

fn listed(introduction: &str, labels: &[String]) -> String {
    let mut text = introduction.to_owned();
    for label in labels {
        write!(text, "\n- {label}").expect("writing to a string cannot fail");
    }
    text
}

fn number(limits: NumberLimits) -> String {
    let NumberLimits { integer, min, max } = limits;
    let kind = if integer { "one whole number" } else { "one number" };
    let range = match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" not below {min}"),
        (None, Some(max)) => format!(" not above {max}"),
        (None, None) => String::new(),
    };
    let decimals = if integer { "" } else { "a point before decimals, " };
    format!(
        "Reply with {kind}{range} in digits and nothing else: {decimals}no unit, no separator \
         between thousands."
    )
}
