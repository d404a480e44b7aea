use serde::{Deserialize, Serialize};

/// How a checkpoint is loaded; what the app tells the helper with the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadOptions {
    /// The most tokens of prompt and answer for one row; no more than the model takes.
    pub context_tokens: u32,
    /// How many rows are computed at once; 0 counts as 1.
    pub parallel_requests: u32,
    /// What templates that write today's date take for now, in Unix milliseconds.
    pub now_ms: Option<i64>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { context_tokens: 4096, parallel_requests: 8, now_ms: None }
    }
}
