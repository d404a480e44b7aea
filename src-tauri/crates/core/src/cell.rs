use serde::{Deserialize, Serialize};

use crate::{RowId, RunId};

/// What a cell holds, in JSON's terms. Types that JSON lacks (dates, decimals, 128-bit
/// integers) travel as text in the form that DuckDB prints.
pub type Value = serde_json::Value;

/// How a value reads inside a prompt: text as it is, numbers and booleans as text, lists and
/// objects as JSON indented by two spaces, an empty cell as nothing.
pub fn render_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
        }
    }
}

/// The state of one cell of an AI column.
///
/// `Queued` and `Running` exist only in memory while a run is alive: they are never written,
/// so a killed process cannot leave a cell "running".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum CellState {
    /// Nothing was made yet.
    Empty,
    /// Part of a live run, not started.
    Queued,
    /// Being generated now.
    Running,
    /// Made by a model and valid for the column's output type.
    Done,
    /// The last attempt failed; an earlier good value is kept.
    Failed,
    /// Written by a person; never overwritten by a run.
    Edited,
    /// Approved by a person; never overwritten by a run; serves as an example.
    Validated,
    /// Was done, but one of its inputs changed since.
    Stale,
}

impl CellState {
    /// The stable word used in files, in the database and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Edited => "edited",
            Self::Validated => "validated",
            Self::Stale => "stale",
        }
    }

    /// The inverse of [`CellState::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Empty,
            Self::Queued,
            Self::Running,
            Self::Done,
            Self::Failed,
            Self::Edited,
            Self::Validated,
            Self::Stale,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }

    /// Whether a person's hand made or approved the value.
    pub fn is_by_hand(self) -> bool {
        matches!(self, Self::Edited | Self::Validated)
    }
}

/// What the engine reports about the making of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CellFigures {
    /// The engine's name for the model.
    pub model: Option<String>,
    /// Tokens of the prompt, the shared prefix included.
    pub prompt_tokens: u32,
    /// Of these, the tokens that other rows had computed already. Told while a run is under way;
    /// not kept with the cell.
    #[serde(default)]
    pub shared_tokens: u32,
    /// Tokens that were generated.
    pub completion_tokens: u32,
    /// Wall time from admission to the last token, in milliseconds.
    pub duration_ms: u32,
    /// Probability of the answer among the allowed ones, 0 to 1, where it can be computed.
    pub confidence: Option<f64>,
    /// Whether the token limit ended the answer before the model did.
    pub cut_off: bool,
    /// Whether the answer was taken from the response cache: it took no tokens and no time.
    #[serde(default)]
    pub cached: bool,
    /// For an answer that is one of a fixed set: the natural logarithms of all labels' raw
    /// shares, in the order of the recipe that made it. Empty otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub label_scores: Vec<f64>,
    /// Names the calibration that value and confidence were made with, among those of the sheet;
    /// `None` where the answer is none of a fixed set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<i64>,
    /// What the provider took for it, in US dollars, all attempts together; `None` where it does not
    /// say and has no known price, and for an engine on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// One entry for the append-only cell log: the outcome of one attempt at one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// The run that made it; `None` for a person's edit.
    pub run: Option<RunId>,
    /// The row.
    pub row: RowId,
    /// `Done` or `Failed` from a run, `Edited` or `Validated` from a person, `Empty` to clear.
    pub state: CellState,
    /// The new value. On `Failed` it is ignored: the last good value stays.
    pub value: Value,
    /// Why it failed, in one line.
    pub error: Option<crate::AppError>,
    /// The model's thinking, split off from the value.
    pub reasoning: Option<String>,
    /// Tokens, time, confidence.
    pub figures: CellFigures,
}

/// A cell as it is read for a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CellView {
    /// The current value; `Null` when empty.
    pub value: Value,
    /// `None` in a data column.
    pub state: Option<CellState>,
    /// The reason of the last failure, when the state is `Failed`.
    pub error: Option<String>,
    /// Probability of the answer, where known.
    pub confidence: Option<f64>,
}
