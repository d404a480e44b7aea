use serde::{Deserialize, Serialize};

use crate::AppError;

/// Where a model stands, whatever runs it: one word for the window and the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ModelStatus {
    /// It is known of and not on this machine.
    Available,
    /// Its files are being fetched.
    Downloading,
    /// It is on this machine.
    #[default]
    Downloaded,
    /// It is on its way into memory.
    Loading,
    /// It is in memory and waits for work.
    Ready,
    /// It works.
    Running,
    /// Its download or its loading failed.
    Failed,
}

/// Names one download of a home. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(transparent)]
pub struct DownloadId(pub i64);

impl std::fmt::Display for DownloadId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where a download stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum DownloadState {
    /// It waits for its turn.
    Queued,
    /// Bytes arrive, or are waited for.
    Running,
    /// Everything is there, and is compared with its checksum.
    Verifying,
    /// It failed, and is tried again by itself at [`Download::retry_at_ms`].
    Waiting,
    /// A person stopped it for now.
    Paused,
    /// It failed for good; a person may try it again, and what is there is kept.
    Failed,
    /// The model is on this machine, and is what the hub says it is.
    Done,
    /// A person gave it up; what was there is deleted.
    Cancelled,
}

impl DownloadState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Verifying,
        Self::Waiting,
        Self::Paused,
        Self::Failed,
        Self::Done,
        Self::Cancelled,
    ];

    /// The stable word that is stored and shown in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Verifying => "verifying",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The inverse of [`DownloadState::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it goes on by itself.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Verifying | Self::Waiting)
    }

    /// Whether nothing can happen to it any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// A model on its way to this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Download {
    /// Which one.
    pub id: DownloadId,
    /// What the model is called once it is there: a path inside the models folder.
    pub name: String,
    /// Where it comes from, `owner/name`.
    pub repository: String,
    /// The commit of the repository; a later one does not change this download.
    pub revision: String,
    /// The quantisation, where there is one.
    pub label: Option<String>,
    /// Where it stands.
    pub state: DownloadState,
    /// How many files it has.
    pub files: u32,
    /// Bytes that are on the disk.
    pub bytes_done: u64,
    /// Bytes there are.
    pub bytes_total: u64,
    /// Bytes a second over the last few seconds, while it runs; 0 while nothing arrives.
    pub bytes_per_second: Option<u64>,
    /// Seconds until it is there at that rate.
    pub seconds_left: Option<u64>,
    /// How often it was tried again by itself since a person last asked for it.
    pub retries: u32,
    /// When it is tried again, Unix milliseconds, while it is `Waiting`.
    pub retry_at_ms: Option<i64>,
    /// Why it failed, while it is `Waiting` or `Failed`.
    pub error: Option<AppError>,
    /// Whether another process of this home is at it.
    pub elsewhere: bool,
    /// When it was asked for, Unix milliseconds.
    pub added_at_ms: i64,
}
