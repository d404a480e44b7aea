use serde::{Deserialize, Serialize};

use crate::{ColumnId, Filter, RequestFlow, RowId, RunCap, RunId, SheetId, SheetInfo};

/// Which rows a run fills. Edited and validated cells are never overwritten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rows")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum RunScope {
    /// Every row whose cell is empty.
    #[default]
    Empty,
    /// Empty cells among the first `count` rows.
    First {
        /// How many rows, from the top.
        count: u64,
    },
    /// Every row whose last attempt failed.
    Failed,
    /// Every row with an input that changed since its cell was made.
    Stale,
    /// Every row that is not up to date: empty, failed or stale.
    Pending,
    /// Every row, done or not, except edited and validated ones.
    All,
    /// These rows, done or not, except edited and validated ones.
    These {
        /// The rows.
        ids: Vec<RowId>,
    },
}

/// Which of several runs that want the same engine works first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Priority {
    /// When nothing else is to be done.
    Background,
    /// In the order of asking.
    #[default]
    Normal,
    /// At once, for the few cells that a person waits for: a live run lets it go first, even one
    /// of the same column.
    Now,
}

impl Priority {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// What a run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RunRequest {
    /// Which rows.
    #[serde(flatten)]
    pub scope: RunScope,
    /// Of these, only the rows for which this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Filter>,
    /// Asks the model even where an earlier answer to the same prompt is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
    /// When it works, if others want the same engine.
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// What it may take of a provider before it stops, what it took before a pause counted.
    #[serde(default, skip_serializing_if = "RunCap::is_none")]
    pub cap: RunCap,
}

impl From<RunScope> for RunRequest {
    fn from(scope: RunScope) -> Self {
        Self { scope, ..Self::default() }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum RunStatus {
    /// Alive, and waits until the engine is free. Known only to the process that asked for it: a
    /// store has it as running.
    Queued,
    /// Alive now.
    Running,
    /// Stopped by the user, to be resumed.
    Paused,
    /// Its process ended before it did; can be resumed.
    Interrupted,
    /// Ended by the user for good.
    Cancelled,
    /// Every row has a final state.
    Done,
    /// Could not go on; the reason is in the run.
    Failed,
}

impl RunStatus {
    /// The stable word used in the database and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The inverse of [`RunStatus::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Running,
            Self::Paused,
            Self::Interrupted,
            Self::Cancelled,
            Self::Done,
            Self::Failed,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }

    /// Whether `resume` makes sense.
    pub fn can_resume(self) -> bool {
        matches!(self, Self::Paused | Self::Interrupted | Self::Failed)
    }
}

/// One run as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RunInfo {
    /// The run.
    pub id: RunId,
    /// The column it fills.
    pub column: ColumnId,
    /// The version of the recipe it uses, counted from 1 in its column.
    pub recipe_version: i64,
    /// What it was asked to do.
    pub request: RunRequest,
    /// Where it stands.
    pub status: RunStatus,
    /// Rows to fill when it began.
    pub rows_total: u64,
    /// Rows filled by it so far.
    pub rows_done: u64,
    /// Rows that failed in it.
    pub rows_failed: u64,
    /// When it began, Unix milliseconds.
    pub started_at_ms: i64,
    /// When it ended, Unix milliseconds.
    pub ended_at_ms: Option<i64>,
    /// Why it could not go on.
    pub error: Option<String>,
}

/// A run that is alive in this process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LiveRun {
    /// Its figures at this moment.
    pub progress: RunProgress,
    /// [`RunStatus::Running`], or [`RunStatus::Queued`] while it waits for its turn.
    pub status: RunStatus,
    /// What its sheet is called now.
    pub sheet_name: String,
    /// What its column is called now.
    pub column_name: String,
}

/// A run that can go on and is not alive: it was paused, it failed, or its process ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct UnfinishedRun {
    /// The sheet.
    pub sheet: SheetInfo,
    /// What the column is called now.
    pub column_name: String,
    /// The run.
    pub run: RunInfo,
}

/// A moment of a live run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RunProgress {
    /// The sheet.
    pub sheet: SheetId,
    /// The column being filled.
    pub column: ColumnId,
    /// The run.
    pub run: RunId,
    /// Rows to fill in this run.
    pub rows_total: u64,
    /// Rows with a value so far.
    pub rows_done: u64,
    /// Rows that failed so far.
    pub rows_failed: u64,
    /// Of the ended rows, how many an earlier process had ended; 0 unless the run was resumed.
    pub rows_before: u64,
    /// Rows that were left out because a cell that they read is empty or failed; they are not in
    /// [`RunProgress::rows_total`] and keep their state.
    #[serde(default)]
    pub rows_waiting: u64,
    /// Of the done rows, how many took the answer of an identical prompt, of this run or of an
    /// earlier one.
    pub rows_reused: u64,
    /// Of the done rows, how many answers the token limit ended before the model did.
    pub rows_cut_off: u64,
    /// Prompt tokens of the rows so far, the shared prefix counted for each.
    pub prompt_tokens: u64,
    /// Of these, the tokens that were computed once for several rows and not for each.
    #[serde(default)]
    pub shared_tokens: u64,
    /// Generated tokens so far.
    pub completion_tokens: u64,
    /// What the provider said that this part of the run cost so far, in US dollars, without what it
    /// took before a pause; `None` where it does not say and has no known price.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// How the provider takes its requests; `None` for an engine on this machine.
    #[serde(default)]
    pub flow: Option<RequestFlow>,
    /// Milliseconds since the run began in this process.
    pub elapsed_ms: u64,
}

impl RunProgress {
    /// Rows with a final state.
    pub fn rows_ended(&self) -> u64 {
        self.rows_done + self.rows_failed
    }

    /// Rows per second since the start of this process's part of the run.
    pub fn rows_per_second(&self) -> Option<f64> {
        let rows = self.rows_ended().saturating_sub(self.rows_before);
        (self.elapsed_ms > 0 && rows > 0).then(|| rows as f64 * 1000.0 / self.elapsed_ms as f64)
    }

    /// The share of the prompts' tokens that were computed once for several rows, 0 to 1; `None`
    /// if there were none.
    pub fn shared_share(&self) -> Option<f64> {
        (self.shared_tokens > 0).then(|| self.shared_tokens as f64 / self.prompt_tokens as f64)
    }

    /// Milliseconds until the last row at the rate so far.
    pub fn remaining_ms(&self) -> Option<u64> {
        let rate = self.rows_per_second()?;
        Some((self.rows_total.saturating_sub(self.rows_ended()) as f64 * 1000.0 / rate) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_survives_a_round_trip_as_a_word() {
        for status in [
            RunStatus::Queued,
            RunStatus::Running,
            RunStatus::Paused,
            RunStatus::Interrupted,
            RunStatus::Cancelled,
            RunStatus::Done,
            RunStatus::Failed,
        ] {
            assert_eq!(RunStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert!(!RunStatus::Queued.can_resume(), "it is alive");
    }

    #[test]
    fn a_request_from_before_there_were_priorities_is_read_and_written_alike() {
        let text = r#"{"rows":"empty"}"#;
        let request: RunRequest = serde_json::from_str(text).unwrap();
        assert_eq!((request.priority, request.fresh), (Priority::Normal, false));
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        assert!(Priority::Now > Priority::Normal && Priority::Normal > Priority::Background);
    }
}
