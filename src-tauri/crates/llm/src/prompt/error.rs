use braincells_core::{AppError, Code};

use crate::TemplateError;

/// Why no cell can be asked for with a recipe.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PromptError {
    /// The prompt itself.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Nothing to ask.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A choice needs at least two labels.
    #[error("a label column needs at least two labels, and the recipe has {count}")]
    TooFewLabels {
        /// How many there are.
        count: usize,
    },
    /// A label is nothing, or only spaces.
    #[error("label {position} of the recipe is empty")]
    EmptyLabel {
        /// Its place in the list, from 1.
        position: usize,
    },
    /// Two labels are the same text.
    #[error("the label `{label}` is in the recipe twice")]
    RepeatedLabel {
        /// The label.
        label: String,
    },
    /// The least allowed number is above the greatest, one of them is none, or no number between
    /// them can be written.
    #[error("no number is from {least} to {greatest}")]
    NoNumberLeft {
        /// The recipe's least.
        least: f64,
        /// The recipe's greatest.
        greatest: f64,
    },
    /// The JSON Schema is not one, or has something that is not supported.
    #[error("the JSON Schema cannot be used: {reason}")]
    Schema {
        /// The keyword and its place.
        reason: String,
    },
    /// Outside 0 to 2.
    #[error("the temperature is {temperature}, and it must be between 0 and 2")]
    Temperature {
        /// As the recipe says.
        temperature: f32,
    },
    /// Outside 0 to 1, or 0.
    #[error("top-p is {top_p}, and it must be above 0 and at most 1")]
    TopP {
        /// As the recipe says.
        top_p: f32,
    },
    /// Outside 0 to 1.
    #[error("min-p is {min_p}, and it must be between 0 and 1")]
    MinP {
        /// As the recipe says.
        min_p: f32,
    },
    /// A limit of zero tokens.
    #[error("the most tokens of an answer is 0, and it must be at least 1")]
    NoTokens,
    /// A stop text that would end every answer at once.
    #[error("one of the recipe's stop texts is empty")]
    EmptyStop,
}

impl From<PromptError> for AppError {
    fn from(error: PromptError) -> Self {
        let hint = match &error {
            PromptError::Template(template) => return template.clone().into(),
            PromptError::EmptyPrompt => {
                "say what each cell should be, with `{{column name}}` \
                                         where the row's data goes"
            }
            PromptError::TooFewLabels { .. } => {
                "list them separated by commas, such as `label:yes,no`"
            }
            PromptError::EmptyLabel { .. } => "remove the comma too many, or name the label",
            PromptError::RepeatedLabel { .. } => {
                "name each label once; spaces around a label do not count"
            }
            PromptError::Schema { .. } => "see docs/json-schema.md for what a schema may say",
            PromptError::NoNumberLeft { .. } => {
                "let the least number be the smaller one; a number has at most 15 digits before \
                 the point and six after it"
            }
            PromptError::Temperature { .. } => "use 0 for the likeliest answer each time",
            PromptError::TopP { .. } => "use 1 to keep all tokens",
            PromptError::MinP { .. } => "use 0 to keep all tokens",
            PromptError::NoTokens => "leave it out to let the output type decide",
            PromptError::EmptyStop => "remove it",
        };
        AppError::new(Code::BadInput, error.to_string()).with_hint(hint)
    }
}
