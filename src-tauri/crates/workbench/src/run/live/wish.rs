//! What a person wants of a run that is alive.

use braincells_core::{AppError, RunStatus};
use tokio::sync::watch;

use crate::error::WorkbenchError;

/// What the user wants of a live run. What comes later here goes before what comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    GoOn,
    Pause,
    /// Pause, because the program ends.
    Leave,
    /// Pause, because nothing may leave this machine any more.
    LockOut,
    Cancel,
}

impl Wish {
    /// The status of a run that stopped because of this wish.
    pub(in crate::run) fn status(self) -> RunStatus {
        if self == Self::Cancel { RunStatus::Cancelled } else { RunStatus::Paused }
    }

    /// What a person is told about a run that stopped because of this wish, if it was not theirs.
    pub(in crate::run) fn error(self) -> Option<AppError> {
        (self == Self::LockOut).then(|| WorkbenchError::LockedMeanwhile.into())
    }
}

/// Raises the wish; a cancel is never taken back by a pause.
pub(in crate::run) fn wish(sender: &watch::Sender<Wish>, wish: Wish) {
    sender.send_if_modified(|present| {
        let raised = wish > *present;
        *present = wish.max(*present);
        raised
    });
}
