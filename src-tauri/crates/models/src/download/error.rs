//! What can go wrong with a download, and whether trying again may help.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use braincells_core::{AppError, Code};

use crate::ModelsError;
use crate::size::size;

/// Why a download ended without its file. What had arrived is kept, unless it is said here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// Somebody stopped it.
    #[error("the download was stopped")]
    Stopped,
    /// Another download, of this program or of another one, writes this file.
    #[error("`{}` is being downloaded already", target.display())]
    Busy {
        /// The file.
        target: PathBuf,
    },
    /// Another file has the name.
    #[error("there is another file at `{}`", target.display())]
    TargetTaken {
        /// Where it is.
        target: PathBuf,
    },
    /// There is no room for it.
    #[error("the disk is full: {} are needed, {} free", size(*needed), free_words(*free))]
    DiskFull {
        /// Bytes that must be free before it can go on, with what is left to others.
        needed: u64,
        /// Bytes that are free, if the system says.
        free: Option<u64>,
    },
    /// The disk refused.
    #[error("`{}` cannot be {attempt}: {reason}", path.display())]
    Io {
        /// What was attempted, as a participle.
        attempt: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Nothing arrived for too long.
    #[error("nothing arrived for {} seconds", after.as_secs_f32())]
    Stalled {
        /// How long.
        after: Duration,
    },
    /// The connection ended before the file did.
    #[error("the connection broke off after {} of {}: {reason}", size(*received), size(*wanted))]
    Cut {
        /// Bytes of the file that are there.
        received: u64,
        /// Bytes the file has.
        wanted: u64,
        /// What the network said.
        reason: String,
    },
    /// The server sent another part of the file than the one that was asked for.
    #[error("the server was asked for the bytes from {from} on and answered with {answered}")]
    WrongRange {
        /// The first byte that was asked for.
        from: u64,
        /// What it said to send.
        answered: String,
    },
    /// The file is not as long as the hub said. What had arrived is deleted if it is too long.
    #[error("the file should have {wanted} bytes and has {found}")]
    WrongLength {
        /// Bytes it should have.
        wanted: u64,
        /// What it has.
        found: String,
    },
    /// All of it arrived and is not what the hub has, by its sha256 or, of a small file, by what git
    /// calls it. What had arrived is deleted.
    #[error("what arrived is damaged: its sum is {found}, it should be {wanted}")]
    WrongChecksum {
        /// The sum that it should have.
        wanted: String,
        /// The one that it has.
        found: String,
    },
    /// The hub has another file now.
    #[error("the file on the hub has changed: {what}")]
    Changed {
        /// In what it differs.
        what: String,
    },
    /// The hub refused or could not be reached.
    #[error(transparent)]
    Hub(#[from] ModelsError),
}

impl FetchError {
    /// Whether the same download may do better in a while without anybody doing anything.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Stalled { .. } | Self::Cut { .. } => true,
            Self::Hub(error) => matches!(
                error,
                ModelsError::HubUnreachable { .. }
                    | ModelsError::HubBusy { .. }
                    | ModelsError::HubFailed { .. }
            ),
            Self::Stopped
            | Self::Busy { .. }
            | Self::TargetTaken { .. }
            | Self::DiskFull { .. }
            | Self::Io { .. }
            | Self::WrongRange { .. }
            | Self::WrongLength { .. }
            | Self::WrongChecksum { .. }
            | Self::Changed { .. } => false,
        }
    }

    /// The same error, with what is needed and what there is if the disk is full.
    pub(super) fn with_room(self, needed: u64, free: Option<u64>) -> Self {
        match self {
            Self::DiskFull { needed: 0, free: None } => Self::DiskFull { needed, free },
            other => other,
        }
    }

    /// What the disk said about this path.
    pub(super) fn io(attempt: &'static str, path: &Path, error: &io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            // Whoever knows how much is still needed fills this in.
            return Self::DiskFull { needed: 0, free: None };
        }
        Self::Io { attempt, path: path.to_owned(), reason: error.to_string() }
    }
}

fn free_words(free: Option<u64>) -> String {
    free.map_or_else(|| "too little is".to_owned(), |free| format!("{} are", size(free)))
}

impl From<FetchError> for AppError {
    fn from(error: FetchError) -> Self {
        let (code, hint) = match &error {
            FetchError::Hub(hub) => return hub.clone().into(),
            FetchError::Stopped => (Code::Cancelled, "resume it; what had arrived is kept"),
            FetchError::Busy { .. } => {
                (Code::Conflict, "wait for the other download, or stop it first")
            }
            FetchError::TargetTaken { .. } => {
                (Code::Conflict, "move that file away, or delete it if nobody needs it")
            }
            FetchError::DiskFull { .. } => {
                (Code::DiskFull, "make room, then resume; what had arrived is kept")
            }
            FetchError::Io { .. } => {
                (Code::Storage, "check the permissions of the folder, and the disk")
            }
            FetchError::Stalled { .. } | FetchError::Cut { .. } => {
                (Code::Unreachable, "check the connection, then resume; what had arrived is kept")
            }
            FetchError::WrongRange { .. } => (
                Code::Unreachable,
                "a proxy or a mirror between here and the hub alters files; try without it",
            ),
            FetchError::WrongLength { .. } | FetchError::WrongChecksum { .. } => (
                Code::ModelBroken,
                "download it again; if it happens again, the mirror or the disk is damaged",
            ),
            FetchError::Changed { .. } => {
                (Code::Conflict, "cancel the download and start it anew from the hub's page")
            }
        };
        AppError::new(code, error.to_string()).with_hint(hint)
    }
}
