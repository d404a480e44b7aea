use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::{CalibrationMode, Value};

/// How an AI column is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Recipe {
    /// The instruction in the user's words, with `{{column name}}` where row data goes.
    pub prompt: String,
    /// Replaces the built-in system message when set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The model: a file name in the models folder, a path, or a provider's id.
    pub model: String,
    /// What every cell must be.
    #[serde(default)]
    pub output: Output,
    /// How tokens are chosen.
    #[serde(default)]
    pub sampling: Sampling,
    /// How many validated and edited cells are shown to the model.
    #[serde(default)]
    pub examples: ExamplePolicy,
    /// Examples that the recipe brings along, whatever sheet it is used in. They come before
    /// those of the sheet and count towards the same limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub example_rows: Vec<RecipeExample>,
    /// How labels are calibrated; of no meaning for other output types. A change of it alone
    /// makes no cell stale.
    #[serde(default, skip_serializing_if = "CalibrationMode::is_default")]
    pub calibration: CalibrationMode,
}

/// An example that belongs to a recipe and to no row of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipeExample {
    /// What the columns that the prompt refers to would hold, by their names. A name that is
    /// missing stands for an empty cell.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// The value that the cell should get.
    pub value: Value,
}

impl Recipe {
    /// Whether both ask the model alike: all but how its answers are calibrated is the same.
    pub fn asks_like(&self, other: &Self) -> bool {
        Self { calibration: other.calibration, ..self.clone() } == *other
    }

    /// Follows columns that got other names through the example rows; the prompt has its own
    /// rules. `new_name` gives `None` for a name that stays.
    pub fn rename_example_inputs(&mut self, new_name: impl Fn(&str) -> Option<String>) {
        for example in &mut self.example_rows {
            let inputs = std::mem::take(&mut example.inputs);
            example.inputs = inputs
                .into_iter()
                .map(|(name, value)| (new_name(&name).unwrap_or(name), value))
                .collect();
        }
    }
}

/// The output type of an AI column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Output {
    /// Free text, trimmed, never empty.
    #[default]
    Text,
    /// Exactly one of a fixed set.
    Label {
        /// The allowed answers, in the order shown to the model; at least two, all different.
        labels: Vec<String>,
    },
    /// Any number of a fixed set, as a JSON list in the order of the set; the list may be empty.
    Labels {
        /// The allowed answers, in the order shown to the model; at least two, all different.
        labels: Vec<String>,
    },
    /// A decimal number.
    Number(NumberLimits),
    /// `true` or `false`.
    Boolean,
    /// A calendar date, ISO 8601.
    Date,
    /// A JSON value that satisfies a JSON Schema.
    Json {
        /// The schema.
        schema: Value,
    },
}

/// Which numbers are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct NumberLimits {
    /// Whole numbers only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub integer: bool,
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Output {
    /// Any number.
    pub fn number() -> Self {
        Self::Number(NumberLimits::default())
    }

    /// The labels that an engine scores, in the order of their scores; `None` for types whose
    /// answers are not one of a fixed set.
    pub fn scored_labels(&self) -> Option<Vec<String>> {
        match self {
            // As the prompt has them: without the white space around them.
            Self::Label { labels } => {
                Some(labels.iter().map(|label| label.trim().to_owned()).collect())
            }
            Self::Boolean => Some(vec!["true".to_owned(), "false".to_owned()]),
            _ => None,
        }
    }

    /// The cell's value for one of [`Output::scored_labels`].
    pub fn label_value(&self, label: &str) -> Value {
        match self {
            Self::Boolean => Value::Bool(label == "true"),
            _ => Value::String(label.to_owned()),
        }
    }

    /// The word for this type on the command line and in recipe files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Label { .. } => "label",
            Self::Labels { .. } => "labels",
            Self::Number(_) => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Json { .. } => "json",
        }
    }
}

/// How the next token is chosen, and when to stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Sampling {
    /// The most tokens one cell may take; `None` lets the output type decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 is greedy: always the likeliest token. In a column that reads no other, 0 means 0.8,
    /// because all its rows are asked alike.
    #[serde(default)]
    pub temperature: f32,
    /// Keep the smallest set of tokens with at least this probability; 1 keeps all.
    #[serde(default = "one")]
    pub top_p: f32,
    /// Keep this many likeliest tokens; 0 keeps all.
    #[serde(default)]
    pub top_k: u32,
    /// Keep tokens at least this share as likely as the likeliest, 0 to 1; 0 keeps all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_p: f32,
    /// Seeds sampled decoding. The same seed, row and build give the same cell.
    #[serde(default)]
    pub seed: u64,
    /// Texts that end the answer and are not part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

fn one() -> f32 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            max_tokens: None,
            temperature: 0.0,
            top_p: 1.0,
            top_k: 0,
            min_p: 0.0,
            seed: 0,
            stop: Vec::new(),
        }
    }
}

/// Which validated and edited cells become few-shot examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ExamplePolicy {
    /// The most examples; 0 switches few-shot off.
    pub max_count: u32,
    /// The most tokens all examples together may take. An example is used whole or not at all.
    /// In a column that reads no other: the most tokens of earlier cells that a prompt lists.
    pub max_tokens: u32,
}

impl Default for ExamplePolicy {
    fn default() -> Self {
        Self { max_count: 8, max_tokens: 1024 }
    }
}
