use serde::{Deserialize, Serialize};

use crate::{CellFigures, CellState, LabelShare, RunId, StepId, Value};

/// One named action of a person, which can be undone and done again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct StepInfo {
    /// The step. Greater ids are later.
    pub id: StepId,
    /// What was done, such as `Delete 3 rows`.
    pub name: String,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Whether it is undone at present.
    pub undone: bool,
}

/// One entry of a cell's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HistoryEntry {
    /// Names the entry within its sheet; greater is later.
    pub seq: i64,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// What the cell became. `Stale` entries have no value of their own.
    pub state: CellState,
    /// The value it got; `Null` when it failed or was cleared.
    pub value: Value,
    /// The step that made the entry; `None` for the value from before the first change.
    pub step: Option<StepId>,
    /// The name of that step.
    pub step_name: Option<String>,
    /// Whether that step is undone, so that the entry does not count at present.
    pub undone: bool,
    /// The run that made it, if one did.
    pub run: Option<RunId>,
    /// The version of the recipe that made it.
    pub recipe_version: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The model's thinking.
    pub reasoning: Option<String>,
    /// Model, tokens, time, confidence.
    pub figures: CellFigures,
    /// The shares of all labels, in the recipe's order, where the answer is one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelShare>,
}
