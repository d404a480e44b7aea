//! What an answer must look like, said to the model and checked in the recipe.

use std::borrow::Cow;
use std::fmt::Write as _;

use braincells_core::Output;

use super::PromptError;

/// The output type with trimmed labels, or what is wrong with it.
pub(super) fn checked(output: &Output) -> Result<Output, PromptError> {
    let Output::Label { labels } = output else { return Ok(output.clone()) };
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
    Ok(Output::Label { labels })
}

/// The last paragraph of the system message.
pub(super) fn text(output: &Output) -> Cow<'static, str> {
    match output {
        Output::Text => "Reply with the result only: no introduction, no explanation, no \
                         quotation marks around it."
            .into(),
        Output::Label { labels } => {
            let mut text = "Reply with exactly one of these labels, spelled as here, and nothing \
                            else:"
                .to_owned();
            for label in labels {
                write!(text, "\n- {label}").expect("writing to a string cannot fail");
            }
            text.into()
        }
        Output::Number => "Reply with one number in digits and nothing else: a point before \
                           decimals, no unit, no separator between thousands."
            .into(),
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
